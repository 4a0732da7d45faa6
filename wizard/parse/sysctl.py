"""Reads settings as sysctl(8) prints them.

net.ipv4.ip_forward = 0
net.ipv4.conf.eth0/100.rp_filter = 2
net.ipv4.ip_local_port_range = 32768	60999
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.model.capture import Origin, Parsed


def parse(text: str, source: str = "sysctl -a") -> Parsed[Mapping[str, str]]:
    """The settings by their dotted names."""
    settings: dict[str, str] = {}
    unread: list[Origin] = []
    for number, line in enumerate(text.splitlines(), start=1):
        name, equals, value = line.partition("=")
        if equals and name.strip():
            settings[name.strip()] = value.strip()
        elif line.strip():
            unread.append(Origin(source, number, line))
    return Parsed(settings, tuple(unread))
