"""The rules of every anchor of pf, from pfctl(8), each headed by `# anchor NAME`; root only."""

from __future__ import annotations

import subprocess

from wizard.collect.readers import CannotLook

_MOST = 100


def read() -> str:
    """Every anchor's filter rules. Raises CannotLook where pf does not answer."""
    names = [line.strip() for line in _ask("-v", "-s", "Anchors").splitlines() if line.strip()]
    return "".join(f"# anchor {name}\n{_ask('-a', name, '-s', 'rules')}" for name in names[:_MOST])


def _ask(*words: str) -> str:
    try:
        done = subprocess.run(
            ["/sbin/pfctl", *words], capture_output=True, text=True, timeout=3, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotLook(f"pfctl: {error}", "sudo pfctl -v -s Anchors") from error
    if done.returncode:
        said = next((line for line in done.stderr.splitlines() if "ALTQ" not in line), "")
        raise CannotLook(f"pfctl answered {said!r}", "sudo pfctl -v -s Anchors")
    return done.stdout
