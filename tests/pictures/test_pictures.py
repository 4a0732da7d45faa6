"""The README shows what the wizard really says of the recorded machine."""

from __future__ import annotations

from tests.pictures import make


def test_the_readmes_sample_is_what_check_prints() -> None:
    assert f"```\n{make.sample()}```" in make.README.read_text(encoding="utf-8"), "python -m tests.pictures.make"


def test_the_readmes_picture_shows_the_verdict_of_today() -> None:
    drawn = make.PICTURE.read_text(encoding="utf-8")
    shown = drawn.replace("&#160;", " ").replace("&#x27;", "'")
    for words in ("listens on 127.0.0.1 only", "it stops here", "plan"):
        assert words in shown, "python -m tests.pictures.make"
