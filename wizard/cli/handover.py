"""What root may be asked to run in another terminal, and the private folder in which its result is waited for.

The folder belongs to the user and nobody else may write there; a file that is anything but the user's own or root's, a
link, or writable by others is not read. A bundle is written whole or not at all (`wizard.collect.bundle_files`), so a
file that is there is complete, but for one by the shell script, which may still grow: that one is read when it opens.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys
import tempfile
from pathlib import Path

from wizard.collect.bundle import BundleSource
from wizard.errors import WizardError
from wizard.model.diagnosis import Target
from wizard.tui.calls import Brought

_APPLICATION = "connection-wizard"


class RootsFile:
    """One command for one target, with a file name of its own. `arrived` may be called from any thread."""

    def __init__(self, target: Target, folder: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="root-", dir=folder or _private_folder()))
        words = [*_program(), "collect", "-o", str(self.folder / "machine.zip"), "--target", target.text]
        # The text may have had no port: then it was asked for.
        words += ["--port", str(target.port)]
        if target.vantage is not None:
            words += ["--from", str(target.vantage)]
        self.command = shlex.join(["sudo", *words])
        script = script_path()
        self.script = shlex.join(["sudo", "sh", script, str(self.folder)]) if script else ""

    def arrived(self) -> Brought | None:
        """The newest bundle in the folder. WizardError where a file there may not be trusted."""
        found = [entry for entry in self.folder.iterdir() if entry.name.endswith((".zip", ".tar.gz"))]
        if not found:
            return None
        path = max(found, key=lambda entry: entry.lstat().st_mtime)
        _trusted(path)
        try:
            bundle = BundleSource(path)
        except WizardError:
            if path.name.endswith(".zip"):
                raise
            return None  # still being written by tar
        return Brought(str(path), bundle.target, bundle.privileged, bundle.platform)


def bring(text: str) -> Brought:
    """A bundle that somebody sent, by its path. WizardError where it is none."""
    path = Path(text.strip().strip("'\"")).expanduser()
    bundle = BundleSource(path)
    return Brought(str(path), bundle.target, bundle.privileged, bundle.platform)


def script_path() -> str:
    """Where `collect.sh` lies: beside the package in a checkout, inside it once installed; empty where neither."""
    import wizard

    package = Path(wizard.__file__).parent
    places = (package.parent / "platform_scripts", package / "platform_scripts")
    found = (place / "linux" / "collect.sh" for place in places)
    return next((str(path) for path in found if path.is_file()), "")


def _program() -> list[str]:
    """How this very wizard is called from anywhere: sudo searches other folders than its user does."""
    started = Path(sys.argv[0])
    if started.name == "wizard" and started.is_file():
        return [str(started.absolute())]
    return [sys.executable, "-m", "wizard"]


def _private_folder() -> Path:
    from platformdirs import user_runtime_path, user_state_path

    for place in (user_runtime_path, user_state_path):
        folder = place(_APPLICATION, appauthor=False)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _own(folder)
        except (OSError, WizardError):
            continue
        return folder
    return Path(tempfile.gettempdir())  # mkdtemp makes a folder there that is the user's alone


def _own(folder: Path) -> None:
    told = folder.lstat()
    if not stat.S_ISDIR(told.st_mode) or (hasattr(os, "geteuid") and told.st_uid != os.geteuid()):
        raise WizardError("folder-not-yours", f"{folder} is not a folder of yours.")
    if told.st_mode & 0o077:
        folder.chmod(0o700)


def _trusted(path: Path) -> None:
    told = path.lstat()
    owners = (0, os.geteuid()) if hasattr(os, "geteuid") else (told.st_uid,)
    why = ""
    if not stat.S_ISREG(told.st_mode):
        why = "It is no ordinary file."
    elif told.st_uid not in owners:
        why = "It belongs to another user."
    elif told.st_mode & 0o022:
        why = "Others may write to it."
    if why:
        raise WizardError("bundle-not-trusted", f"{path} is not used.", why, "remove it, and run the command again")
