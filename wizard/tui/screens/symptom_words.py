"""What a browser shows, as rows to choose from: in the words of Chrome, Firefox or Safari (wizard.knowledge)."""

from __future__ import annotations

from msgspec import Struct

from wizard.knowledge.browser_words import browser_words

OTHER = "other"
BROWSERS = {"chrome": "Chrome's and Edge's", "firefox": "Firefox's", "safari": "Safari's"}
# What `--symptom` takes for the code that stands for it; the order is that of how often people meet them.
CODES = {
    "ERR_CONNECTION_REFUSED": "refused",
    "ERR_CONNECTION_TIMED_OUT": "timeout",
    "ERR_ADDRESS_UNREACHABLE": "unreachable",
    "ERR_CONNECTION_RESET": "reset",
    "ERR_EMPTY_RESPONSE": "empty",
    "ERR_SSL_PROTOCOL_ERROR": "tls-error",
    "ERR_NAME_NOT_RESOLVED": "unresolved",
}
_LONGEST = 62


class Row(Struct, frozen=True):
    """One answer: what `--symptom` takes for it, the words on the screen, and the code under them where there is one."""

    id: str
    takes: str
    words: str
    code: str = ""


def rows_of(browser: str) -> tuple[Row, ...]:
    """Every answer in one browser's words; what it words like an earlier one is not said twice."""
    known = {each.code: each for each in browser_words()}
    rows: dict[str, Row] = {}
    for code, takes in CODES.items():
        if code in known:
            words = str(getattr(known[code], browser)).partition(";")[0].partition(", SSL_")[0][:_LONGEST]
            rows.setdefault(words, Row(takes, takes, words, code if browser == "chrome" else ""))
    return (*rows.values(), *_ALWAYS)


_ALWAYS = (
    Row("page", "http-error", "a page, but not mine, or 400/403/blank"),
    Row(OTHER, "", "something else, to be pasted"),
    Row("unknown", "", "I don't know"),
)
