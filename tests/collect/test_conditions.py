"""When a probe may run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from wizard.collect import conditions

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc and /sys")


def test_a_path_that_exists(tmp_path: Path) -> None:
    assert conditions.unmet(str(tmp_path)) == ""
    assert conditions.unmet(f"{tmp_path}/none") == f"{tmp_path}/none does not exist"


def test_no_condition_holds_always() -> None:
    assert conditions.unmet("") == ""


def test_any_of_several_is_enough(tmp_path: Path) -> None:
    assert conditions.unmet(f"{tmp_path}/none {tmp_path}") == ""
    assert conditions.unmet("/no/a /no/b") == "/no/a does not exist; /no/b does not exist"


def test_a_file_of_proc_must_have_something_in_it() -> None:
    assert conditions.unmet("/proc/self/stat") == ""


def test_an_empty_file_of_proc_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Path("/proc/net/ip_tables_names")
    if not names.exists() or os.geteuid() != 0 or names.read_text():
        pytest.skip("needs root and a kernel without legacy tables")
    assert conditions.unmet(str(names)) == f"{names} is empty"


def test_a_process_by_its_name() -> None:
    name = Path("/proc/self/comm").read_text().rstrip("\n")
    assert conditions.process_runs(name)
    assert conditions.unmet("process:no-such-process") == "no process called no-such-process runs"


def test_a_module_that_could_be_loaded_but_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking would load it: so where the kernel has modules, and it is neither loaded nor built in, nobody asks."""
    listed = tmp_path / "lib/modules" / os.uname().release / "modules.builtin"
    listed.parent.mkdir(parents=True)
    listed.write_text("kernel/net/netfilter/x_tables.ko\n")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/modules").write_text("veth 1 0 - Live 0x0\n")

    class Elsewhere(type(Path())):  # type: ignore[misc]
        def __new__(cls, *parts: str) -> Path:
            return Path(str(tmp_path) + str(Path(*parts)))

    monkeypatch.setattr(conditions, "Path", Elsewhere)
    assert conditions.module_present("x_tables")
    assert not conditions.module_present("nf_tables")
    (tmp_path / "sys/module/nf_tables").mkdir(parents=True)
    assert conditions.module_present("nf_tables")
    (tmp_path / "proc/modules").unlink()
    assert conditions.module_present("ip_set")
