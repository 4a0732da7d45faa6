"""Takes out of captures what names a person or a place, so that a bundle can be shown to strangers.

Replaced, everywhere the same thing by the same substitute: names of machines, containers and Wi-Fi networks, users' names
and home folders, the latter half of MAC addresses (also inside IPv6 addresses and names of interfaces), the middle of public
addresses. Removed: what follows a word such as password, cookies, keys, and the page that an answer brought. Kept, because
findings rest on it: private, loopback and link-local addresses, an address's class, its prefixes, ports, rules, programs.
How addresses are replaced: wizard.collect.scramble; how names are found: wizard.collect.telling.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any

from msgspec.structs import asdict, replace

from wizard.collect import telling
from wizard.collect.redact_words import ordinary
from wizard.collect.scramble import Scrambler, still_a_network
from wizard.collect.secrets_out import REMOVED, without_page, without_secret_arguments, without_secrets
from wizard.model.capture import Capture, Unknown
from wizard.model.options import Options

Captures = Mapping[str, Capture | Unknown]

_SYSTEM_USERS = frozenset(
    ("root", "daemon", "bin", "sys", "nobody", "www-data", "nginx", "mysql", "postgres", "git", REMOVED)
)
_SID = re.compile(r"\bS-1-5-21-\d{1,10}-\d{1,10}-\d{1,10}")
_ADDRESS_6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:.]{2,45}(?<!\.)(?![\w:])")
_ADDRESS_4 = re.compile(telling.ADDRESS_4)
_DASHED = re.compile(r"(?<!\d)(?<!\d-)\d{1,3}(?:-\d{1,3}){3}(?![\d-])")
_SHORT_NETWORK = re.compile(r"(?m)^(\d{1,3}(?:\.\d{1,3}){1,2})(?:/(\d{1,2}))?(?=\s)")
_LENGTH = re.compile(r"/(\d{1,3})(?![\d.])")
_HEXADECIMAL = re.compile(r"(?<![0-9A-F])(?:[0-9A-F]{8}){1,4}(?=:[0-9A-F]{4}\b)")
_BARE_MAC = re.compile(r"(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])")
_BASE64 = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{16,8000}={0,2}(?![\w+/=-])")
_HEXADECIMAL_CAPTURES = ("proc-tcp", "proc-tcp6", "foreign-listeners")
_NETWORKS = {"addr": "len", "src": "srclen", "dst": "dstlen"}
"""Keys of nft's and ip's JSON that hold an address, and those beside them that hold its prefix's length."""


def redact(captures: Captures, target: str = "", key: bytes | None = None) -> tuple[dict[str, Capture | Unknown], str]:
    """The captures and the target without names; `key` makes the substitutes repeatable (tests), else they are random."""
    redaction = Redaction(key)
    redaction.learn(captures, target)
    return redaction.captures(captures), redaction.text(target)


