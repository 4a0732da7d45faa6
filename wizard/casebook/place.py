"""Where the casebook's file is, and that nobody else can read it.

`WIZARD_CASEBOOK` names another file. Under sudo it is the file of the person who typed it, and stays theirs: a case begun
with `sudo wizard session new` is there when they look for it without.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from wizard.errors import WizardError

VARIABLE = "WIZARD_CASEBOOK"
NAME = "cases.sqlite3"
_APPLICATION = "connection-wizard"


def default() -> Path:
    """The user's own casebook."""
    named = os.environ.get(VARIABLE, "")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_data_path

    asker = _asker()
    if asker is None:
        return user_data_path(_APPLICATION, appauthor=False) / NAME
    folder = "Library/Application Support" if sys.platform == "darwin" else ".local/share"
    return _home(asker[0]) / folder / _APPLICATION / NAME


def prepare(path: Path) -> None:
    """Makes the file and the folders above it where they are missing: 0600 and 0700, whatever the umask."""
    try:
        _make_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            _shut(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise not_writable(path, error.strerror or str(error)) from error


def not_writable(path: Path, why: str) -> WizardError:
    """The error for a casebook that cannot be made or written."""
    hint = f"give yourself write access to {path.parent}, or name another file: {VARIABLE}=FILE wizard session …"
    return WizardError("casebook-not-writable", f"The casebook {path} cannot be written.", why, hint)


def _make_folder(folder: Path) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        with suppress(FileExistsError):
            each.mkdir(mode=0o700)
            hand_over(each)


def _shut(descriptor: int) -> None:
    """Readable by its owner alone. SQLite gives the files beside it (-wal, -shm) the same mode and owner."""
    if not hasattr(os, "fchmod"):
        return
    told = os.fstat(descriptor)
    if stat.S_IMODE(told.st_mode) & 0o077 and told.st_uid == os.geteuid():
        os.fchmod(descriptor, 0o600)
    asker = _asker()
    if asker is not None and told.st_uid == 0:
        os.fchown(descriptor, *asker)


def hand_over(path: Path) -> None:
    """Under sudo it belongs to the person who typed it from now on."""
    asker = _asker()
    if asker is not None:
        os.chown(path, *asker)


def _asker() -> tuple[int, int] | None:
    """Who typed sudo: their uid and gid; None where that is not so."""
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if user.isdigit() and group.isdigit() and int(user) and hasattr(os, "geteuid") and os.geteuid() == 0:
        return int(user), int(group)
    return None


def _home(user: int) -> Path:
    import pwd

    try:
        return Path(pwd.getpwuid(user).pw_dir)
    except KeyError:
        return Path.home()
