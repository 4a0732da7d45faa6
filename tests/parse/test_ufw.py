"""ufw's files, read as ufw itself reads them: `golden/ufw/show-added.txt` is what `ufw show added` printed beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.parse import ufw

GOLDEN = Path(__file__).parent / "golden" / "ufw"


def golden(name: str) -> str:
    return (GOLDEN / name).read_text()


def test_the_rules_read_as_ufw_shows_them() -> None:
    parsed = ufw.parse(golden("ufw.conf"), golden("defaults"), golden("user.rules"), golden("user6.rules"))
    assert parsed.value is not None
    assert list(parsed.value.rules) == golden("show-added.txt").splitlines()[1:]
    assert not parsed.unread


def test_the_settings() -> None:
    read = ufw.parse(
        "# a comment\nENABLED=yes\nLOGLEVEL=low\n", "IPV6=no\nDEFAULT_INPUT_POLICY='REJECT' # strict\n"
    ).value
    assert read is not None
    assert (read.enabled, read.ipv6, read.default_incoming, read.rules) == (True, False, "reject", ())
    assert (read.origin.source, read.origin.line) == ("/etc/ufw/ufw.conf", 2)


def test_no_ufw_is_none_and_no_setting_is_off() -> None:
    assert ufw.parse("").value is None
    read = ufw.parse("LOGLEVEL=low\n").value
    assert read is not None
    assert (read.enabled, read.default_incoming) == (False, "")


@pytest.mark.parametrize("line", ["### tuple ### allow tcp 80", "### tuple ### allow any 1 a any b in comment=xyz"])
def test_a_tuple_of_another_shape_is_unread(line: str) -> None:
    parsed = ufw.parse("ENABLED=yes\n", rules=line)
    assert [origin.text for origin in parsed.unread] == [line]