class Redaction:
    """What stands for what. It learns first, from everything that will be shown, and then replaces."""

    def __init__(self, key: bytes | None = None) -> None:
        self._scrambler = Scrambler(key or secrets.token_bytes(32))
        self._substitutes: dict[tuple[str, str], str] = {}
        self._met: set[str] = set()
        self._system_users = set(_SYSTEM_USERS)
        self._given: set[str] = set()
        self._users: dict[str, None] = {}
        self._hosts: dict[str, None] = {}
        self._containers: dict[str, None] = {}
        self._networks: dict[str, None] = {}
        self._cards: dict[str, str] = {}
        self._own_words: frozenset[str] = frozenset()
        self._names: re.Pattern[str] | None = None
        self._done: dict[str, str] = {}

    def learn(self, captures: Captures, target: str = "", said: tuple[str, ...] = ()) -> None:
        """Finds what is to be replaced, in captures and in what people said. May be called for several machines in turn."""
        texts = {name: answer.text for name, answer in captures.items() if isinstance(answer, Capture)}
        others = (*captures, *_prose(captures), target, *said)
        self._system_users.update(telling.system_accounts(texts.get("processes", "")))
        self._own_words |= {word.lower() for word in telling.own_words(texts)}
        for text in (*texts.values(), *others):
            plain = _unescaped(text)
            self._users.update(dict.fromkeys(name.lower() for name in telling.users(plain)))
            for mac in telling.cards(text):
                self._cards[mac.replace(":", "")] = self._scrambler.mac(mac).replace(":", "")
            for first, last in telling.ranges(text):
                self._scrambler.keep_range(first, last)
        found = {
            *telling.hosts({name: _unescaped(text) for name, text in texts.items()}),
            *telling.hosts_in_target(target),
        }
        self._users.update(dict.fromkeys(name for text in said for name in telling.people(text)))
        found.update(name for text in said for name in telling.hosts_in(text))
        self._hosts.update(dict.fromkeys(sorted(telling.with_pieces(found))))
        self._containers.update(dict.fromkeys(name.lower() for name in telling.containers(texts.get("docker", ""))))
        self._networks.update(dict.fromkeys(telling.networks(texts)))
        self._settle()

    def _settle(self) -> None:
        words = self._own_words
        self._users.update(dict.fromkeys(piece for name in tuple(self._users) for piece in name.split(".") if piece))
        users = {name for name in self._users if not self._is_system(name) and telling.is_telling_user(name, words)}
        named = (*self._hosts, *self._containers, *self._networks)
        others = {name for name in named if telling.is_telling(name, words)}
        self._met.update((*self._users, *named))
        self._done.clear()
        longest_first = sorted(users | others, key=lambda name: (-len(name), name))
        # The end of a word is the end of its letters and digits: `anna` is in `anna_site` and `anna-laptop` too.
        names = "|".join(map(_bounded, longest_first))
        self._names = re.compile(f"(?i)(?:{names})") if names else None

    def captures(self, captures: Captures) -> dict[str, Capture | Unknown]:
        """The captures with everything replaced, in their names too."""
        return {self.text(name): self._answer(name, answer) for name, answer in captures.items()}

    def options(self, options: Options) -> Options:
        """The options of a diagnosis, with everything replaced."""
        told = {name: self.text(value) for name, value in asdict(options).items() if isinstance(value, str)}
        return replace(options, **told)

    def text(self, text: str) -> str:
        """The text with everything replaced."""
        known = self._done.get(text)
        if known is None:
            known = self._done[text] = self._encoded(self._plain(text))
        return known

    def _plain(self, text: str) -> str:
        text = self._without_addresses(without_secrets(text))
        text = self._names.sub(lambda match: self._name(match[0]), text) if self._names else text
        text = telling.HOME.sub(lambda match: match["folder"] + self._user(match["name"]), text)
        return telling.MAIL.sub(self._mail, text)

    def _answer(self, name: str, answer: Capture | Unknown) -> Capture | Unknown:
        if isinstance(answer, Unknown):
            return Unknown(*map(self.text, (answer.reason, answer.remedy, answer.what)))
        text = self._content(name, answer.text)
        source, errors = self.text(answer.source), self.text(answer.errors)
        return replace(answer, probe=self.text(answer.probe), text=text, source=source, errors=errors)

    def _content(self, name: str, text: str) -> str:
        if name in _HEXADECIMAL_CAPTURES:
            text = _HEXADECIMAL.sub(lambda match: self._scrambler.hexadecimal(match[0]), text)
        if name == "netstat-routes":
            text = _SHORT_NETWORK.sub(self._short_network, text)
        if text.lstrip()[:1] not in ("{", "["):
            return self.text(text)
        whole = self._json(text.strip())
        if whole is not None:
            return whole + text[len(text.rstrip()) :]
        return "".join(self._json(line) or self.text(line) for line in re.split(r"(\n)", text))

    def _json(self, text: str) -> str | None:
        """JSON with its texts replaced one by one, so that escapes hide nothing; None where it is none."""
        if text[:1] not in ("{", "["):
            return None
        try:
            value = self._value(json.loads(text))
        except (ValueError, RecursionError):
            return None
        separators = (", ", ": ") if '": ' in text else (",", ":")
        return json.dumps(value, separators=separators, ensure_ascii=text.isascii())

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._value(each) for each in value]
        if isinstance(value, dict):
            return self._object(value)
        return value

    def _object(self, told: dict[str, Any]) -> dict[str, Any]:
        changed = {self.text(key): self._value(value) for key, value in told.items()}
        for key, length in _NETWORKS.items():
            if isinstance(told.get(key), str) and isinstance(told.get(length), int):
                changed[key] = self.text(f"{told[key]}/{told[length]}").rpartition("/")[0]
        if isinstance(told.get("user"), str):
            changed["user"] = self._user(told["user"])
        if isinstance(told.get("argv"), list) and all(isinstance(each, str) for each in told["argv"]):
            changed["argv"] = [self.text(each) for each in without_secret_arguments(told["argv"])]
        if isinstance(told.get("banner"), str):
            changed["banner"] = _latin(self.text(without_page(told["banner"])))
        return changed

    def _encoded(self, text: str) -> str:
        """What stands in the text as base64 is replaced inside."""
        return _BASE64.sub(self._one_encoded, text) if len(text) >= 16 else text

    def _one_encoded(self, match: re.Match[str]) -> str:
        for decode, encode in _CODES:
            try:
                hidden = decode(match[0]).decode("utf-8")
            except (binascii.Error, ValueError):
                continue
            changed = self._plain(hidden)
            if changed != hidden:
                return encode(changed.encode()).decode()
        return match[0]

    def _without_addresses(self, text: str) -> str:
        text = telling.MAC.sub(self._mac, text)
        if self._cards:
            text = _BARE_MAC.sub(lambda match: self._cards.get(match[0], match[0]), text)
        text = _SID.sub(lambda match: self._fresh("sid", match[0], "S-1-5-21-1-1-"), text)
        six = _ADDRESS_6.sub(lambda match: self._address(text, match) if match[0].count(":") > 1 else match[0], text)
        four = _ADDRESS_4.sub(lambda match: self._address(six, match), six)
        return _DASHED.sub(self._dashed, four)

    def _dashed(self, match: re.Match[str]) -> str:
        """`81-2-69-160`, as providers name their customers' addresses."""
        try:
            return str(self._scrambler.address(ip_address(match[0].replace("-", ".")))).replace(".", "-")
        except ValueError:
            return match[0]

    def _short_network(self, match: re.Match[str]) -> str:
        """`81.2.69/24` or `81.2`, as netstat of macOS writes a network."""
        parts = match[1].count(".") + 1
        length = int(match[2]) if match[2] else 8 * parts
        try:
            address = ip_address(match[1] + ".0" * (4 - parts))
        except ValueError:
            return match[0]
        changed = still_a_network(address, self._scrambler.address(address), length)
        return ".".join(str(changed).split(".")[:parts]) + match[0][len(match[1]) :]

    def _mac(self, match: re.Match[str]) -> str:
        return telling.as_written(self._scrambler.mac(telling.plain_card(match[0])), match[0])

    def _address(self, text: str, match: re.Match[str]) -> str:
        # A colon may end what is said of an address: `2001:db8::1: refused`.
        end = ":" if match[0].endswith(":") and not match[0].endswith("::") else ""
        try:
            address = ip_address(match[0].removesuffix(end))
        except ValueError:
            return match[0]
        changed = self._scrambler.address(address)
        if changed == address:
            return match[0]
        length = _LENGTH.match(text, match.end())
        return str(still_a_network(address, changed, int(length[1])) if length else changed) + end

    def _mail(self, match: re.Match[str]) -> str:
        if not telling.is_mail(match):
            return match[0]
        return f"{self._user(match['user'])}@{self._host(match['host'])}"

    def _name(self, name: str) -> str:
        lower = name.lower()
        if lower in self._users and not self._is_system(lower):
            return self._user(name)
        for kind, known in (("container", self._containers), ("network", self._networks)):
            if lower in known:
                return _dressed(name, self._fresh(kind, lower))
        return self._host(name)

    def _user(self, name: str) -> str:
        """`user1` for the first person met; system accounts and numbers stay."""
        if self._is_system(name) or self._is_substitute(name):
            return name
        return _dressed(name, self._fresh("user", name.lower()))

    def _is_system(self, name: str) -> bool:
        return name in self._system_users or name.startswith(("systemd-", "_")) or name.isdigit()

    def _host(self, name: str) -> str:
        """`host1.lan` for `printer.lan`: each label by its own substitute, the last of several and ordinary ones kept."""
        labels = name.lower().split(".")
        last = len(labels) - 1
        return ".".join(label if last and place == last else self._label(label) for place, label in enumerate(labels))

    def _label(self, label: str) -> str:
        if not label or label in ordinary() or label in self._own_words or self._is_substitute(label):
            return label
        return self._fresh("host", label)

    def _is_substitute(self, name: str) -> bool:
        return name.lower() in self._given and name.lower() not in self._met

    def _fresh(self, kind: str, name: str, prefix: str = "") -> str:
        """What stands for this; no name that somebody has."""
        known = self._substitutes.get((kind, name))
        if known is None:
            number = sum(1 for other, _ in self._substitutes if other == kind) + 1
            while f"{prefix or kind}{number}" in self._met or f"{prefix or kind}{number}" in self._given:
                number += 1
            known = self._substitutes[kind, name] = f"{prefix or kind}{number}"
            self._given.add(known)
        return known


