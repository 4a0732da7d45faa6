"""One line on standard error that says what is being asked, while somebody is watching; gone when the answer comes."""

from __future__ import annotations

import sys
from types import TracebackType

from wizard.model.report import Progress
from wizard.present.hostile import harmless


class Progressing:
    """A context in which `tell` shows progress on a terminal, and nothing elsewhere."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()

    def __enter__(self) -> Progressing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watched:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def tell(self, progress: Progress) -> None:
        """Show one piece of news in place of the last."""
        if self._watched and progress.status is None:
            sys.stderr.write(f"\r\x1b[K… {harmless(progress.text)[:70]}")
            sys.stderr.flush()
