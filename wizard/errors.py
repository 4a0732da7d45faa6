"""Errors that the user can act on: a reference, what failed, why, and what to try; and the exit codes.

error: firewall-not-readable
  Could not read the nftables ruleset.
  nft answered "Operation not permitted"; it only speaks to root.
  Try: run `sudo wizard check 8000`.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says when it ends (CONTRACT: promised)."""

    CLEAR = 0
    BLOCKED = 1
    USAGE = 2
    UNDETERMINED = 3
    FAULT = 4
    INTERRUPTED = 130


class WizardError(Exception):
    """Something the user can act on. `ref` is kebab-case and the same everywhere; `hint` is the next step."""

    def __init__(self, ref: str, what: str, why: str = "", hint: str = "", code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(what)
        self.ref = ref
        self.what = what
        self.why = why
        self.hint = hint
        self.code = code

    def lines(self) -> tuple[str, ...]:
        """The error as shown on standard error, without colour."""
        body = [f"error: {self.ref}", f"  {self.what}"]
        if self.why:
            body.append(f"  {self.why}")
        if self.hint:
            body.append(f"  Try: {self.hint}")
        return tuple(body)
