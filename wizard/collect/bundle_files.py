"""A bundle's outer form: a handful of named files in a folder, a zip or a tar.gz; read with suspicion, written at once.

A bundle comes from elsewhere, so names that lead out of it, links, and archives that swell beyond bounds are refused.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from wizard.errors import WizardError

MANIFEST = "bundle.toml"
MOST_FILES = 1000
MOST_BYTES = 256 * 1024 * 1024
_ARCHIVES = (".zip", ".tar.gz", ".tgz")
_HINT = "ask for a new bundle: `wizard collect -o FILE`."


def read(path: Path) -> dict[str, bytes]:
    """The bundle's files by their names relative to it. Raises WizardError where that is no bundle, or a damaged one."""
    if path.is_dir():
        return _rooted(_folder(path), path)
    if not path.exists():
        raise WizardError(
            "bundle-not-found",
            f"There is no bundle at {path}.",
            hint="check the path, or make one: `wizard collect -o FILE`.",
        )
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise WizardError(
            "bundle-not-readable", f"The bundle {path} cannot be read.", error.strerror or str(error)
        ) from error
    if start[:2] == b"PK":
        return _rooted(_zip(path), path)
    if start[:2] == b"\x1f\x8b":
        return _rooted(_tar(path), path)
    raise damaged(path, "it is neither a folder nor a zip nor a tar.gz")


def damaged(path: Path, why: str) -> WizardError:
    """The error for a bundle that cannot be used."""
    return WizardError("bundle-damaged", f"{path} is not a usable bundle.", f"{why[:1].upper()}{why[1:]}.", _HINT)


def _rooted(entries: Iterator[tuple[str, bytes]], path: Path) -> dict[str, bytes]:
    """The files, counted and named from the folder that holds the manifest (archives often have one folder around it)."""
    files: dict[str, bytes] = {}
    size = 0
    for name, data in entries:
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or "\\" in name:
            raise damaged(path, f"it has a file whose name leads out of it: {name!r}")
        size += len(data)
        if len(files) >= MOST_FILES or size > MOST_BYTES:
            raise damaged(path, f"it holds more than {MOST_FILES} files or {MOST_BYTES >> 20} MiB")
        files[str(pure)] = data
    roots = sorted((name for name in files if PurePosixPath(name).name == MANIFEST), key=len)
    if not roots:
        raise damaged(path, f"it has no {MANIFEST}")
    root = roots[0].removesuffix(MANIFEST)
    return {name.removeprefix(root): data for name, data in files.items() if name.startswith(root)}


def _folder(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        for entry in sorted(path.rglob("*")):
            if entry.is_symlink():
                raise damaged(path, f"{entry.name!r} in it is a link")
            if entry.is_file():
                yield (
                    entry.relative_to(path).as_posix(),
                    (_bounded(entry.stat().st_size, path) and entry.read_bytes()) or b"",
                )
    except OSError as error:
        raise damaged(path, f"{error.filename}: {error.strerror}") from error


def _zip(path: Path) -> Iterator[tuple[str, bytes]]:
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                # Windows PowerShell 5.1 separates folders by backslashes in its archives.
                name = entry.filename.replace("\\", "/")
                if not name.endswith("/"):
                    _bounded(entry.file_size, path)
                    with archive.open(entry) as file:
                        yield name, _at_most(file.read(entry.file_size + 1), entry.file_size, path)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise damaged(path, f"the zip cannot be read: {error}") from error


def _tar(path: Path) -> Iterator[tuple[str, bytes]]:
    import tarfile
    import zlib

    try:
        with tarfile.open(path, "r:gz") as archive:
            for entry in archive:
                if entry.isdir():
                    continue
                file = archive.extractfile(entry) if entry.isfile() else None
                if file is None:
                    raise damaged(path, f"{entry.name!r} in it is a link or a device")
                _bounded(entry.size, path)
                yield entry.name, file.read()
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise damaged(path, f"the tar.gz cannot be read: {error}") from error


def _bounded(size: int, path: Path) -> int:
    if size > MOST_BYTES:
        raise damaged(path, f"it holds more than {MOST_BYTES >> 20} MiB")
    return size


def _at_most(data: bytes, size: int, path: Path) -> bytes:
    if len(data) > size:
        raise damaged(path, "a file in it is larger than the zip says")
    return data


def write(path: Path, files: Mapping[str, bytes]) -> None:
    """Writes the files as a folder, or by the name's ending as zip or tar.gz: complete, or not at all.

    An earlier bundle there is replaced; anything else is left alone. Only the user may read it. Raises WizardError.
    """
    if not _may_replace(path):
        hint = "choose another name, or remove it yourself."
        raise WizardError(
            "bundle-would-overwrite", f"{path} exists and is not a bundle; it is left as it is.", hint=hint
        )
    try:
        (_write_archive if path.name.endswith(_ARCHIVES) else _write_folder)(path, files)
    except OSError as error:
        hint = "choose a folder where you may write."
        raise WizardError(
            "bundle-not-written", f"The bundle {path} could not be written.", error.strerror or str(error), hint
        ) from error


def _may_replace(path: Path) -> bool:
    if not path.exists() and not path.is_symlink():
        return True
    try:
        read(path)
    except WizardError:
        return path.is_dir() and not path.is_symlink() and not any(path.iterdir())
    return True


def _write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    made = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        for name, data in files.items():
            target = made / name
            target.parent.mkdir(exist_ok=True, mode=0o700)
            target.write_bytes(data)
        for each in (made, *made.rglob("*")):
            _hand_over(each)
        if path.exists():
            earlier = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
            path.rename(earlier / "earlier")
            made.rename(path)
            shutil.rmtree(earlier)
        else:
            made.rename(path)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _write_archive(path: Path, files: Mapping[str, bytes]) -> None:
    data = _zipped(files) if path.name.endswith(".zip") else _tarred(files)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    made = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        _hand_over(made)
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def _hand_over(path: Path) -> None:
    """Under sudo the bundle belongs to the person who typed it, who would otherwise not be able to read it."""
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if user.isdigit() and group.isdigit() and os.geteuid() == 0:
        with suppress(OSError):
            os.chown(path, int(user), int(group))


def _zipped(files: Mapping[str, bytes]) -> bytes:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _tarred(files: Mapping[str, bytes]) -> bytes:
    import tarfile

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.mode = 0o600
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
