"""What the browser shows is foretold: a real Chromium on the client machine opens each door of a street, and its
`net::ERR_…` equals `client_sees.browser`, asked on the server and asked on the client."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.chromium import Chromium, Page
from tests.live.conftest import skip_without
from tests.live.faults.doors import STREETS, WAITS, Door, Street
from tests.live.lab import Lab

LONG, SHORT = 120.0, 6.0
"""Seconds: what must show something has long; what never does is watched shortly."""


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("street", STREETS, ids=lambda street: street.name)
def test_the_browser_shows_what_both_ends_foretell(street: Street) -> None:
    skip_without(*street.needs)
    with Lab(private=street.private, router=street.router) as lab:
        street.furnish(lab)
        assert lab.loose_ends() == []
        with Chromium(lab, env=street.env) as browser, ThreadPoolExecutor(2) as together:
            checks = {
                (door.name, side): together.submit(foretold, lab, street, door, side)
                for door in street.doors for side in door.sides
            }  # fmt: skip
            seen = watched(browser, street)
            told = {key: check.result() for key, check in checks.items()}
    found = "\n".join(disagreements(street, seen, told))
    assert not found, found


def watched(browser: Chromium, street: Street) -> dict[str, Page]:
    """What each door shows: all at once, but for those that show nothing."""
    seen: dict[str, Page] = {}
    for seconds, doors in (
        (LONG, [door for door in street.doors if door.shows != WAITS]),
        (SHORT, [door for door in street.doors if door.shows == WAITS]),
    ):
        pages = browser.open(*(door.url for door in doors), seconds=seconds) if doors else []
        seen |= {door.name: page for door, page in zip(doors, pages, strict=True)}
    return seen


def foretold(lab: Lab, street: Street, door: Door, side: str) -> dict[str, object]:
    """The wizard's `client_sees` (and verdict), asked on that machine."""
    if side == "server":
        _, report = lab.check(door.url, *door.options, env=street.env)
    else:
        _, report = lab.check(door.url, "--side", "client", ns="client", alone=True, env=street.env)
    return {**report["client_sees"], "verdict": report["verdict"], "refs": [each["ref"] for each in report["findings"]]}


def disagreements(
    street: Street, seen: dict[str, Page], told: dict[tuple[str, str], dict[str, object]]
) -> Iterator[str]:
    for door in street.doors:
        page = seen[door.name]
        shows = WAITS if page.waiting else page.error
        if shows != door.shows or (door.status and page.status != door.status):
            yield f"{door.name}: Chromium shows {page}, the lab is built for {door.shows} {door.status or ''}"
        for side in door.sides:
            sees = told[door.name, side]
            # A page that never comes has no code, and neither has one that came.
            expected = (None if shows == WAITS else shows, shows == WAITS)
            if (sees["browser"], sees["transport"] == "timeout" and sees["browser"] is None) != expected:
                yield f"{door.name}: Chromium shows {shows}, the {side}'s side foretells {sees}"


def test_the_doors_are_many() -> None:
    doors = [door for street in STREETS for door in street.doors]
    assert len([door for door in doors if door.shows is not None]) >= 25
    assert len({door.name for door in doors}) == len(doors)
