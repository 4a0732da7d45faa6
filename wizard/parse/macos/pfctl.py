"""Reads pf as `pfctl` prints it (pf.conf(5) in its expanded form):

    Status: Enabled for 21 days 03:55:51          Debug: Urgent                     pfctl -s info
    scrub-anchor "com.apple/*" all fragment reassemble                              pfctl -sr
    anchor "com.apple/*" all
    block drop in quick on en0 inet proto tcp from any to any port = 5000
    pass out quick route-to (utun9 198.18.0.2) inet proto tcp from any to any port = 443 no state
    rdr pass on lo0 inet proto tcp from any to any port = 80 -> 127.0.0.1 port 8080  pfctl -sn
    lo0 (skip)                                                                      pfctl -vs Interfaces

What a rule asks that is not understood stands in its `unsure`: it may match or not, and never counts as a pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from wizard.model.capture import Origin, Parsed
from wizard.model.macos import PfPeer, PfPorts, PfRedirect, PfRule

_IGNORED = (
    "scrub",
    "nat",
    "rdr",
    "binat",
    "dummynet",
    "no nat",
    "no rdr",
    "set ",
    "table ",
    "TRANSLATION",
    "FILTER",
    "DUMMYNET",
)
_WORDS = re.compile(r'"[^"]*"|\([^)]*\)|\{[^}]*\}|\S+')
_SERVICES = {"ssh": 22, "http": 80, "https": 443, "domain": 53, "ftp": 21, "smtp": 25, "afpovertcp": 548,
             "vnc-server": 5900, "microsoft-ds": 445, "netbios-ssn": 139, "commplex-main": 5000,
             "afs3-fileserver": 7000, "http-alt": 8080}  # fmt: skip
_STATE_WORDS = {"keep", "modulate", "synproxy", "no", "state", "allow-opts", "fragment"}


def enabled(text: str) -> bool | None:
    """Whether pf filters at all, from `pfctl -s info`; None where it does not say."""
    match = re.search(r"^Status:\s+(Enabled|Disabled)", text, re.MULTILINE)
    return None if match is None else match[1] == "Enabled"


def skipped(text: str) -> tuple[str, ...]:
    """The interfaces that `set skip` leaves alone, from `pfctl -vs Interfaces`."""
    return tuple(match[1] for match in re.finditer(r"^(\S+) \(skip\)", text, re.MULTILINE))


def rules(text: str, source: str = "pfctl -sr") -> Parsed[tuple[PfRule, ...]]:
    """The filter rules and anchor lines, in their order."""
    found: list[PfRule] = []
    unread: list[Origin] = []
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if not bare or bare.startswith(("#", "$ ", "No ALTQ", "ALTQ", *_IGNORED)):
            continue
        origin = Origin(source, number, bare)
        if bare.startswith(("pass", "block", "anchor", "match")):
            found.append(_rule(bare, origin))
        else:
            unread.append(origin)
    return Parsed(tuple(found), tuple(unread))


def redirects(text: str, source: str = "pfctl -sn") -> Parsed[tuple[PfRedirect, ...]]:
    """The `rdr` rules; other translations change no destination of what comes in."""
    found: list[PfRedirect] = []
    unread: list[Origin] = []
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if not bare.startswith("rdr ") or "->" not in bare:
            continue
        origin = Origin(source, number, bare)
        front, _, back = bare.partition("->")
        words = back.split()
        try:
            address = ip_address(words[0].strip("()"))
            port = int(words[words.index("port") + 1]) if "port" in words else None
        except (ValueError, IndexError):
            unread.append(origin)
            continue
        found.append(PfRedirect(_rule(front.replace("rdr pass", "rdr").strip(), origin), address, port))
    return Parsed(tuple(found), tuple(unread))


class _Reader:
    """A rule's words, one after another."""

    def __init__(self, text: str) -> None:
        self._words = _WORDS.findall(text)
        self._place = 0

    def peek(self) -> str:
        return self._words[self._place] if self._place < len(self._words) else ""

    def take(self) -> str:
        word = self.peek()
        self._place += 1
        return word

    def takes(self, *words: str) -> bool:
        """Takes the next word if it is one of these."""
        if self.peek() in words:
            self._place += 1
            return True
        return False

    def rest(self) -> Iterator[str]:
        while self.peek():
            yield self.take()


