"""The application firewall's question: may the program that holds this socket be reached?

An entry is for a file or for a bundle: `/Applications/Zoom.app` covers what lies inside. Without an entry the signature
decides, if the settings let signed programs in; what has none is asked about in a window, and until somebody answers it
is not let in. Documented by Apple's support page 102445 and seen by people who measured it; not measured by us.
"""

from __future__ import annotations

from posixpath import normpath

from wizard.model.capture import Unknown
from wizard.model.facts import Facts, Listener, Process
from wizard.model.macos import ApplicationFirewall, AppRule, MacFacts, Signature

# What the firewall lets in whatever is set: the kernel's own and what the network cannot do without.
_ESSENTIAL = {"configd", "mDNSResponder", "racoon"}


def entry(firewall: ApplicationFirewall, path: str) -> AppRule | None:
    """The entry that is for this program: the longest one that is it, or a bundle around it."""
    fitting = [rule for rule in firewall.apps if _covers(rule.path, path)]
    return max(fitting, key=lambda rule: len(rule.path), default=None)


def _covers(rule: str, path: str) -> bool:
    own, other = normpath(rule), normpath(path)
    return own == other or (own.endswith((".app", ".bundle", ".framework")) and other.startswith(own + "/"))


def owner(facts: Facts, listener: Listener | None) -> Process | None:
    """The program that holds the socket, if it is known."""
    if listener is None or not listener.owners or isinstance(facts.processes, Unknown):
        return None
    return next((facts.processes[each.pid] for each in listener.owners if each.pid in facts.processes), None)


def lets_in(
    mac: MacFacts, firewall: ApplicationFirewall, process: Process | None
) -> tuple[bool | None, AppRule | None, str]:
    """Whether it lets connections to this program in (None: cannot be told), by which entry, or why."""
    if not firewall.enabled:
        return True, None, "the application firewall is off"
    if process is not None and process.name in _ESSENTIAL:
        return True, None, f"{process.name} is let in whatever is set"
    if firewall.block_all:
        return False, None, "the application firewall blocks all incoming connections"
    if process is None or not process.exe:
        return None, None, "which program holds the port is not known, and the application firewall decides by program"
    rule = entry(firewall, process.exe)
    if rule is not None:
        return rule.allows, rule, ""
    if not firewall.complete:
        return None, None, "the application firewall's list of programs was not read whole"
    return _by_signature(mac, firewall, process.exe)


def _by_signature(mac: MacFacts, firewall: ApplicationFirewall, path: str) -> tuple[bool | None, None, str]:
    kind = None if isinstance(mac.signatures, Unknown) else mac.signatures.get(path)
    if kind is None:
        return None, None, f"how {path} is signed is not known, and it has no entry"
    setting = {Signature.APPLE: firewall.signed_allowed, Signature.DEVELOPER: firewall.downloaded_allowed}.get(
        kind, False
    )
    if setting is None:
        return None, None, "whether signed programs are let in was not told"
    if setting:
        return True, None, f"{path} is signed ({kind.value}), and signed programs are let in"
    return False, None, f"{path} has no entry, and its signature ({kind.value}) does not let it in"
