"""python -m wizard."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """The `wizard` command. Everything is written and closed when it ends, so the interpreter need not take the model
    apart value by value, which for a big ruleset takes as long as reading it did."""
    from wizard.cli import run

    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or 1
    os._exit(code)


if __name__ == "__main__":
    main()