def _rule(text: str, origin: Origin) -> PfRule:
    reader = _Reader(text)
    action = reader.take()
    told: dict[str, object] = {"answers": "drop"}
    unsure: list[str] = []
    if action == "anchor" and reader.peek().startswith('"'):
        told["anchor"] = reader.take().strip('"')
    if action == "block":
        told["answers"] = _answers(reader)
    for word in reader.rest():
        if not _condition(word, reader, told):
            unsure.append(word)
    return PfRule("pass" if action == "rdr" else action, text, unsure=tuple(unsure), origin=origin, **told)  # type: ignore[arg-type]


def _answers(reader: _Reader) -> str:
    word = reader.peek()
    if word in ("drop", "return") or word.startswith(("return-rst", "return-icmp")):
        reader.take()
        if word.startswith("return-icmp"):
            if reader.peek().startswith("("):
                reader.take()
            return "icmp"
        if reader.peek().startswith("(ttl"):
            reader.take()
        return "drop" if word == "drop" else "rst"
    return "drop"


def _condition(word: str, reader: _Reader, told: dict[str, object]) -> bool:
    """Reads one condition into `told`; False where it is none that is known."""
    if word in ("in", "out"):
        told["direction"] = word
    elif word == "quick":
        told["quick"] = True
    elif word in ("inet", "inet6"):
        told["family"] = 4 if word == "inet" else 6
    elif word == "on":
        told["interface_negated"] = reader.takes("!")
        told["interface"] = reader.take()
    elif word == "proto":
        told["protocol"] = reader.take()
    elif word in ("from", "to"):
        told["source" if word == "from" else "destination"] = _peer(reader)
    elif word in ("log", "flags", "label", "tag", "route-to", "reply-to", "dup-to", "rtable", "probability"):
        return _effect(word, reader, told)
    else:
        return word == "all" or word in _STATE_WORDS or word.startswith("(")
    return True


def _effect(word: str, reader: _Reader, told: dict[str, object]) -> bool:
    """Words that change no match of a first packet; `probability` does, and nobody can foresee it."""
    if word == "log":
        if reader.peek().startswith("("):
            reader.take()
        return True
    value = reader.take()
    if word == "label":
        told["label"] = value.strip('"')
    return word != "probability"


def _peer(reader: _Reader) -> PfPeer:
    negated = reader.takes("!")
    word = reader.take()
    ports, trouble = _ports(reader)
    if word == "any":
        return PfPeer(ports=ports, unsure=trouble)
    if word == "self":
        return PfPeer(negated=negated, interface="self", ports=ports, unsure=trouble)
    if word.startswith("(") and ":" not in word:
        return PfPeer(negated=negated, interface=word.strip("()").split()[0], ports=ports, unsure=trouble)
    try:
        networks = tuple(
            ip_network(part.strip("{},").partition("%")[0], strict=False) for part in word.split() if part.strip("{},")
        )
    except ValueError:
        return PfPeer(negated=negated, ports=ports, unsure=word)
    return PfPeer(networks, negated, ports=ports, unsure=trouble)


def _ports(reader: _Reader) -> tuple[PfPorts | None, str]:
    """`port = 80`, `port != 80`, `port 80:90`, `port > 1023`, `port 1 >< 9`; what it says in words that are not known."""
    if not reader.takes("port"):
        return None, ""
    first = reader.take()
    if first in ("=", "!=", "<", ">", "<=", ">="):
        value = _port(reader.take())
        if value is None:
            return None, "a port by an unknown name"
        spans = {"=": (value, value), "!=": (value, value), "<": (0, value - 1), ">": (value + 1, 65535),
                 "<=": (0, value), ">=": (value, 65535)}  # fmt: skip
        return PfPorts(*spans[first], negated=first == "!="), ""
    if ":" in first:
        low, high = (_port(part) for part in first.split(":", 1))
        return (None, "ports by unknown names") if low is None or high is None else (PfPorts(low, high), "")
    if reader.peek() in ("><", "<>"):
        operator, other, one = reader.take(), _port(reader.take()), _port(first)
        if one is not None and other is not None:
            return (PfPorts(one + 1, other - 1), "") if operator == "><" else (PfPorts(one, other, negated=True), "")
    value = _port(first)
    return (None, "a port by an unknown name") if value is None else (PfPorts(value, value), "")


def _port(word: str) -> int | None:
    return int(word) if word.isdigit() else _SERVICES.get(word)