def _bounded(name: str) -> str:
    """The name where it stands by itself. One made of hexadecimal digits alone might be a piece of an address."""
    escaped = re.escape(name)
    if re.fullmatch(r"(?i)[0-9a-f]+", name):
        return rf"(?<![\w:.-]){escaped}(?![\w-])(?!:[0-9a-f]*:)"
    return rf"(?<![^\W_]){escaped}(?![^\W_])"


def _dressed(like: str, name: str) -> str:
    """The substitute in capitals where the name was, so that two that differ there differ afterwards."""
    if like.isupper() and len(like) > 1:
        return name.upper()
    return name.capitalize() if like[:1].isupper() else name


def _unescaped(text: str) -> str:
    """The text with JSON's escapes of letters and backslashes undone, so that names in it are seen whole."""
    if "\\" not in text:
        return text
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)


def _prose(captures: Captures) -> list[str]:
    """What captures say beside their text."""
    told = []
    for each in captures.values():
        told += [each.reason, each.remedy, each.what] if isinstance(each, Unknown) else [each.errors, each.source]
    return told


def _latin(text: str) -> str:
    """Bytes as characters, as attempts keep them: a substitute brings no other ones."""
    return text.encode("latin-1", "replace").decode("latin-1")


_CODES: tuple[tuple[Callable[[str], bytes], Callable[[bytes], bytes]], ...] = (
    (lambda text: base64.b64decode(text, validate=True), base64.b64encode),
    (lambda text: base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True),
     lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")),
)  # fmt: skip
