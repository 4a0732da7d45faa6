"""How many attempts a watch has seen, in bounded memory: it may go on for days, on a port that strangers scan."""

from __future__ import annotations

from wizard.model.arrival import How


class Tally:
    """How many attempts there were, and how many were answered. Only the latest are remembered one by one."""

    MOST = 4096

    def __init__(self) -> None:
        self.attempts = self.answered = 0
        self._known: dict[tuple[How, int], tuple[int, bool]] = {}

    def number(self, key: tuple[How, int]) -> int:
        """The attempt's number among all, the same each time."""
        return self._known[key][0] if key in self._known else self.attempts + 1

    def note(self, key: tuple[How, int], good: bool) -> None:
        """It was told, for the first time or again."""
        number, before = self._known.get(key, (self.attempts + 1, False))
        self.attempts = max(self.attempts, number)
        self.answered += int(good) - int(before)
        self._known[key] = (number, good)
        if len(self._known) > self.MOST:
            del self._known[next(iter(self._known))]
