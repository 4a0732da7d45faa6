"""Two sides of a comparison: what is only on one of them, or is shown otherwise there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from wizard.model.change import Area, Change, Kind

T = TypeVar("T")


def sides(
    area: Area,
    one: Mapping[Any, T],
    two: Mapping[Any, T],
    name: Callable[[Any], str],
    show: Callable[[T], str],
    telling: Callable[[Any], bool] = lambda _: False,
) -> Iterator[Change]:
    """What is only in one of the two, or is shown otherwise there."""
    for key in dict.fromkeys((*one, *two)):
        before, after = (show(side[key]) if key in side else "" for side in (one, two))
        if key not in one:
            yield Change(area, Kind.NEW, name(key), "", after, telling(key))
        elif key not in two:
            yield Change(area, Kind.GONE, name(key), before, "", telling(key))
        elif before != after:
            yield Change(area, Kind.CHANGED, name(key), before, after, telling(key))
