"""One failure as each browser and program words it, from `browser_words.toml`: a page names Chrome's code, and the rest
follows.
"""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from wizard.knowledge import entries


class BrowserWords(Struct, frozen=True):
    """One failure: Chrome's code, the codes that mean the same, and what stands on each screen."""

    code: str
    chrome: str
    firefox: str
    safari: str
    curl: str
    programs: str
    also: tuple[str, ...] = ()

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Who says it, and how."""
        return (
            ("Chrome", self.chrome),
            ("Firefox", self.firefox),
            ("Safari", self.safari),
            ("curl", self.curl),
            ("programs", self.programs),
        )


@cache
def browser_words() -> tuple[BrowserWords, ...]:
    """Every entry, in the file's order."""
    return entries(BrowserWords, "browser_words.toml", "words")


def words_in(text: str) -> tuple[BrowserWords, ...]:
    """The failures whose codes `text` names, in the order in which it does."""
    places = [(min(found), each) for each in browser_words() if (found := _places(each, text))]
    return tuple(each for _, each in sorted(places, key=lambda place: place[0]))


def _places(words: BrowserWords, text: str) -> list[int]:
    return [place for code in (words.code, *words.also) if (place := text.find(code)) >= 0]
