"""An address as a QR code of text cells, two modules to a cell: black on white, whatever the theme, with its quiet zone.

A camera needs the light margin (ISO/IEC 18004: four modules), and dark on light: so both colours are written out, and a
light theme cannot swallow them.
"""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

_CELLS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
_INK = "rgb(0,0,0) on rgb(255,255,255)"
QUIET = 4
MOST_CELLS = 60
"""A longer address makes a code that no 80 columns hold; then the address alone must do."""


class QrCode(Static):
    """The code of `text`; nothing where the text is empty or too long."""

    def __init__(self, text: str, *, id: str | None = None) -> None:
        rows = cells(text)
        super().__init__(Content.styled("\n".join(rows), _INK) if rows else Content(""), id=id)
        self.display = bool(rows)


def cells(text: str) -> list[str]:
    """The code's rows, top to bottom; empty where there is none that fits."""
    if not text:
        return []
    import segno

    try:
        code = segno.make(text, error="l", boost_error=False, micro=False)
    except (segno.DataOverflowError, ValueError):
        return []
    matrix = [[bool(module) for module in row] for row in code.matrix_iter(border=QUIET)]
    width = len(matrix[0])
    if width > MOST_CELLS:
        return []
    matrix += [[False] * width] * (len(matrix) % 2)
    pairs = zip(matrix[::2], matrix[1::2], strict=True)
    return ["".join(_CELLS[upper, lower] for upper, lower in zip(*pair, strict=True)) for pair in pairs]
