"""Reads `netsh advfirewall firewall show rule name=all [verbose]` in any language.

    Rule Name:                            Microsoft Edge (mDNS-In)
    ----------------------------------------------------------------------
    Enabled:                              Yes
    Direction:                            In
    Profiles:                             Domain,Private,Public
    Grouping:                             Microsoft Edge
    LocalIP:                              Any
    RemoteIP:                             Any
    Protocol:                             UDP
    LocalPort:                            5353
    RemotePort:                           Any
    Edge traversal:                       No
    Action:                               Allow

A record goes by its line of dashes and the fields by their order, which is the same in every language; the labels that are
known are believed first. A value's word that is not known leaves the rule unsure: never a guess. Without `verbose` netsh
hides a rule's program, service and interface types, so every such rule is unsure. Rules of Group Policy are not listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from msgspec import Struct

from wizard.firewalls.windows import netsh_words as words
from wizard.firewalls.windows import values
from wizard.firewalls.windows.values import NotUnderstood
from wizard.model.capture import Origin, Parsed
from wizard.model.windows import Addresses, Direction, Ports, ProfileName, RuleAction, Store, WindowsRule

T = TypeVar("T")
_DASHES = re.compile(r"-{20,}\s*")
_FIELD = re.compile(r"(?P<label>\S[^:]{0,59}?)\s*[:：](?:\s+(?P<value>\S.*?))?\s*")
_PATH = re.compile(r"(?:[A-Za-z]:\\|%\w|\\\\|System$)", re.IGNORECASE)
_ICMP = re.compile(r"\s{10,}(?P<type>\S+)\s+(?P<code>\S+)\s*")
_BEFORE_PORTS = ("enabled", "direction", "profiles", "group", "local-ip", "remote-ip", "protocol")
HIDDEN = "its program, service and interfaces (netsh shows them with `verbose` only)"


class _Field(Struct, frozen=True):
    label: str
    value: str


class _Record(Struct, frozen=True):
    """One rule's lines: its heading, its fields in order, and what stood in the table of ICMP types."""

    name: str
    fields: tuple[_Field, ...]
    icmp: tuple[str, ...]
    origin: Origin


def parse(
    text: str, source: str = "netsh advfirewall firewall show rule name=all verbose"
) -> Parsed[tuple[WindowsRule, ...]]:
    """Every rule that has a heading; lines before the first are returned unread, but for a blank or a closing word."""
    records, unread = _records(text, source)
    any_word = _word_for_any(records)
    rules = tuple(_Reader(record, any_word).rule() for record in records)
    return Parsed(rules, unread)


def _records(text: str, source: str) -> tuple[list[_Record], tuple[Origin, ...]]:
    """The records between the headings (a line over dashes, or a known label for the name)."""
    lines = text.splitlines()
    starts = [at for at in range(len(lines)) if _is_heading(lines, at)]
    ends = [*starts, len(lines)][1:]
    records = [_record(lines, at, end, source) for at, end in zip(starts, ends, strict=True)]
    before = lines[: starts[0]] if starts else lines
    said = [Origin(source, at, line.strip()) for at, line in enumerate(before, start=1) if _FIELD.fullmatch(line)]
    return records, tuple(said)


def _is_heading(lines: list[str], at: int) -> bool:
    if not (match := _FIELD.fullmatch(lines[at])) or lines[at][:1].isspace():
        return False
    if at + 1 < len(lines) and _DASHES.fullmatch(lines[at + 1]):
        return True
    return words.LABELS.get(match["label"].casefold()) == "name"


def _record(lines: list[str], start: int, end: int, source: str) -> _Record:
    heading = _FIELD.fullmatch(lines[start])
    name = (heading["value"] or "") if heading else ""
    fields: list[_Field] = []
    icmp: list[str] = []
    for line in lines[start + 1 : end]:
        if _DASHES.fullmatch(line) or not line.strip():
            continue
        if table := _ICMP.fullmatch(line):
            icmp.append(f"{table['type']}:{table['code']}")
        elif (match := _FIELD.fullmatch(line)) and not line[:1].isspace():
            fields.append(_Field(match["label"], match["value"] or ""))
        elif fields and line[:1].isspace():
            fields[-1] = _Field(fields[-1].label, f"{fields[-1].value} {line.strip()}".strip())
    # The table's own heading (`Type    Code`) is its first line.
    return _Record(name, tuple(fields), tuple(icmp[1:]), Origin(source, start + 1, lines[start].strip()))


def _word_for_any(records: list[_Record]) -> frozenset[str]:
    """The words for "any": the known ones, and the one that stands at the local address of most rules of a listing."""
    counts: dict[str, int] = {}
    for record in records:
        for key, value in _in_order(record):
            if key == "local-ip" and value:
                counts[value.casefold()] = counts.get(value.casefold(), 0) + 1
    most = max(counts, key=lambda word: counts[word], default="")
    learned = counts.get(most, 0) >= 8 and counts[most] * 2 > len(records)
    return words.ANY | ({most} if learned else set())


def _in_order(record: _Record) -> Iterator[tuple[str, str]]:
    """Each field by what it means: by its label where that is known, else by its place in a whole record."""
    known = [words.LABELS.get(field.label.casefold(), "") for field in record.fields]
    if not all(known) or len(set(known)) < len(known):
        placed = _placed(record)
        if placed and all(not label or label == place for label, place in zip(known, placed, strict=True)):
            known = placed
    for meaning, field in zip(known, record.fields, strict=True):
        yield meaning or f"?{field.label}", field.value


