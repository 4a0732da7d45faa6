"""An address as a QR code of half blocks, two modules a character.

Scanners want dark on light with a quiet zone of four modules (ISO/IEC 18004 section 9.1), so whoever shows the lines shows
them black on white whatever the terminal's own colours are: `DARK_ON_LIGHT` in front of each, `PLAIN` behind it.
"""

from __future__ import annotations

DARK_ON_LIGHT = "\x1b[38;5;16;48;5;231m"
"""Black and white of the fixed 6x6x6 cube: unlike the sixteen named colours no theme changes these."""
PLAIN = "\x1b[0m"
_QUIET_ZONE = 4
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def lines(text: str) -> tuple[str, ...]:
    """The code's lines, quiet zone included; a space is light, a full block is dark."""
    import segno

    code = segno.make(text, error="m", micro=False)
    rows = [[bool(module) for module in row] for row in code.matrix_iter(border=_QUIET_ZONE)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    return tuple(
        "".join(_HALVES[halves] for halves in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )


def coloured(text: str) -> tuple[str, ...]:
    """The same for a terminal, in its own colours."""
    return tuple(f"{DARK_ON_LIGHT}{line}{PLAIN}" for line in lines(text))
