"""Which senders Windows Firewall's rules tell apart: the addresses that each kind of rule names, for `wizard.judge.alike`."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from msgspec.structs import replace

from wizard.judge.intervals import Intervals, union
from wizard.judge.windows.decide import inbound
from wizard.model.capture import Origin, Unknown
from wizard.model.facts import Facts
from wizard.model.windows import Addresses, WindowsFacts

_ALL_PORTS = ((0, 65535),)
_NOWHERE = Origin("")
Named = tuple[Intervals, Hashable, Intervals]


def named(facts: Facts, family: int) -> Iterator[Named]:
    """(addresses, a label, the ports it is about): rules that differ in nothing but their addresses share a label."""
    windows = facts.windows
    if not isinstance(windows, WindowsFacts) or isinstance(windows.rules, Unknown):
        return
    groups: dict[Hashable, tuple[list[tuple[int, int]], Intervals]] = {}
    for _, rule in inbound(windows):
        spans = [(each.low, each.high) for each in rule.remote_addresses.spans if each.family == family]
        if not spans or rule.enabled is False:
            continue
        words = tuple(each for each in rule.remote_addresses.words)
        alike = replace(
            rule,
            identifier="",
            name="",
            group="",
            remote_addresses=Addresses((), words),
            origin=_NOWHERE,
            unsure=rule.unsure,
        )
        ports = _ALL_PORTS if rule.local_ports.words or not rule.local_ports else union(rule.local_ports.spans)
        groups.setdefault(("windows", alike), ([], ports))[0].extend(spans)
    yield from ((union(spans), label, ports) for label, (spans, ports) in groups.items())
    for word, addresses in windows.servers.items():
        values = [(int(each), int(each)) for each in addresses if each.version == family]
        if values:
            yield union(values), ("windows", word), _ALL_PORTS