def _placed(record: _Record) -> list[str]:
    """What each field of a whole record is, by its place: the seven up to the protocol, ports where the protocol has
    them, then (with `verbose`) program and the rest; the action last. Empty where the shape is another one."""
    count = len(record.fields)
    at = next((n for n in (6, 7) if n < count and _names_protocol(record.fields[n].value)), None)
    ported = at is not None and record.fields[at].value.upper() in ("TCP", "UDP")
    if at is None:
        at = {9: 6}.get(count)  # no ports, so the protocol is the word for any
    if at is None:
        return []
    front = [*(["description"] if at == 7 else []), *_BEFORE_PORTS]
    middle = ["local-port", "remote-port", "edge"] if ported else ["edge"]
    rest = count - len(front) - len(middle) - 1
    tails = {
        0: [],
        4: ["program", "interface-types", "security", "source"],
        5: ["program", "service", "interface-types", "security", "source"],
    }
    if rest not in tails or (rest and not _PATH.match(record.fields[len(front) + len(middle)].value)):
        return []
    return [*front, *middle, *tails[rest], "action"]


def _names_protocol(value: str) -> bool:
    return value.upper() in ("TCP", "UDP", "ICMPV4", "ICMPV6") or (value.isascii() and value.isdigit())


class _Reader:
    """One record, and what in it was not understood."""

    def __init__(self, record: _Record, any_word: frozenset[str]) -> None:
        self.record = record
        self.any = any_word
        self.fields = dict(_in_order(record))
        self.unsure = [f"{key[1:]}: {value}" for key, value in self.fields.items() if key.startswith("?") and value]

    def rule(self) -> WindowsRule:
        """The rule. A field that a whole record has and this one lacks makes it unsure."""
        made = WindowsRule(
            identifier="",
            name=self.record.name,
            action=self.word("action", words.ACTIONS, RuleAction.UNKNOWN),
            direction=self.word("direction", words.DIRECTIONS, Direction.UNKNOWN),
            enabled=self.enabled(),
            profiles=self.profiles(),
            protocol=self.understood("protocol", values.protocol, None),
            local_ports=self.understood("local-port", lambda text: values.ports([text]), Ports()),
            remote_ports=self.understood("remote-port", lambda text: values.ports([text]), Ports()),
            icmp=tuple(self.record.icmp),
            local_addresses=self.understood("local-ip", lambda text: values.addresses([text]), Addresses()),
            remote_addresses=self.understood("remote-ip", lambda text: values.addresses([text]), Addresses()),
            interface_types=self.interface_types(),
            program=self.program(),
            service=self.fields.get("service", ""),
            authenticated=self.authenticated(),
            edge=self.fields.get("edge", ""),
            group=self.fields.get("group", ""),
            store=Store.LOCAL,
            origin=self.record.origin,
        )
        return _unsure(made, self.unsure)

    def word(self, key: str, known: dict[str, T], otherwise: T) -> T:
        """A word of a fixed list; `otherwise` where it is missing or not known, and that says so itself."""
        return known.get(self.fields.get(key, "").casefold(), otherwise)

    def enabled(self) -> bool | None:
        """Yes, no, or a word that is neither."""
        word = self.fields.get("enabled", "").casefold()
        return True if word in words.YES else False if word in words.NO else None

    def profiles(self) -> tuple[ProfileName, ...]:
        """Three words are all three, whatever they are; of fewer each must be known."""
        told = [each.strip().casefold() for each in self.fields.get("profiles", "").split(",") if each.strip()]
        if len(told) == len(ProfileName):
            return ()
        if not told:
            self.unsure.append("its profiles")
        self.unsure += [f"profile {each}" for each in told if each not in words.PROFILES]
        return tuple(each for each in ProfileName if each in {words.PROFILES.get(word) for word in told})

    def understood(self, key: str, read: Callable[[str], T], otherwise: T) -> T:
        """The field's value read; `otherwise` for "any", and with the rule unsure for what is not understood."""
        text = self.fields.get(key)
        if text is None:
            # A shortened listing: whether there is such a condition is not known. Ports stand for TCP and UDP only.
            if key in ("protocol", "remote-ip", "local-ip") or (key == "local-port" and self._has_ports()):
                self.unsure.append(f"its {key}")
            return otherwise
        if not text or text.casefold() in self.any:
            return otherwise
        try:
            return read(text)
        except NotUnderstood as error:
            self.unsure.append(f"{key} {error}")
            return otherwise

    def _has_ports(self) -> bool:
        return self.fields.get("protocol", "").upper() in ("TCP", "UDP")

    def program(self) -> str:
        """The program's path; a listing without `verbose` hides it."""
        if "program" not in self.fields:
            self.unsure.append(HIDDEN)
            return ""
        text = self.fields["program"]
        return "" if text.casefold() in self.any else text

    def interface_types(self) -> tuple[str, ...]:
        """`LAN`, `Wireless`, `RAS` in English everywhere; empty for any."""
        text = self.fields.get("interface-types", "")
        known = {"lan": "Lan", "wireless": "Wireless", "ras": "RemoteAccess"}
        told = [each.strip() for each in text.split(",") if each.strip() and each.strip().casefold() not in self.any]
        self.unsure += [f"interface type {each}" for each in told if each.casefold() not in known]
        return tuple(known[each.casefold()] for each in told if each.casefold() in known)

    def authenticated(self) -> str:
        """What IPsec it asks for; `NotRequired` is English wherever it was seen."""
        text = self.fields.get("security", "")
        if text.casefold() in ("", "notrequired"):
            return ""
        if text.casefold() not in ("authenticate", "authenc", "authdynenc", "authnoencap"):
            self.unsure.append(f"security {text}")
            return ""
        return text


def _unsure(rule: WindowsRule, told: list[str]) -> WindowsRule:
    from msgspec.structs import replace

    return replace(rule, unsure=tuple(told)) if told else rule
