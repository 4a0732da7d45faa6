"""python -m wizard."""

from __future__ import annotations

import sys


def main() -> int:
    """The `wizard` command; returns the exit code."""
    from wizard.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
