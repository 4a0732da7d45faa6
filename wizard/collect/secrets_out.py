"""Takes out what opens doors: passwords, tokens, keys, cookies. Nothing stands for them; they are gone."""

from __future__ import annotations

import re

REMOVED = "removed"
# Every repetition is bounded: the text is hostile, and a pattern must not take a time that grows with its square.
_WORD = r"[\w.-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api_?-?key|private_?-?key|credential)[\w.-]{0,40}"
_LOGIN = re.compile(r"(?P<before>://)[^/@\s\"']{1,200}:[^/@\s\"']{1,200}(?=@)")
_SETTING = re.compile(
    rf"(?i)(?P<before>\b{_WORD}[\"']?\s{{0,9}}[=:]\s{{0,9}})(?P<quote>[\"'])(?:(?!(?P=quote)).){{1,400}}(?P=quote)"
)
_OPTION = re.compile(rf"(?i)(?P<before>--?{_WORD}=|\b{_WORD}=)[^\s\"'\\&]{{1,400}}")
_HEADER = re.compile(
    r"(?i)(?P<before>\b(?:set-cookie|cookie|authorization|proxy-authorization|x-api-key)\s{0,9}[:=]\s{0,9})[^\r\n\"\\]{1,4000}"
)
_BEARER = re.compile(r"(?i)(?P<before>\b(?:bearer|basic)\s{1,9})[\w.~+/=-]{8,4000}")
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.{0,9000}?-----END [A-Z ]{0,30}PRIVATE KEY-----", re.DOTALL
)
_FLAG = re.compile(rf"(?i)--?{_WORD}")


def without_secrets(text: str) -> str:
    """The text without them."""
    text = _KEY_BLOCK.sub(REMOVED, text)
    text = _LOGIN.sub(rf"\g<before>{REMOVED}:{REMOVED}", text)
    text = _SETTING.sub(rf"\g<before>\g<quote>{REMOVED}\g<quote>", text)
    text = _OPTION.sub(rf"\g<before>{REMOVED}", text)
    return _BEARER.sub(rf"\g<before>{REMOVED}", _HEADER.sub(rf"\g<before>{REMOVED}", text))


def without_secret_arguments(argv: list[str]) -> list[str]:
    """The arguments without what follows `--password` as an argument of its own."""
    following = [bool(_FLAG.fullmatch(each)) for each in ["", *argv[:-1]]] if argv else []
    return [REMOVED if hide else each for hide, each in zip(following, argv, strict=True)]


def without_page(banner: str) -> str:
    """The first bytes of an answer without the page: where it was given (2xx), what it says is its reader's business.

    A refusal's words are kept: they tell why.
    """
    head, gap, body = banner.partition("\r\n\r\n")
    words = head.split(None, 2)
    if not body or len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].startswith("2"):
        return banner
    return head + gap + REMOVED
