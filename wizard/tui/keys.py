"""The keys of a screen, once for the help page and the command palette: every binding of ours has an id and a tooltip."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from textual.app import App
from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen

_NAMED = {"escape": "esc", "question_mark": "?", "enter": "enter", "f1": "f1"}


def bindings_of(screen: Screen[object], app: App[object]) -> tuple[Binding, ...]:
    """The screen's own bindings in their order, then the app's; each id once."""
    found: dict[str, Binding] = {}
    for owner in (*type(screen).__mro__, *type(app).__mro__):
        for binding in _declared(owner):
            found.setdefault(binding.id or binding.key, binding)
    return tuple(found.values())


def _declared(owner: type) -> Iterable[Binding]:
    declared = owner.__dict__.get("BINDINGS", ())
    return (binding for binding in declared if isinstance(binding, Binding) and binding.id)


def shown_key(binding: Binding) -> str:
    """The key as a person reads it: `ctrl+q`, `f1`, `esc`."""
    return ", ".join(_NAMED.get(key.strip(), key.strip()) for key in binding.key.split(","))


class ScreenCommands(Provider):
    """The present screen's keys, to be searched in the command palette."""

    async def discover(self) -> Hits:
        for binding in bindings_of(self.screen, self.app):
            yield DiscoveryHit(binding.description, self._runner(binding), help=_help(binding))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for binding in bindings_of(self.screen, self.app):
            if (score := matcher.match(binding.description)) > 0:
                yield Hit(score, matcher.highlight(binding.description), self._runner(binding), help=_help(binding))

    def _runner(self, binding: Binding) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await self.screen.run_action(binding.action)

        return run


def _help(binding: Binding) -> str:
    return f"{binding.tooltip} ({shown_key(binding)})"
