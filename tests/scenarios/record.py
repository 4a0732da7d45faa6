"""Records scenarios in the lab: builds a fault of `tests/live/faults`, has `wizard collect` write the bundle, tidies its paths.

    python -m tests.scenarios.record ufw--default-deny loopback-only-bind--flask-run

Needs root, as the lab does. The folder is named for the fault's first ref; `expect.toml` is written from the fault, to be
looked at and cut down to what matters.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from tests.live.build_fault import broken
from tests.live.faults import everything
from tests.live.faults.entry import Fault
from tests.live.lab import Lab

HERE = Path(__file__).parent


def record(fault: Fault) -> Path:
    """One fault, as a scenario's folder."""
    ref = fault.refs[0] if fault.refs else "healthy"
    folder = HERE / (fault.name if fault.name.startswith(ref) else f"{ref}--{fault.name}")
    shutil.rmtree(folder, ignore_errors=True)
    with broken(fault) as lab:
        raw = lab.folder / "recorded-bundle"
        done = lab.run(
            [sys.executable, "-m", "wizard", "collect", "-o", str(raw), "--target", fault.target, *fault.options],
            fault.ns,
        )
        if not (raw / "bundle.toml").exists():
            raise SystemExit(f"{fault.name}: no bundle: {done.stderr}")
        shutil.copytree(raw, folder)
        _tidy(folder, lab)
    _expect(folder, fault)
    return folder


def _tidy(folder: Path, lab: Lab) -> None:
    """What speaks of the recording machine, rather than of the fault, becomes that of an ordinary server."""
    names = (
        (str(lab.folder), "/srv/site"),
        (str(Path(sys.executable).parent.parent), "/srv/venv"),
        (str(Path(sys.executable).resolve()), "/usr/bin/python3"),
    )
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            for ours, theirs in names:
                text = text.replace(ours, theirs)
            path.write_text(text, encoding="utf-8")
    captures = folder / "captures"
    _rewrite(captures / "processes.txt", _programs)
    _rewrite(captures / "attempts.txt", _short_answers)
    _rewrite(captures / "platform.txt", lambda text: re.sub(r"(?m)^(release|hostname)=.*", _plain, text))
    _rewrite(captures / "resolv-conf.txt", lambda text: re.sub(r"nameserver .*", "nameserver 192.168.1.1", text))
    _rewrite(captures / "hosts.txt", lambda text: re.sub(r"(?m)^127\.0\.0\.1 (?!localhost).*\n", "", text))


def _rewrite(path: Path, change: Callable[[str], str]) -> None:
    if path.exists():
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def _programs(text: str) -> str:
    """The fault's own programs: neither the lab's nor the wizard that looks, and no control groups of this machine."""
    kept = []
    for line in text.splitlines():
        process = json.loads(line)
        words = " ".join(process["argv"])
        if process["argv"] and "lab-init" not in words and "-m wizard" not in words:
            kept.append(json.dumps(process | {"cgroup": "0::/user.slice/user-0.slice/session-1.scope"}))
    return "\n".join(kept) + "\n"


def _short_answers(text: str) -> str:
    """Each answer's beginning only: a debug page shows the recording machine's environment and paths."""
    told = [json.loads(line) for line in text.splitlines()]
    return "".join(json.dumps(each | {"banner": each.get("banner", "")[:1200]}) + "\n" for each in told)


def _plain(match: re.Match[str]) -> str:
    return {"release": "release=6.1.0-28-amd64", "hostname": "hostname=server"}[match[1]]


def _expect(folder: Path, fault: Fault) -> None:
    options = ", ".join(f'"{each}"' for each in fault.options)
    found = ", ".join(f'"{each}"' for each in (*fault.refs[:1], *fault.behind))
    lines = (
        f'target  = "{fault.target}"',
        f"options = [{options}]",
        f'verdict = "{"blocked" if fault.refs else "reachable"}"',
        f"found   = [{found}]",
    )
    (folder / "expect.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    wanted = {name: fault for fault in everything() for name in sys.argv[1:] if fault.name == name}
    for each in sys.argv[1:]:
        print(record(wanted[each]))
