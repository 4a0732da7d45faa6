"""Edits `listen(...)` in a node script, so that it listens elsewhere.

    server.listen(3000, '127.0.0.1', ready)        app.listen({ port: 3000, host: 'localhost' })

JavaScript is not parsed: strings and comments are skipped and brackets matched, and where exactly one call to `listen`
fits, its address is replaced in its line. Anything less plain is left to a person.
"""

from __future__ import annotations

import re

from msgspec import Struct

from wizard.fixes.commandline import Binding
from wizard.fixes.edits import Replacement, edits, lines_of
from wizard.knowledge.values import is_loopback
from wizard.model.remedy import Edit

_SKIPPED = re.compile(
    r"""//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`""",
    re.DOTALL,
)
_LISTEN = re.compile(r"\.\s*listen\s*\(")
_HOST_KEY = re.compile(r"""(?:\bhost\b|\bhostname\b|'host'|"host")\s*:\s*""")
_STRING = re.compile(r"""(['"`])(.*)\1""", re.DOTALL)


class Argument(Struct, frozen=True):
    """A piece of the text, from `start` to `end`, without blanks around it."""

    start: int
    end: int
    text: str


def rebind_edits(path: str, text: str, binding: Binding) -> tuple[Edit, ...] | None:
    """The edit that makes the only fitting `listen` listen where `binding` says; None if there is no such one."""
    blank = _without_words(text)
    calls = [_arguments(text, blank, match.end()) for match in _LISTEN.finditer(blank)]
    fitting = [arguments for arguments in calls if arguments and _fits(arguments, binding)]
    if len(fitting) != 1 or binding.moves:
        return None
    replacement = _address_change(text, blank, fitting[0], binding)
    return edits(path, text, (replacement,)) if replacement else None


def _without_words(text: str) -> str:
    """The text with strings and comments blanked, every character still in its place."""
    return _SKIPPED.sub(lambda match: re.sub(r"[^\n]", "\0", match[0]), text)


def _arguments(text: str, blank: str, start: int) -> tuple[Argument, ...]:
    """The arguments of the call whose bracket opens just before `start`; none if it is never closed."""
    found, begin, depth = [], start, 0
    for at in range(start, len(blank)):
        letter = blank[at]
        if letter in "([{":
            depth += 1
        elif letter in ")]}" and depth:
            depth -= 1
        elif depth == 0 and letter in ",)":
            if text[begin:at].strip():
                found.append(_argument(text, begin, at))
            begin = at + 1
            if letter == ")":
                return tuple(found)
    return ()


def _argument(text: str, start: int, end: int) -> Argument:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return Argument(start, start + len(piece.strip()), piece.strip())


def _fits(arguments: tuple[Argument, ...], binding: Binding) -> bool:
    """Whether its port may be the present one: another number says no, a name or an expression may be anything."""
    first = arguments[0].text
    if first.startswith("{"):
        port = re.search(r"\bport\s*:\s*(\d+)\b", first)
        return port is None or port[1] == str(binding.port)
    literal = _STRING.fullmatch(first)
    if literal or first.isdigit():  # a string that is no number is the path of a UNIX socket
        return (literal[2] if literal else first) == str(binding.port)
    return True


def _address_change(text: str, blank: str, arguments: tuple[Argument, ...], binding: Binding) -> Replacement | None:
    options = arguments[0]
    quoted = _quoted(text, str(binding.to))
    if options.text.startswith("{"):
        return _option_change(text, blank, options, binding, quoted)
    if len(arguments) > 1 and not _is_callback(arguments[1].text):
        return _replace(text, arguments[1], binding, quoted)
    return _insert(text, options.end, f", {quoted}")


def _option_change(text: str, blank: str, options: Argument, binding: Binding, quoted: str) -> Replacement | None:
    if match := _HOST_KEY.search(text, options.start, options.end):
        end = match.end()
        depth = 0
        while end < options.end and (depth or blank[end] not in ",}"):
            depth += (blank[end] in "([{") - (blank[end] in ")]}")
            end += 1
        return _replace(text, _argument(text, match.end(), end), binding, quoted)
    if re.search(r"\{\s*\}", options.text) or "..." in options.text:
        return None
    return _insert(text, options.start + 1, f" host: {quoted},")


def _is_callback(text: str) -> bool:
    return "=>" in text or text.startswith(("function", "async ")) or text.isdigit()


def _replace(text: str, old: Argument, binding: Binding, quoted: str) -> Replacement | None:
    literal = _STRING.fullmatch(old.text)
    present = {str(binding.address), "localhost"} if binding.address.is_loopback else {str(binding.address), ""}
    if literal and literal[2] not in present and not (binding.address.is_loopback and is_loopback(literal[2])):
        return None
    line, column = _place(text, old.start)
    if "\n" in old.text:
        return None
    return Replacement(line, column, column + len(old.text), quoted)


def _insert(text: str, at: int, words: str) -> Replacement:
    line, column = _place(text, at)
    return Replacement(line, column, column, words)


def _place(text: str, at: int) -> tuple[int, int]:
    """Line (from 1) and column (from 0) of a position."""
    before = lines_of(text[:at])
    return len(before), len(before[-1])


def _quoted(text: str, word: str) -> str:
    """In the quotes that the file prefers."""
    return f"'{word}'" if text.count("'") > text.count('"') else f'"{word}"'
