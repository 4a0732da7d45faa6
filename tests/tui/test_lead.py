"""Leading somebody by telephone: each thing that is heard goes into one field, whatever it is."""

from __future__ import annotations

import pytest

from tests.present import reports
from tests.tui import driver, ways
from tests.tui.driver import on, shows, type_in, until
from wizard.errors import WizardError
from wizard.judge import heard_code
from wizard.model.heard import Heard
from wizard.present.leading import MEANS, Known, request
from wizard.tui.calls import Brought, Options
from wizard.tui.screens.lead import LeadScreen, heard
from wizard.tui.screens.symptom import SymptomScreen
from wizard.tui.screens.symptom_words import CODES
from wizard.tui.screens.verdict import VerdictScreen

CODE = heard_code.encode(Heard("timeout", by="nobody", took="longer", family=4, port=5000))


async def test_from_the_address_to_the_verdict_by_telephone() -> None:
    app = driver.app(more=ways.more())
    async with app.run_test(size=driver.LARGE) as pilot:
        await ways.to_lead(pilot, app)
        for said, then in (
            ("192.168.1.100", "which number does it print behind the last colon?"),
            ("5000", "What does it say in big letters"),
            ("ERR_CONNECTION_TIMED_OUT", "Please open a terminal"),
        ):
            await type_in(pilot, said)
            await pilot.press("enter")
            await shows(pilot, then)
        await shows(pilot, "Firefox The connection has timed out", "Nobody answers: a firewall swallows it")
        await pilot.press("f6")
        assert app.clipboard == "sudo wizard collect -o case.zip --target 5000"
        await type_in(pilot, "~/case.zip")
        await pilot.press("enter")
        await until(pilot, on(pilot, VerdictScreen))
        said = Options("timeout", port=5000, bundle="~/case.zip")
        assert app.diagnose.questions == [("192.168.1.100", said)]
        await pilot.press("l")
        await shows(pilot, "Step 1 of", "port 5000", "file ~/case.zip")


async def test_the_plan_is_led_through_step_by_step() -> None:
    app = driver.app(reports.ufw_and_loopback, more=ways.more())
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_lead_through_the_plan(pilot, app)
        await shows(pilot, "sudo ufw prepend allow", "sudo may ask for a password")
        await pilot.press("f6")
        assert app.clipboard.startswith("sudo ufw prepend")
        await pilot.press("enter")
        await shows(pilot, "Step 2 of 3", "kill 4242")
        await pilot.press("f8")
        await shows(pilot, "Step 3 of 3", "that window stays open")
        await pilot.press("f8", "f8")
        await shows(pilot, "That was all. Please load the page once more.")
        await pilot.press("f7")
        await shows(pilot, "Step 3 of 3")
        await type_in(pilot, "now it says refused to connect")
        await pilot.press("enter")
        await shows(pilot, "Please open a terminal", "they see refused")


async def test_a_code_with_a_slip_is_refused_and_the_right_one_taken() -> None:
    app = driver.app(more=ways.more())
    async with app.run_test(size=driver.LARGE) as pilot:
        await ways.to_lead(pilot, app)
        await type_in(pilot, "http://192.168.1.100:5000")
        await pilot.press("enter")
        await shows(pilot, "What does it say in big letters")
        await type_in(pilot, "0000-1111-2222-3333")
        await pilot.press("enter")
        await shows(pilot, "✗")
        await pilot.press(*["backspace"] * 19)
        await type_in(pilot, CODE)
        await pilot.press("enter")
        await shows(pilot, f"code {CODE}", "they see timeout")


async def test_a_bundle_alone_brings_the_question_with_it() -> None:
    def bring(path: str) -> Brought:
        if "gone" in path:
            raise WizardError("bundle-not-found", f"There is no bundle at {path}.")
        return Brought(path, "5000", True, "linux")

    app = driver.app(more=ways.more(bring=bring))
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_lead(pilot, app)
        await type_in(pilot, "/gone.zip")
        await pilot.press("enter")
        await shows(pilot, "✗ There is no bundle at /gone.zip.")
        await pilot.press(*["backspace"] * 9)
        await type_in(pilot, "/case.zip")
        await pilot.press("enter")
        await until(pilot, on(pilot, SymptomScreen))
        await pilot.press("enter", "enter")
        await until(pilot, on(pilot, VerdictScreen))
        assert app.diagnose.questions == [("5000", Options(bundle="/case.zip"))]


async def test_this_machine_instead() -> None:
    app = driver.app(more=ways.more())
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_lead(pilot, app)
        await pilot.press("ctrl+t")
        await shows(pilot, "That machine has told nothing yet.")
        await type_in(pilot, "5000")
        await pilot.press("enter")
        await shows(pilot, "port 5000")
        await pilot.press("ctrl+t")
        await until(pilot, on(pilot, VerdictScreen))


async def test_escape_leads_back_and_forgets_nothing() -> None:
    app = driver.app(more=ways.more())
    async with app.run_test(size=driver.SMALL) as pilot:
        await type_in(pilot, "5000")
        await pilot.press("f2")
        await until(pilot, on(pilot, LeadScreen))
        await shows(pilot, "port 5000", "What does it say in big letters")
        await pilot.press("escape")
        await shows(pilot, "What can't be reached?", "│ 5000")


@pytest.mark.parametrize(
    ("known", "text", "then"),
    [
        (Known(), "http://192.168.1.5:3000", Known("http://192.168.1.5:3000", 3000)),
        (Known(), "192.168.1.5 refused to connect", Known("192.168.1.5 refused to connect", None, "refused")),
        (Known("box.local"), "3000", Known("box.local", 3000)),
        (Known("box.local:1", 1), "Unable to connect", Known("box.local:1", 1, "refused")),
        (Known("box.local:1", 1), CODE.lower(), Known("box.local:1", 1, "timeout", CODE.lower())),
    ],
)
def test_what_is_heard_is_understood(known: Known, text: str, then: Known) -> None:
    assert heard(known, text) == then


def test_every_symptom_that_can_be_chosen_says_what_it_means() -> None:
    assert set(CODES.values()) <= set(MEANS)


def test_there_is_always_something_to_say() -> None:
    for known in (Known(), Known("x"), Known("x", 1), Known("x", 1, "refused")):
        assert request(known).say.endswith((".", "?")) and request(known).enter
