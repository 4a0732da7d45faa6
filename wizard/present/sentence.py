"""A sentence with a tone: what every face lays out in its own way."""

from __future__ import annotations

from msgspec import Struct

from wizard.present.tone import Tone


class Sentence(Struct, frozen=True):
    """`label` says what kind of sentence it is in one word (`seen`, `so`), or is empty."""

    text: str
    tone: Tone = Tone.PLAIN
    label: str = ""
