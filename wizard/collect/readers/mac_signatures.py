"""How the programs that listen are signed, from codesign(1): one question for each program, each headed by `# PATH`."""

from __future__ import annotations

import subprocess

import psutil

from wizard.collect.readers import CannotLook

_MOST = 40


def read() -> str:
    """What codesign says of every listening program that may be seen. Raises CannotLook where it is not there."""
    answers = []
    for path in sorted(_listening_programs())[:_MOST]:
        try:
            asked = ["/usr/bin/codesign", "-dv", "--verbose=2", path]
            done = subprocess.run(asked, capture_output=True, text=True, timeout=3, check=False, errors="replace")
        except FileNotFoundError as error:
            raise CannotLook("codesign is not installed") from error
        except subprocess.TimeoutExpired:
            continue
        answers.append(f"# {path}\n{done.stderr.strip()}\n")
    return "".join(answers)


def _listening_programs() -> set[str]:
    """The programs' files, as far as this user may see them; without root the system tells only of the user's own."""
    found: set[str] = set()
    for process in psutil.process_iter(["exe"]):
        try:
            if process.info["exe"] and any(
                each.status == psutil.CONN_LISTEN for each in process.net_connections("tcp")
            ):
                found.add(process.info["exe"])
        except psutil.Error:
            continue
    return found
