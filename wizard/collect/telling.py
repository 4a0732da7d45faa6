"""Finds in captures what tells who somebody is: users, hosts, containers, cards, and the ranges of addresses.

Each is sought where nothing else can stand: a home folder, the hosts file, a URL, the list of containers. What is found
there is then replaced wherever it stands (wizard.collect.redact).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from wizard.collect.redact_words import ordinary
from wizard.collect.scramble import Address

HOME = re.compile(
    r"(?P<folder>/(?:home|Users|var/home|export/home|run/media|media)/|[A-Za-z]:(?:\\{1,4})Users(?:\\{1,4}))"
    r"(?P<name>[^/\s\"':\\;,<>|]{1,64})"
)
USER_FIELD = re.compile(r'(?P<before>"user": ?")(?P<name>[^"\\]{1,64})(?=")')
MAIL = re.compile(r"(?<![\w.+@-])(?P<user>[\w.+-]{1,64})@(?P<host>[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})(?![\w@-])")
_NO_GROUPS_BEFORE = "".join(rf"(?<!\b[0-9A-Fa-f]{{{width}}}:)" for width in range(1, 5))
MAC = re.compile(
    rf"(?<![\w.-])(?<!::){_NO_GROUPS_BEFORE}(?:[0-9A-Fa-f]{{2}}(?:-[0-9A-Fa-f]{{2}}){{5}}"
    r"|[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2}){5}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2})(?![\w-]|[:.]\w|::)"
)
"""Of Linux (`52:54:00:0a:01:02`), Windows (`52-54-00-0A-01-02`), macOS (`52:54:0:a:1:2`), Cisco (`5254.000a.0102`)."""
ADDRESS_4 = r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)"
_RANGE_4 = re.compile(rf"({ADDRESS_4}) ?(?:-|\", ?\") ?({ADDRESS_4})")
_RANGE_6 = re.compile(r"(?<![\w:.])([0-9A-Fa-f:]{2,39})(?:-|\", ?\")([0-9A-Fa-f:]{2,39})(?![\w:.])")
_URL_HOST = re.compile(r"://(?:[^/@\s\"']{1,200}@)?(?P<host>[A-Za-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){0,8})(?![\w.]*@)")
_LIST_OF_HOSTS = re.compile(
    r"(?i)(?:ALLOWED_HOSTS|allowedHosts|allowedDevOrigins|CSRF_TRUSTED_ORIGINS)[\"']?\s{0,4}[=:]\s{0,4}[\[({]([^\])}]{1,400})"
    r"|server_name\s{1,9}([^;\n]{1,400})"
)
_QUOTED_NAME = re.compile(r"(?<![\w.@-])\.?([A-Za-z][\w-]{0,62}(?:\.[\w-]{1,63}){1,8}|[A-Za-z][\w-]{2,62})(?![\w.-])")
_DOTTED = re.compile(r"(?<![\w.@-])[A-Za-z][\w-]{0,62}(?:\.[A-Za-z][\w-]{0,62})+(?![\w.-])")
_OF_SOMEBODY = re.compile(r"(?<![\w'’])([^\W\d_][\w-]{1,30})['’]s(?!\w)")
_UNITS = frozenset(("service", "socket", "timer", "target", "mount", "device", "path", "slice", "scope", "swap"))
_SHARED_FOLDERS = frozenset(("shared", "public", "default", "all", "linuxbrew", "cdrom"))
_SHORTEST_HOST = 4
_SHORTEST_USER = 3
_FIRST_PERSON = 1000
"""The first uid that is given to a person (UID_MIN of login.defs(5))."""


def users(text: str) -> Iterator[str]:
    """Those whose home folder, process or mail address it names."""
    for pattern in (HOME, USER_FIELD):
        for match in pattern.finditer(text):
            if match["name"].lower() not in _SHARED_FOLDERS:
                yield match["name"]
    for match in MAIL.finditer(text):
        if is_mail(match):
            yield match["user"]


def people(said: str) -> Iterator[str]:
    """Those of whom a person speaks: `Ann's phone`."""
    yield from (match[1].lower() for match in _OF_SOMEBODY.finditer(said))


def is_mail(match: re.Match[str]) -> bool:
    """`user@1000.service` is a unit and `vite@5.0.1` a package; a mail's host ends with letters."""
    last = match["host"].rpartition(".")[2].lower()
    return last.isalpha() and len(last) > 1 and last not in _UNITS


def system_accounts(processes: str) -> Iterator[str]:
    """The users that no person is: those of a process list whose uid was not given to one."""
    for told in _objects(processes):
        uid, user = told.get("uid"), told.get("user")
        if isinstance(user, str) and isinstance(uid, int) and 0 <= uid < _FIRST_PERSON:
            yield user


