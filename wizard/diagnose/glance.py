"""A cheap look at what a verdict rests on: has anything changed since? A few commands, compared as text and never parsed."""

from __future__ import annotations

import hashlib
import re

from wizard.collect.source import Source
from wizard.diagnose.further import probes_of
from wizard.model.capture import Capture

_SOCKETS = ("ss-listeners", "psutil-listeners", "proc-tcp", "proc-tcp6")
_ENGINES = (
    "nft-json",
    "iptables-save",
    "ip6tables-save",
    "iptables-legacy-save",
    "ip6tables-legacy-save",
    "ipset-save",
)
_GLANCED = frozenset((*_SOCKETS, *_ENGINES, "ufw-conf", "ufw-defaults", "ufw-rules", "hosts"))
# What moves although nothing was changed: counters of rules and chains, the time in a comment, a set element's rest of life.
_RESTLESS = re.compile(
    r'"(?:packets|bytes|expires|timeout_left)": *\d+|\[\d+:\d+\]|^# .* on .*$|^(?:tcp +LISTEN|udp +UNCONN) +\d+',
    re.MULTILINE,
)


def glance(source: Source) -> str:
    """A digest of who listens and of the rulesets: equal as long as nothing of it has changed.

    Where something cannot be read its reason goes into the digest, so that becoming readable is a change too.
    """
    probes = [probe for probe in probes_of(source.platform) if probe.name in _GLANCED]
    told = hashlib.sha256()
    for name, answer in sorted(source.gather(probes).items()):
        text = _RESTLESS.sub("", answer.text) if isinstance(answer, Capture) else f"unknown: {answer.reason}"
        told.update(f"{name}\0{text}\0".encode("utf-8", "backslashreplace"))
    return told.hexdigest()
