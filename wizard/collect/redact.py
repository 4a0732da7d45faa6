"""Takes out of captures what names a person or a place, so that a bundle can be shown to strangers.

Replaced, everywhere the same thing by the same substitute: the machine's and other hosts' names, users' names and home
folders, the latter half of MAC addresses (also inside IPv6 addresses), the middle of public addresses, and what follows a
word such as password. Kept, because findings rest on it: private, loopback and link-local addresses, an address's class,
its prefixes, ports, rules, programs. How addresses are replaced: wizard.collect.scramble.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from typing import Any

from msgspec.structs import asdict, replace

from wizard.collect.scramble import Scrambler, still_a_network
from wizard.model.capture import Capture, Unknown
from wizard.model.options import Options

Captures = Mapping[str, Capture | Unknown]
REMOVED = "removed"

_SYSTEM_ACCOUNTS = "root daemon bin sys nobody www-data http nginx mysql postgres redis"
_SYSTEM_USERS = frozenset(_SYSTEM_ACCOUNTS.split())
_COMMON = """
localhost localdomain local lan home internal ip6-localhost ip6-loopback ip6-localnet ip6-mcastprefix ip6-allnodes
ip6-allrouters broadcasthost debian ubuntu fedora raspberrypi
"""
_COMMON_NAMES = frozenset(_COMMON.split())
_HOME = re.compile(r"(?P<folder>/(?:home|Users|run/user|var/home)/)(?P<name>[^/\s\"':\\]+)")
_USER = re.compile(r'(?P<before>"user": ")(?P<name>[^"\\]+)(?=")')
_LOGIN_NAME = re.compile(r"(?<![\w.-])[\w-]+(?=@)")
_MAC = re.compile(r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:])")
# Every repetition is bounded: the text is hostile, and a pattern must not take a time that grows with its square.
_ADDRESS_6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:.]{2,45}(?<!\.)(?![\w:])")
_ADDRESS_4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_LENGTH = re.compile(r'/(\d{1,3})(?!\d)|",\s*"(?:len|srclen|dstlen)":\s*(\d{1,3})')
_HEXADECIMAL = re.compile(r"(?<![0-9A-F])(?:[0-9A-F]{8}){1,4}(?=:[0-9A-F]{4}\b)")
_LOGIN = re.compile(r"(?P<before>://)[^/@\s\"']{1,200}:[^/@\s\"']{1,200}(?=@)")
_SECRET_WORD = r"[\w.-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api_?-?key|private_?-?key|credential)[\w.-]{0,40}"
_SECRET_SETTING = re.compile(
    rf"(?i)(?P<before>\b{_SECRET_WORD}[\"']?\s*[=:]\s*)(?P<quote>[\"'])(?:(?!(?P=quote)).){{1,400}}(?P=quote)"
)
_SECRET_OPTION = re.compile(rf"(?i)(?P<before>--?{_SECRET_WORD}=|\b{_SECRET_WORD}=)[^\s\"'\\]{{1,400}}")
_SECRET_FLAG = re.compile(rf"(?i)--?{_SECRET_WORD}")
_SHORTEST_NAME = 4
_HEXADECIMAL_CAPTURES = ("proc-tcp", "proc-tcp6", "foreign-listeners")


def redact(captures: Captures, target: str = "", key: bytes | None = None) -> tuple[dict[str, Capture | Unknown], str]:
    """The captures and the target without names; `key` makes the substitutes repeatable (tests), else they are random."""
    redaction = Redaction(key)
    redaction.learn(captures, target)
    return redaction.captures(captures), redaction.target(target)


def _answer(name: str, answer: Capture | Unknown, substitutes: Redaction) -> Capture | Unknown:
    if isinstance(answer, Unknown):
        told = (substitutes.text(each) for each in (answer.reason, answer.remedy, answer.what))
        return Unknown(*told)
    text = _without_secret_arguments(answer.text) if name == "processes" else answer.text
    text = substitutes.text(text)
    if name in _HEXADECIMAL_CAPTURES:
        text = _HEXADECIMAL.sub(lambda match: substitutes.scrambler.hexadecimal(match[0]), text)
    source, errors = substitutes.text(answer.source), substitutes.text(answer.errors)
    return replace(answer, probe=substitutes.text(answer.probe), text=text, source=source, errors=errors)


def _without_secret_arguments(text: str) -> str:
    """The processes without what follows `--password` as an argument of its own."""
    return "".join(_quiet_process(line) + "\n" for line in text.splitlines())


def _quiet_process(line: str) -> str:
    try:
        told = json.loads(line)
        argv = told["argv"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return line
    following = [bool(_SECRET_FLAG.fullmatch(each)) for each in ["", *argv[:-1]]] if argv else []
    told["argv"] = [REMOVED if hide else each for hide, each in zip(following, argv, strict=True)]
    return json.dumps(told)


def _without_secrets(text: str) -> str:
    text = _LOGIN.sub(rf"\g<before>{REMOVED}:{REMOVED}", text)
    text = _SECRET_SETTING.sub(rf"\g<before>\g<quote>{REMOVED}\g<quote>", text)
    return _SECRET_OPTION.sub(rf"\g<before>{REMOVED}", text)


class Redaction:
    """What stands for what. It learns first, from everything that will be shown, and then replaces."""

    def __init__(self, key: bytes | None = None) -> None:
        self.scrambler = Scrambler(key or secrets.token_bytes(32))
        self._users: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._names: re.Pattern[str] | None = None

    def learn(self, captures: Captures, target: str) -> None:
        """Finds the names to replace: users by their home folders and processes, hosts where only host names stand."""
        texts = {name: answer.text for name, answer in captures.items() if isinstance(answer, Capture)}
        for text in (*texts.values(), *captures):
            for pattern in (_HOME, _USER):
                for match in pattern.finditer(text):
                    self.user(match["name"])
        names = {name for name in _host_names(texts, target) if _is_telling(name)}
        if names:
            longest_first = sorted(names, key=lambda name: (-len(name), name))
            self._names = re.compile(rf"(?i)(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")

    def captures(self, captures: Captures) -> dict[str, Capture | Unknown]:
        """The captures with everything replaced, in their names too."""
        return {self.text(name): _answer(name, answer, self) for name, answer in captures.items()}

    def target(self, target: str) -> str:
        """What was asked, with everything replaced."""
        return self.text(target)

    def options(self, options: Options) -> Options:
        """The options of a diagnosis, with everything replaced."""
        told = {name: self.text(value) for name, value in asdict(options).items() if isinstance(value, str)}
        return replace(options, **told)

    def text(self, text: str) -> str:
        """The text with everything replaced."""
        text = self._without_addresses(_without_secrets(text))
        text = _HOME.sub(lambda match: match["folder"] + self.user(match["name"]), text)
        text = _USER.sub(lambda match: match["before"] + self.user(match["name"]), text)
        text = _LOGIN_NAME.sub(lambda match: self._users.get(match[0], match[0]), text)
        return self._names.sub(lambda match: self.host(match[0]), text) if self._names else text

    def _without_addresses(self, text: str) -> str:
        text = _MAC.sub(lambda match: self.scrambler.mac(match[0]), text)
        six = _ADDRESS_6.sub(lambda match: self._address(text, match) if match[0].count(":") > 1 else match[0], text)
        return _ADDRESS_4.sub(lambda match: self._address(six, match), six)

    def user(self, name: str) -> str:
        """`user1` for the first person met; system accounts and numbers stay."""
        if (
            name in _SYSTEM_USERS
            or name.startswith(("systemd-", "_"))
            or name.isdigit()
            or name in self._users.values()
        ):
            return name
        return self._users.setdefault(name, f"user{len(self._users) + 1}")

    def host(self, name: str) -> str:
        """`host1.lan` for `printer.lan`: each label by its own substitute, the last of several and common ones kept."""
        labels = name.lower().split(".")
        last = len(labels) - 1
        return ".".join(label if last and place == last else self._label(label) for place, label in enumerate(labels))

    def _label(self, label: str) -> str:
        if label in _COMMON_NAMES or not label:
            return label
        return self._labels.setdefault(label, f"host{len(self._labels) + 1}")

    def _address(self, text: str, match: re.Match[str]) -> str:
        try:
            address = ip_address(match[0])
        except ValueError:
            return match[0]
        changed = self.scrambler.address(address)
        length = _LENGTH.match(text, match.end()) if changed != address else None
        if length is None:
            return match[0] if changed == address else str(changed)
        return str(still_a_network(address, changed, int(length[1] or length[2])))


def _is_telling(name: str) -> bool:
    """Whether the name is somebody's own, and long enough not to be a word that stands everywhere."""
    labels = name.lower().split(".")
    return len(name) >= _SHORTEST_NAME and not all(label in _COMMON_NAMES for label in labels)


def _host_names(texts: Mapping[str, str], target: str) -> Iterable[str]:
    """The names that stand where only names of hosts can."""
    for line in texts.get("hosts", "").splitlines():
        yield from line.partition("#")[0].split()[1:]
    for line in texts.get("platform", "").splitlines():
        if line.startswith("hostname="):
            yield line.removeprefix("hostname=").strip()
    for line in texts.get("resolv-conf", "").splitlines():
        if line.startswith(("search ", "domain ")):
            yield from line.split()[1:]
    yield from _told(texts.get("resolution", ""), lambda told: told.get("name"))
    yield from _told(texts.get("attempts", ""), lambda told: _without_port(str(told.get("host_header") or "")))
    yield from re.findall(r"(?<![\w.@-])[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)+(?![\w.-])", target)


def _told(text: str, read: Callable[[dict[str, Any]], str | None]) -> Iterable[str]:
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        name = read(value) if isinstance(value, dict) else None
        if name and not _is_address(name):
            yield name


def _without_port(authority: str) -> str:
    return authority if authority.endswith("]") else re.sub(r":\d+$", "", authority)


def _is_address(text: str) -> bool:
    try:
        ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return True
