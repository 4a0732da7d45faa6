"""Questions that no command answers well: each module has `read()`, which returns text as a command would print it.

`read` raises OSError where the system refuses, and CannotLook where something else prevents the look. None means that
another probe has answered already.
"""

from __future__ import annotations


class CannotLook(Exception):
    """Why a reader cannot answer, in words; `remedy` is the command that would, or empty."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.remedy = remedy
