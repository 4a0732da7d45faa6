"""Reads what the machine's resolver made of a name, as collect.attempts writes it.

{"name": "raspberrypi.local", "addresses": ["192.168.1.7", "fe80::7%eth0"], "error": ""}
{"name": "nowhere.invalid", "addresses": [], "error": "Name or service not known"}
"""

from __future__ import annotations

from ipaddress import ip_address

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Resolution
from wizard.parse.json_lines import objects


def parse(text: str, source: str = "getent ahosts") -> Parsed[Resolution | None]:
    """The resolution, or None where the text has none."""
    unread: list[Origin] = []
    for origin, told in objects(text, source):
        try:
            if told is None:
                raise ValueError(origin.text)
            addresses = tuple(ip_address(str(each).partition("%")[0]) for each in told["addresses"])
            name, error = str(told["name"]), str(told.get("error", ""))
        except (KeyError, TypeError, ValueError):
            unread.append(origin)
            continue
        shown = f"{name}: {', '.join(map(str, addresses)) or error}"
        return Parsed(Resolution(name, addresses, error, Origin(source, origin.line, shown)), tuple(unread))
    return Parsed(None, tuple(unread))
