"""The keys of a screen, once for the help page and the command palette: every binding of ours has an id and a tooltip."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from msgspec import Struct
from textual.app import App
from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen

_NAMED = {"escape": "esc", "down": "↓"}


class Offered(Struct, frozen=True):
    """A binding, and the node whose action it runs."""

    app: App[Any]
    node: DOMNode
    binding: Binding

    @property
    def keys(self) -> str:
        """The keys as a person reads them: `ctrl+q`, `f1`, `esc, q`."""
        return ", ".join(_NAMED.get(key.strip(), key.strip()) for key in self.binding.key.split(","))

    @property
    def help(self) -> str:
        """What it does, in a sentence."""
        return self.binding.tooltip or self.binding.description


def offered(screen: Screen[Any], app: App[Any]) -> tuple[Offered, ...]:
    """What the focused widget, the screen and the app offer at this moment, in that order; each id once."""
    found: dict[str, Offered] = {}
    for node in (screen.focused, screen, app):
        for binding in _declared(node):
            if node is not None and node.check_action(binding.action, ()):
                found.setdefault(binding.id or binding.key, Offered(app, node, binding))
    return tuple(found.values())


def _declared(node: DOMNode | None) -> Iterable[Binding]:
    """The bindings with an id: Textual's own have none."""
    classes = type(node).__mro__ if node is not None else ()
    bindings = (binding for owner in classes for binding in owner.__dict__.get("BINDINGS", ()))
    return (binding for binding in bindings if isinstance(binding, Binding) and binding.id)


class ScreenCommands(Provider):
    """The present screen's keys, to be searched in the command palette."""

    async def discover(self) -> Hits:
        for one in offered(self.screen, self.app):
            text = one.binding.description
            yield DiscoveryHit(text, _runner(one), text=text, help=f"{one.help} ({one.keys})")

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for one in offered(self.screen, self.app):
            text = f"{one.binding.description}: {one.help}"
            if (score := matcher.match(text)) > 0:
                yield Hit(score, matcher.highlight(text), _runner(one), help=one.keys)


def _runner(one: Offered) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await one.app.run_action(one.binding.action, one.node)

    return run


def further_keys(screen: Screen[Any], app: App[Any]) -> Content:
    """The screen's keys that its footer has no room for: `o others   v plain   f5 again`."""
    own = [one for one in offered(screen, app) if one.node is screen and not one.binding.show]
    parts = [Content.assemble(Content.styled(one.keys, "bold"), f" {one.binding.description.lower()}") for one in own]
    return Content("   ").join(parts)


def keys_page(app: App[Any]) -> Content:
    """Every key that does something at this moment, with what it does."""
    rows = [
        Content.assemble(Content.styled(f"{one.keys:<14}", "bold"), f"{one.binding.description}: {one.help}")
        for one in offered(app.screen, app)
    ]
    about = Content(getattr(app.screen, "ABOUT", ""))
    always = Content("\n\nTab moves on, ↑ and ↓ choose, ctrl+p finds any of these by name.")
    return (about + "\n\n" if about else about) + Content("\n").join(rows) + always
