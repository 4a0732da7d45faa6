"""The first picture waits for nothing that it does not show."""

from __future__ import annotations

import subprocess
import sys

_MODEL = "wizard.diagnose wizard.judge wizard.knowledge wizard.parse wizard.firewalls wizard.casebook"
_LIBRARIES = "sqlite3 segno scapy jinja2"


def test_nothing_of_the_model_is_loaded_before_the_first_picture() -> None:
    program = "import sys, wizard.cli.screens, wizard.cli.guided, wizard.tui.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {*_MODEL.split(), *_LIBRARIES.split()} & set(done.stdout.split())
