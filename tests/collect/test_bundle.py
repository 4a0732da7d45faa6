"""Bundles: what was saved is read back; whatever is damaged, hostile or in the way is a WizardError with the next step."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.collect.hostile import NAME
from wizard.collect import bundle_files
from wizard.collect.bundle import BundleSource, save
from wizard.errors import WizardError
from wizard.model.capture import Capture, Probe, Unknown

SOURCE = SimpleNamespace(platform="linux", taken_at=1760000000.25, privileged=True, gather=None)
CAPTURES: dict[str, Capture | Unknown] = {
    "ss-listeners": Capture(
        "ss-listeners", f'tcp\r\n"{NAME}"\\xff\x7f\x00 ü\u2028', "ss -H", 0, 0.0123456789, "a\nwarning\x7f"
    ),
    "nft-json": Unknown(f'nft answered "{NAME}"', "sudo nft -j list ruleset", "the nftables ruleset"),
    "source:/home/alex/a b.py": Capture("source:/home/alex/a b.py", "app.run()\n", "/home/alex/a b.py"),
    "empty": Capture("empty", "", "true", 0, 0.0, "not asked: x does not exist"),
}
MANIFEST = b'format = 1\ntaken_at = 1.0\nplatform = "linux"\n'


@pytest.fixture(params=["bundle", "bundle.zip", "bundle.tar.gz", "bundle.tgz"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def refusal(act: Callable[[], object]) -> WizardError:
    with pytest.raises(WizardError) as caught:
        act()
    assert caught.value.what
    assert caught.value.hint
    return caught.value


def test_what_was_saved_is_read_back(path: Path) -> None:
    save(path, SOURCE, CAPTURES, target="5000")
    bundle = BundleSource(path)
    assert (bundle.platform, bundle.taken_at, bundle.privileged) == ("linux", 1760000000.25, True)
    assert (bundle.target, bundle.redacted) == ("5000", False)
    assert bundle.captures == CAPTURES
    assert list(bundle.captures) == list(CAPTURES)


def test_an_answer_the_bundle_lacks_is_unknown(path: Path) -> None:
    save(path, SOURCE, CAPTURES)
    told: list[str] = []
    probes = [Probe("ss-listeners", "who listens"), Probe("hosts", "the hosts file", remedy="cat /etc/hosts")]
    answers = BundleSource(path).gather([*probes, Probe("other", "x", instead_of="ss-listeners")], told.append)
    assert answers == {**CAPTURES, "hosts": Unknown("the bundle does not have it", "cat /etc/hosts", "the hosts file")}
    assert told == ["read 4 answers from the bundle"]


def test_a_bundle_is_replaced_by_a_bundle(path: Path) -> None:
    save(path, SOURCE, CAPTURES)
    save(path, SOURCE, {"hosts": Capture("hosts", "127.0.0.1 localhost\n", "/etc/hosts")})
    assert list(BundleSource(path).captures) == ["hosts"]
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_only_its_owner_may_read_it(path: Path) -> None:
    save(path, SOURCE, CAPTURES)
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_nothing_else_is_overwritten(path: Path) -> None:
    if path.suffix:
        path.write_text("my thesis")
    else:
        path.mkdir()
        (path / "thesis.txt").write_text("my thesis")
    assert refusal(lambda: save(path, SOURCE, CAPTURES)).ref == "bundle-would-overwrite"
    assert (path if path.suffix else path / "thesis.txt").read_text() == "my thesis"


def test_a_folder_that_is_not_there(path: Path) -> None:
    error = refusal(lambda: save(path.parent / "none" / path.name, SOURCE, CAPTURES))
    assert error.ref == "bundle-not-written"
    assert "No such file" in error.why


def test_a_failure_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(path, SOURCE, CAPTURES)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle_files, "_hand_over", fail)
    assert refusal(lambda: save(path, SOURCE, {})).why == "No space left on device"
    assert BundleSource(path).captures == CAPTURES
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_under_sudo_it_is_handed_to_who_typed_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setenv("SUDO_UID", "1234")
    monkeypatch.setenv("SUDO_GID", "4321")
    monkeypatch.setattr(bundle_files.os, "geteuid", lambda: 0)
    monkeypatch.setattr(bundle_files.os, "chown", lambda _, user, group: given.append((user, group)))
    save(path, SOURCE, CAPTURES)
    assert set(given) == {(1234, 4321)}


def test_an_archive_with_a_folder_around_it(tmp_path: Path) -> None:
    files = {"wizard-bundle-7/bundle.toml": MANIFEST, "wizard-bundle-7/captures.toml": b'["x"]\nfile = "x.txt"\n'}
    path = zipped(tmp_path / "b.zip", {**files, "wizard-bundle-7/captures/x.txt": b"hello"})
    assert BundleSource(path).captures == {"x": Capture("x", "hello", "x")}


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "no bundle.toml"),
        ({"bundle.toml": MANIFEST}, "no captures.toml"),
        ({"bundle.toml": b"format = ", "captures.toml": b""}, "bundle.toml cannot be read"),
        ({"bundle.toml": b"\xff\xfe", "captures.toml": b""}, "bundle.toml cannot be read"),
        ({"bundle.toml": b"format = 1\n", "captures.toml": b""}, "does not say 'platform'"),
        ({"bundle.toml": MANIFEST, "captures.toml": b"[["}, "captures.toml cannot be read"),
        ({"bundle.toml": MANIFEST, "captures.toml": b"", "../../etc/cron.d/x": b""}, "leads out of it"),
        ({"bundle.toml": MANIFEST, "captures.toml": b"", "/etc/x": b""}, "leads out of it"),
        ({f"{number}": b"" for number in range(bundle_files.MOST_FILES + 1)}, "holds more than"),
    ],
)
def test_a_damaged_zip(tmp_path: Path, files: dict[str, bytes], why: str) -> None:
    error = refusal(lambda: BundleSource(zipped(tmp_path / "b.zip", files)))
    assert error.ref == "bundle-damaged"
    assert why in error.why


@pytest.mark.parametrize("data", [b"", b"MZ not a bundle", b"PK\x03\x04 cut off", b"\x1f\x8b\x08 cut off"])
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "b.zip").write_bytes(data)
    assert refusal(lambda: BundleSource(tmp_path / "b.zip")).ref == "bundle-damaged"


def test_a_zip_cut_off_in_the_middle(tmp_path: Path) -> None:
    save(tmp_path / "b.zip", SOURCE, {"x": Capture("x", "".join(map(str, range(9000))), "x")})
    data = (tmp_path / "b.zip").read_bytes()
    for length in range(0, len(data), len(data) // 17):
        (tmp_path / "cut.zip").write_bytes(data[:length])
        assert refusal(lambda: BundleSource(tmp_path / "cut.zip")).ref == "bundle-damaged"
    spoilt = bytearray(data)
    spoilt[len(data) // 2] ^= 0xFF
    (tmp_path / "spoilt.zip").write_bytes(spoilt)
    assert refusal(lambda: BundleSource(tmp_path / "spoilt.zip")).ref == "bundle-damaged"


def test_a_zip_that_swells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_files, "MOST_BYTES", 1 << 20)
    bomb = zipped(tmp_path / "b.zip", {"bundle.toml": MANIFEST, "captures.toml": b"", "captures/x.txt": bytes(5 << 20)})
    assert bomb.stat().st_size < 100_000
    assert "holds more than 1 MiB" in refusal(lambda: BundleSource(bomb)).why


def test_links_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    save(folder, SOURCE, CAPTURES)
    (folder / "captures" / "x.txt").symlink_to("/etc/passwd")
    assert "is a link" in refusal(lambda: BundleSource(folder)).why
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("captures/x.txt")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry, io.BytesIO())
    assert "is a link" in refusal(lambda: BundleSource(tmp_path / "b.tar.gz")).why


def test_a_newer_format_is_said(tmp_path: Path) -> None:
    path = zipped(tmp_path / "b.zip", {"bundle.toml": b"format = 2\n", "captures.toml": b""})
    error = refusal(lambda: BundleSource(path))
    assert (error.ref, error.why) == ("bundle-format", "Its format is 2; this wizard reads format 1.")


def test_a_path_with_nothing_there(tmp_path: Path) -> None:
    assert refusal(lambda: BundleSource(tmp_path / "none.zip")).ref == "bundle-not-found"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (b'file = "gone.txt"', "the bundle's file 'gone.txt' is missing"),
        (b'file = "../bundle.toml"', "the bundle's file '../bundle.toml' is missing"),
        (b'file = "x.txt"\nexit_code = "many"', "the bundle's entry is damaged"),
        (b"", "the bundle's file '' is missing"),
    ],
)
def test_a_damaged_entry_is_unknown(tmp_path: Path, entry: bytes, reason: str) -> None:
    files = {"bundle.toml": MANIFEST, "captures.toml": b'[x]\nwhat = "the x"\n' + entry, "captures/x.txt": b"hello"}
    assert BundleSource(zipped(tmp_path / "b.zip", files)).captures == {"x": Unknown(reason, "", "the x")}
