"""Files as captures, and the source files that a remedy may edit."""

from __future__ import annotations

from pathlib import Path

from wizard.collect import sources
from wizard.collect.files import read_text
from wizard.model.capture import Capture, Unknown


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_bytes(b"app.run()\r\n# \xe4\n")
    answer = read_text(str(file))
    assert isinstance(answer, Capture)
    assert (answer.probe, answer.source, answer.text) == (f"source:{file}", str(file), "app.run()\r\n# \\xe4\n")


def test_a_large_file_and_a_strange_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 100)
    assert read_text(str(tmp_path / "big"), most=99) == Unknown(
        f"{tmp_path}/big: larger than 99 bytes", "", f"{tmp_path}/big"
    )
    assert isinstance(read_text("/etc/passwd\0x"), Unknown)


def test_sources_are_absolute_bounded_and_named(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x = 1\n")
    (tmp_path / "folder").mkdir()
    read = sources.read(["app.py", f"{tmp_path}/app.py", f"{tmp_path}/app.py", f"{tmp_path}/gone.py"])
    assert list(read) == [f"source:{tmp_path}/app.py"]
    assert isinstance(sources.read([f"{tmp_path}/folder"])[f"source:{tmp_path}/folder"], Unknown)
    for number in range(100):
        (tmp_path / str(number)).touch()
    assert len(sources.read(f"{tmp_path}/{number}" for number in range(100))) == sources.MOST_FILES
