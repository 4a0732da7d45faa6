"""A list to choose from, whose rows wrap with an indent. A colour alone would not do, so the chosen row has a mark, and
another one while the keys go elsewhere: `▸` here, `•` chosen before."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from wizard.tui.content import hanging

_HERE, _CHOSEN, _ELSEWHERE = "▸ ", "• ", "  "


class Choice(Struct, frozen=True):
    """One row; a row that cannot be chosen is a heading or a remark."""

    content: Content
    id: str | None = None
    disabled: bool = False


class Choices(OptionList):
    """An option list that draws its own mark."""

    def __init__(self, rows: Iterable[Choice] = (), *, id: str | None = None) -> None:
        self.rows = tuple(rows)
        super().__init__(*map(_option, self.rows), id=id, markup=False)

    def show(self, rows: Iterable[Choice]) -> None:
        """Other rows."""
        self.rows = tuple(rows)
        self.clear_options()
        self.add_options(map(_option, self.rows))
        self._draw_all()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The keyboard comes or goes: when it comes, Enter shall have something to take."""
        super().watch_has_focus(has_focus)
        if has_focus and self.highlighted is None and self.option_count:
            self.action_first()
        self._draw_all()

    def on_resize(self) -> None:
        self._draw_all()

    def watch_highlighted(self, highlighted: int | None) -> None:
        super().watch_highlighted(highlighted)
        self._draw_all()

    def _draw_all(self) -> None:
        width = self.scrollable_content_region.width or self.app.size.width - 6
        for index, row in enumerate(self.rows[: self.option_count]):
            chosen = index == self.highlighted and not row.disabled
            mark = (_HERE if self.has_focus else _CHOSEN) if chosen else _ELSEWHERE
            # The bar behind the highlighted row leaves no contrast for a muted colour.
            content = Content(row.content.plain) if chosen else row.content
            body = hanging(content, max(20, width - len(mark)), 2)
            self.replace_option_prompt_at_index(index, _beside(mark, body))


def _option(row: Choice) -> Option:
    return Option(row.content, id=row.id, disabled=row.disabled)


def _beside(mark: str, body: Content) -> Content:
    first, *others = body.split("\n", allow_blank=True)
    return Content("\n").join([Content(mark) + first, *(Content(_ELSEWHERE) + line for line in others)])
