"""Text from a machine can neither move the cursor nor pass for another text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wizard.present.hostile import harmless


@given(st.text())
def test_the_result_is_printable_and_on_one_line(text: str) -> None:
    assert harmless(text).isprintable()


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert harmless(text) == text


def test_each_kind_is_spelled_as_its_escape() -> None:
    assert harmless("a\x1b[2Jb") == "a\\x1b[2Jb"
    assert harmless("a\nb\tc\r") == "a\\nb\\tc\\r"
    assert harmless("\x9b31m") == "\\x9b31m"
    assert harmless("\u202etxt.exe") == "\\u202etxt.exe"
    assert harmless("\u200b\u2028\ufeff") == "\\u200b\\u2028\\ufeff"
    assert harmless("\udcff") == "\\udcff"
    assert harmless("\U000e0041") == "\\U000e0041"
    assert harmless("a\xa0b") == "a\\xa0b"
