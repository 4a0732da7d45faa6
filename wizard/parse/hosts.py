"""Reads a hosts file (hosts(5)).

127.0.0.1       localhost
192.168.1.100   printer.lan printer   # the old one
fe80::1%eth0    router
"""

from __future__ import annotations

from ipaddress import ip_address

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import HostsEntry


def parse(text: str, source: str = "/etc/hosts") -> Parsed[tuple[HostsEntry, ...]]:
    """The entries in the file's order; a line without a name or with no address is returned unread."""
    entries: list[HostsEntry] = []
    unread: list[Origin] = []
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.partition("#")[0].split()
        if not fields:
            continue
        origin = Origin(source, number, line.strip())
        try:
            address = ip_address(fields[0].partition("%")[0])
        except ValueError:
            unread.append(origin)
            continue
        if len(fields) > 1:
            entries.append(HostsEntry(address, tuple(fields[1:]), origin))
        else:
            unread.append(origin)
    return Parsed(tuple(entries), tuple(unread))
