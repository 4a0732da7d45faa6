"""Reads ufw's own files: /etc/ufw/ufw.conf, /etc/default/ufw, /etc/ufw/user.rules and user6.rules.

    ENABLED=yes                                                            ufw.conf
    IPV6=yes                                                               default/ufw
    DEFAULT_INPUT_POLICY="DROP"
    ### tuple ### allow tcp 8000 0.0.0.0/0 any 192.168.1.0/24 in           user.rules: action, protocol, port and
    ### tuple ### deny any 22 ::/0 any ::/0 in_eth0 comment=6c616e         destination, port and source, direction
    ### tuple ### allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 Nginx%20Full - in     ... with application profiles

ufw keeps its rules in these comments and prints them, as `ufw show added` does, from them; `ufw status` would start
iptables several times over. `in_eth0` is `in on eth0`, `allow_log` is `allow log`, a comment is in hexadecimal.
"""

from __future__ import annotations

import re

from msgspec import Struct

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Ufw

_POLICIES = {"DROP": "deny", "REJECT": "reject", "ACCEPT": "allow"}
_TUPLE = "### tuple ### "
_ANYWHERE = ("0.0.0.0/0", "::/0")
_SETTING = re.compile(r"^\s*(?P<name>\w+)\s*=\s*[\"']?(?P<value>[^\"'#\n]*?)[\"']?\s*(?:#.*)?$", re.MULTILINE)


class _Rule(Struct, frozen=True):
    """A tuple's fields, in ufw's order."""

    action: str
    protocol: str
    port: str
    destination: str
    source_port: str
    source: str
    application: str
    source_application: str
    direction: str
    comment: str


def parse(
    conf: str, defaults: str = "", rules: str = "", rules6: str = "", source: str = "/etc/ufw"
) -> Parsed[Ufw | None]:
    """ufw as its files describe it, or None where it is not installed (no ufw.conf).

    The IPv6 twin of a rule is not repeated: it was added by the same command.
    """
    if not conf.strip():
        return Parsed(None)
    settings = _settings(conf + "\n" + defaults)
    unread: list[Origin] = []
    lines: list[str] = []
    for name, text in (("user.rules", rules), ("user6.rules", rules6)):
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.startswith(_TUPLE):
                continue
            try:
                lines.append(words(_rule(line)))
            except ValueError:
                unread.append(Origin(f"{source}/{name}", number, line))
    enabled = settings.get("ENABLED", "").lower() == "yes"
    policy = settings.get("DEFAULT_INPUT_POLICY", "")
    origin = Origin(f"{source}/ufw.conf", _line_of(conf, "ENABLED"), f"ENABLED={settings.get('ENABLED', '')}")
    ipv6 = settings.get("IPV6", "yes").lower() == "yes"
    return Parsed(Ufw(enabled, _POLICIES.get(policy, ""), ipv6, tuple(dict.fromkeys(lines)), origin), tuple(unread))


def _settings(text: str) -> dict[str, str]:
    return {match["name"]: match["value"].strip() for match in _SETTING.finditer(text)}


def _line_of(text: str, name: str) -> int:
    return next((number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(name)), 0)


def _rule(line: str) -> _Rule:
    head, _, comment = line.removeprefix(_TUPLE).strip().partition(" comment=")
    fields = head.split()
    if len(fields) == 7:
        fields[6:6] = ["-", "-"]
    if len(fields) != 9:
        raise ValueError(line)
    return _Rule(*fields, *[bytes.fromhex(comment).decode("utf-8", "backslashreplace")])


def words(rule: _Rule) -> str:
    """The rule as the command that adds it: `ufw allow in on eth0 to any port 8000 proto tcp`."""
    action, _, log = rule.action.removeprefix("route:").partition("_")
    parts = ["ufw", *(["route"] if rule.action.startswith("route:") else []), action]
    directions = _directions(rule.direction)
    has_interface = "on" in directions
    simple = "" if has_interface else _simple(rule)
    parts += directions if directions != ["in"] else []
    parts += [log] if log else []
    parts += [simple] if simple else _extended(rule, has_interface)
    if rule.comment:
        parts += ["comment", f"'{rule.comment}'"]
    return " ".join(parts)


def _directions(text: str) -> list[str]:
    """`in`, `in_eth0`, `in_eth0!out_eth1` (a route rule has both)."""
    parts: list[str] = []
    for each in text.split("!"):
        way, _, interface = each.partition("_")
        parts += [way, "on", interface] if interface else [way]
    return parts


def _simple(rule: _Rule) -> str:
    """`8000/tcp`, `8000` or the profile's name, where the rule is no more than that."""
    anywhere = rule.destination in _ANYWHERE and rule.source in _ANYWHERE
    if not anywhere or rule.source_port != "any" or rule.source_application != "-":
        return ""
    if rule.application != "-":
        return _quoted(_profile(rule.application))
    if rule.port == "any":
        return ""
    return rule.port if rule.protocol == "any" else f"{rule.port}/{rule.protocol}"


def _extended(rule: _Rule, has_interface: bool) -> list[str]:
    parts: list[str] = []
    sides = (
        ("from", rule.source, rule.source_port, rule.source_application),
        ("to", rule.destination, rule.port, rule.application),
    )
    for word, address, port, application in sides:
        has_port = port != "any" or application != "-"
        if address in _ANYWHERE and not has_port:
            continue
        parts += [word, "any" if address in _ANYWHERE else address]
        if application != "-":
            parts += ["app", _quoted(_profile(application))]
        elif port != "any":
            parts += ["port", port]
    if not parts and not has_interface:
        parts = ["to", "any"]
    uses_profile = rule.application != "-" or rule.source_application != "-"
    return parts if rule.protocol == "any" or uses_profile else [*parts, "proto", rule.protocol]


def _profile(text: str) -> str:
    return text.replace("%20", " ")


def _quoted(text: str) -> str:
    return f"'{text}'" if " " in text else text
