"""Finds the options of a command line that set the address or the port, as they were written.

--host 127.0.0.1    --host=127.0.0.1    -h 127.0.0.1    -b127.0.0.1:8000    --bin 127.0.0.1 (argparse shortens)
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct


class OptionValue(Struct, frozen=True):
    """The value of an option: the word `argv[at]`, of which the first `prefix` characters are not the value."""

    at: int
    prefix: int
    text: str


def option_values(
    words: tuple[str, ...], options: tuple[str, ...], start: int = 0, *, abbreviates: bool = False
) -> tuple[OptionValue, ...]:
    """Every value given to one of `options` in `words[start:]`, in order; nothing after `--` counts."""
    return tuple(_values(words, options, start, abbreviates))


def _values(words: tuple[str, ...], options: tuple[str, ...], start: int, abbreviates: bool) -> Iterator[OptionValue]:
    index = start
    while index < len(words) and words[index] != "--":
        word = words[index]
        name, equals, value = word.partition("=")
        if _is(word, options, abbreviates) and index + 1 < len(words):
            index += 1
            yield OptionValue(index, 0, words[index])
        elif equals and _is(name, options, abbreviates):
            yield OptionValue(index, len(name) + 1, value)
        elif short := next((option for option in options if _is_attached(word, option)), ""):
            yield OptionValue(index, len(short), word[len(short) :])
        index += 1


def _is(word: str, options: tuple[str, ...], abbreviates: bool) -> bool:
    if word in options:
        return True
    long_enough = abbreviates and len(word) > 4 and word.startswith("--")
    return long_enough and any(option.startswith(word) for option in options)


def _is_attached(word: str, option: str) -> bool:
    """`-b127.0.0.1:8000`: a one-letter option with its value in the same word."""
    return len(option) == 2 and option != "--" and word.startswith(option) and len(word) > 2


def split_address(text: str) -> tuple[str, int | None]:
    """`127.0.0.1:8000`, `[::1]:8000`, `:8000`, `localhost`, `8000` (a port alone) -> address (or "") and port (or None)."""
    if text.isdigit():
        return "", int(text)
    if text.startswith("["):
        inside, _, rest = text[1:].partition("]")
        return inside, int(rest[1:]) if rest[1:].isdigit() else None
    address, colon, port = text.rpartition(":")
    if colon and port.isdigit() and ":" not in address:
        return address, int(port)
    return text, None


def join_address(address: str, port: int | None) -> str:
    """The other way: an IPv6 address goes in brackets before a port."""
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def is_loopback(text: str) -> bool:
    """Whether `text` names this machine only: localhost, 127.0.0.0/8, ::1."""
    if text.lower() in {"localhost", "ip6-localhost"}:
        return True
    try:
        return ip_address(text.strip("[]")).is_loopback
    except ValueError:
        return False
