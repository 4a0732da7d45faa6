"""Reads `fail2ban-client banned`: the jails and whom each bans, as a Python literal.

[{'sshd': ['192.0.2.7', '2001:db8::7']}, {'nginx-http-auth': []}]
"""

from __future__ import annotations

import ast
from ipaddress import ip_address

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Fail2banJail


def parse(text: str, source: str = "fail2ban-client banned") -> Parsed[tuple[Fail2banJail, ...]]:
    """The jails; an empty text has none."""
    if not text.strip():
        return Parsed(())
    try:
        pairs = [pair for jails in ast.literal_eval(text.strip()) for pair in jails.items()]
        return Parsed(tuple(_jail(str(name), list(banned), source) for name, banned in pairs))
    except (ValueError, SyntaxError, TypeError, AttributeError, MemoryError, RecursionError):
        return Parsed((), (Origin(source, 1, text.strip()[:400]),))


def _jail(name: str, banned: list[str], source: str) -> Fail2banJail:
    addresses = tuple(ip_address(str(each).partition(" ")[0]) for each in banned)
    return Fail2banJail(name, addresses, Origin(source, 1, f"{name}: {' '.join(map(str, addresses)) or 'nobody'}"))