def hosts(texts: Mapping[str, str]) -> Iterator[str]:
    """The names of this machine and of others."""
    for line in texts.get("hosts", "").splitlines():
        yield from line.partition("#")[0].split()[1:]
    for name in ("platform", "windows-platform", "windows-version"):
        for line in texts.get(name, "").splitlines():
            if line.lower().startswith(("hostname=", "computername=")):
                yield line.partition("=")[2].strip()
    for line in texts.get("resolv-conf", "").splitlines():
        if line.startswith(("search ", "domain ")):
            yield from line.split()[1:]
    yield from re.findall(r"(?:search domain\[\d+\]|domain) *: (\S{1,200})", texts.get("scutil-dns", ""))
    yield from (str(told.get("name") or "") for told in _objects(texts.get("resolution", "")))
    yield from (_without_port(str(told.get("host_header") or "")) for told in _objects(texts.get("attempts", "")))
    for name, text in texts.items():
        if name != "platform":
            yield from hosts_in(text)


def hosts_in(text: str) -> Iterator[str]:
    """The names in its URLs, mail addresses, and lists of hosts that are let in."""
    yield from (match["host"] for match in _URL_HOST.finditer(text))
    yield from (match["host"] for match in MAIL.finditer(text) if is_mail(match))
    for match in _LIST_OF_HOSTS.finditer(text):
        yield from _QUOTED_NAME.findall(match[1] or match[2] or "")


def hosts_in_target(text: str) -> Iterator[str]:
    """What in a pasted text is a name with dots."""
    yield from hosts_in(text)
    yield from _DOTTED.findall(text)


def containers(text: str) -> Iterator[str]:
    """The names of containers, as Docker's API lists them."""
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        return
    for each in listed if isinstance(listed, list) else ():
        names = each.get("Names") if isinstance(each, dict) else None
        for name in names if isinstance(names, list) else ():
            yield str(name).removeprefix("/")


def cards(text: str) -> Iterator[str]:
    """The MAC addresses, in lower case and with colons."""
    for match in MAC.finditer(text):
        yield plain_card(match[0])


def plain_card(text: str) -> str:
    """A MAC address as Linux writes it: `52:54:00:0a:01:02`."""
    if "." in text:
        digits = text.replace(".", "").lower()
        return ":".join(digits[place : place + 2] for place in range(0, 12, 2))
    return ":".join(part.zfill(2) for part in re.split("[:-]", text.lower()))


def as_written(card: str, like: str) -> str:
    """A MAC address in the manner of another."""
    if "." in like:
        digits = card.replace(":", "")
        return ".".join(digits[place : place + 4] for place in range(0, 12, 4))
    if any(len(part) == 1 for part in like.split(":")):
        return ":".join(part.lstrip("0") or "0" for part in card.split(":"))
    changed = card.replace(":", "-") if "-" in like else card
    return changed.upper() if like.isupper() else changed


def networks(texts: Mapping[str, str]) -> Iterator[str]:
    """The names of Wi-Fi networks, which say where somebody is: as Windows calls its connections."""
    for name in ("get-netconnectionprofile", "netsh-currentprofile"):
        for match in re.finditer(r'"Name": ?("(?:[^"\\]|\\.){1,200}")', texts.get(name, "")):
            try:
                yield str(json.loads(match[1])).lower()
            except ValueError:
                continue


def ranges(text: str) -> Iterator[tuple[Address, Address]]:
    """Ranges of addresses: `81.2.69.10-81.2.69.99`, in nft's JSON `["81.2.69.10", "81.2.69.99"]`."""
    for pattern in (_RANGE_4, _RANGE_6):
        for match in pattern.finditer(text):
            try:
                yield ip_address(match[1]), ip_address(match[2])
            except ValueError:
                continue


def own_words(texts: Mapping[str, str]) -> Iterator[str]:
    """Words that this very machine's answers are read by: its interfaces and settings."""
    yield from re.findall(r'"(?:ifname|link|dev|ifalias)": ?"([^"\\]{1,40})"', texts.get("ip-addresses", ""))
    for line in texts.get("sysctls", "").splitlines():
        yield from re.split(r"[.=_ ]", line.partition("=")[0])


def with_pieces(names: Iterable[str]) -> set[str]:
    """The names, and of those with dots the pieces before the last: `printer` of `printer.lan`, `anna` of `anna.berg`."""
    whole = {name.strip(".").lower() for name in names if name and not is_address(name)}
    return whole | {piece for name in whole for piece in name.split(".")[:-1]}


def is_telling(name: str, also_ordinary: frozenset[str] = frozenset(), shortest: int = _SHORTEST_HOST) -> bool:
    """Whether the name is somebody's own, and long enough not to be a word that stands everywhere."""
    labels = [label for label in name.lower().split(".") if label]
    if len(name) < shortest or not any(letter.isalpha() for letter in name) or is_address(name):
        return False
    return not all(label in ordinary() or label in also_ordinary for label in labels)


def is_telling_user(name: str, also_ordinary: frozenset[str]) -> bool:
    """The same for a user's name."""
    return is_telling(name, also_ordinary, _SHORTEST_USER)


def is_address(text: str) -> bool:
    """Whether it is an IP address as URLs and tools write one."""
    try:
        ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return True


def _objects(text: str) -> Iterable[dict[str, Any]]:
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value


def _without_port(authority: str) -> str:
    return authority if authority.endswith("]") else re.sub(r":\d+$", "", authority)
