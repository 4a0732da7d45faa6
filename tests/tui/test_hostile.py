"""A process called `[red]</script>ESC[2J` is shown as that, on each screen."""

from __future__ import annotations

from tests.present import reports
from tests.tui import driver, ways
from tests.tui.driver import shows, until
from wizard.tui.calls import Arrival
from wizard.tui.messages import WayOpened
from wizard.tui.screens.symptom import SymptomScreen
from wizard.tui.screens.verdict import VerdictScreen

SHOWN = "[red]</script>\\x1b[2J\\u202ekcatta"


async def test_on_every_screen_of_the_way() -> None:
    app = driver.app(reports.hostile, explain=lambda ref: f"[b]{ref}[/b] \\[x]")
    async with app.run_test(size=driver.LARGE, notifications=True) as pilot:
        await shows(pilot, "[red]")
        _harmless(driver.screen(pilot))
        await pilot.press(*"5000", "enter")
        await until(pilot, lambda: isinstance(app.screen, SymptomScreen))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, VerdictScreen))
        await shows(pilot, f"{SHOWN} listens on 127.0.0.1 only", f"careful {SHOWN}")
        _harmless(driver.screen(pilot))
        for key, text in (("e", SHOWN), ("x", "[b]loopback-only-bind[/b] \\[x]"), ("u", "by hand"), ("f1", "Copy")):
            await pilot.press(key)
            await shows(pilot, text)
            _harmless(driver.screen(pilot))
            await pilot.press("escape")
        await pilot.press("c")
        await shows(pilot, "Copied.")
        assert "\x1b" not in app.clipboard


async def test_on_the_screens_behind_the_verdict() -> None:
    more = ways.more(watch=lambda report, tell, stop: tell(Arrival("14:07:12", SHOWN, (reports.HOSTILE,), False)))
    app = driver.app(reports.hostile, "5000", more=more)
    async with app.run_test(size=driver.LARGE) as pilot:
        await ways.to_waiting(pilot, app)
        await shows(pilot, f"{SHOWN} listens on 127.0.0.1 only")
        _harmless(driver.screen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, VerdictScreen))
        await pilot.press("l")
        await shows(pilot, "Leading by telephone", "stop [red]")
        _harmless(driver.screen(pilot))
        await pilot.press("escape")
        app.post_message(WayOpened(reports.hostile()))
        await shows(pilot, "Who has come", SHOWN)
        _harmless(driver.screen(pilot))


async def test_a_hostile_target_is_text_in_every_heading() -> None:
    app = driver.app(target="http://[red]x:5000")
    async with app.run_test(size=driver.SMALL) as pilot:
        await shows(pilot, "✗ '[red]x:5000' is no address in brackets.")


async def test_control_characters_in_a_pasted_target_are_shown_not_sent() -> None:
    app = driver.app(target="\x1b[2J http://192.168.1.100:5000 \u202e")
    async with app.run_test(size=driver.SMALL) as pilot:
        await shows(pilot, "\\x1b[2J http://192.168.1.100:5000 \\u202e")
        _harmless(driver.screen(pilot))


def _harmless(text: str) -> None:
    assert all(line.isprintable() for line in text.splitlines())
