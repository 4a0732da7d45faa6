"""Text that came from a machine, made harmless at the moment it is shown.

A process may call itself `[red]\\x1b[2J`, a directory may hold a newline or a right-to-left override (U+202E). Whatever is
not printable is shown as its escape, so it can neither move the cursor nor pretend to be another text.
"""

from __future__ import annotations

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def harmless(text: str) -> str:
    """`text` on one line, with every control, format, surrogate and unassigned character written as an escape.

    `str.isprintable` is False for exactly the Unicode categories Other and Separator (the plain space excepted): that takes
    in escape sequences, C1 controls, bidirectional overrides, zero-width characters, line and paragraph separators.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escape(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
