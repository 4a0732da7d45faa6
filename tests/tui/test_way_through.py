"""From the address to the plan, with the keyboard only."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual import events

from tests.present import reports
from tests.tui import driver
from tests.tui.driver import Asked, shows, type_in, until
from wizard.errors import ExitCode, WizardError
from wizard.model.report import Report
from wizard.present.view import view
from wizard.tui.app import WizardApp
from wizard.tui.calls import Options, Tell
from wizard.tui.screens.page import PageScreen
from wizard.tui.screens.stages import StagesScreen
from wizard.tui.screens.start import StartScreen
from wizard.tui.screens.steps import StepsScreen
from wizard.tui.screens.symptom import SymptomScreen
from wizard.tui.screens.verdict import VerdictScreen


async def to_verdict(pilot: object, app: WizardApp) -> None:
    """The shortest way: an address, and enter for both questions."""
    await pilot.press(*"5000", "enter")  # type: ignore[attr-defined]
    await until(pilot, lambda: isinstance(app.screen, SymptomScreen))  # type: ignore[arg-type]
    await pilot.press("enter", "enter")  # type: ignore[attr-defined]
    await until(pilot, lambda: isinstance(app.screen, VerdictScreen))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [driver.SMALL, driver.LARGE])
async def test_an_address_two_answers_and_the_verdict_with_its_plan(size: tuple[int, int]) -> None:
    app = driver.app()
    async with app.run_test(size=size) as pilot:
        await shows(pilot, "What can't be reached?", "5000 flask run this machine only ~/shop")
        await type_in(pilot, "http://192.168.1.100:5000")
        await pilot.press("enter")
        await shows(pilot, "What does the other device show?", "▸ I don't know", "• another device on this network")
        await pilot.press("enter", "enter")
        await shows(pilot, "✗ blocked: your Flask app (pid 4242) listens on 127.0.0.1 only", "it stops here")
        await shows(pilot, "your firewall already allows this; leave it alone", "⚠ care", "kill 4242")
        assert isinstance(app.diagnose, Asked)
        assert app.diagnose.questions == [("http://192.168.1.100:5000", Options())]


async def test_what_listens_here_can_be_chosen() -> None:
    app = driver.app()
    async with app.run_test(size=driver.SMALL) as pilot:
        await shows(pilot, "docker-proxy")
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, SymptomScreen))
        assert app.screen.text == "8080"


async def test_a_target_on_the_command_line_goes_on_at_once() -> None:
    app = driver.app(target="192.168.1.100:5000")
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, SymptomScreen))


async def test_a_pasted_error_answers_the_first_question() -> None:
    app = driver.app()
    async with app.run_test(size=driver.SMALL) as pilot:
        message = "This site can't be reached\n192.168.1.100:5000 took too long to respond.\n\nERR_CONNECTION_TIMED_OUT"
        app.screen.focused.post_message(events.Paste(message))
        await until(pilot, lambda: app.screen.focused.value.endswith("ERR_CONNECTION_TIMED_OUT"))
        await pilot.press("enter")
        await shows(pilot, "▸ … took too long to respond")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, VerdictScreen))
        assert app.diagnose.questions[0][1] == Options("timeout")


async def test_a_missing_port_is_asked_for() -> None:
    app = driver.app()
    async with app.run_test(size=driver.SMALL) as pilot:
        await type_in(pilot, "192.168.1.100 refused to connect")
        await pilot.press("enter")
        await shows(pilot, "Which port?")
        await pilot.press(*"99999", "enter")
        await shows(pilot, "99999 is no port number")
        await pilot.press(*["backspace"] * 5, *"5000", "enter")
        await shows(pilot, "▸ … refused to connect")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, VerdictScreen))
        assert app.diagnose.questions == [("192.168.1.100 refused to connect", Options("refused", port=5000))]


async def test_a_slip_is_shown_with_the_next_step_and_can_be_mended() -> None:
    app = driver.app()
    async with app.run_test(size=driver.SMALL) as pilot:
        await type_in(pilot, "192.168.1.300:5000")
        await pilot.press("enter")
        await shows(pilot, "✗ '192.168.1.300' is no IPv4 address.", "try four numbers from 0 to 255")
        assert isinstance(app.screen, StartScreen)
        await pilot.press("escape", *"5000", "enter")
        await until(pilot, lambda: isinstance(app.screen, SymptomScreen))


async def test_another_symptom_and_a_device_by_its_address() -> None:
    app = driver.app()
    async with app.run_test(size=driver.SMALL) as pilot:
        await pilot.press(*"5000", "enter")
        await until(pilot, lambda: isinstance(app.screen, SymptomScreen))
        await pilot.press("up", "enter")
        await type_in(pilot, "NS_ERROR_NET_RESET")
        await pilot.press("enter", "up", "enter")
        await type_in(pilot, "192.168.1")
        await pilot.press("enter")
        assert isinstance(app.screen, SymptomScreen)
        await type_in(pilot, ".23")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, VerdictScreen))
        assert app.diagnose.questions == [("5000", Options("NS_ERROR_NET_RESET", "192.168.1.23"))]


async def test_a_key_copies_a_step_as_it_must_be_pasted() -> None:
    app = driver.app(reports.ufw_and_loopback)
    async with app.run_test(size=driver.SMALL, notifications=True) as pilot:
        await to_verdict(pilot, app)
        await pilot.press("c")
        assert app.clipboard == "sudo ufw prepend allow proto tcp from 192.168.1.0/24 to any port 5000"
        await pilot.press("down", "down", "c")
        assert app.clipboard == "cd '/home/ada/my shop' && flask --app app run --host 0.0.0.0 --no-debug"
        await pilot.press("a")
        assert app.clipboard.splitlines() == [
            "sudo ufw prepend allow proto tcp from 192.168.1.0/24 to any port 5000",
            "kill 4242",
            "cd '/home/ada/my shop' && flask --app app run --host 0.0.0.0 --no-debug",
        ]
        await shows(pilot, "Copied 3 steps.")


async def test_root_needs_no_sudo() -> None:
    app = driver.app(reports.ufw_and_loopback, root=True)
    async with app.run_test(size=driver.SMALL) as pilot:
        await to_verdict(pilot, app)
        await pilot.press("c")
        assert app.clipboard.startswith("ufw prepend")


async def test_the_way_back_is_a_key_away_and_can_be_copied() -> None:
    app = driver.app(reports.ufw_and_loopback)
    async with app.run_test(size=driver.SMALL) as pilot:
        await to_verdict(pilot, app)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, StepsScreen))
        await shows(pilot, "1 start it as before", "2 sudo ufw delete allow proto tcp")
        await pilot.press("down", "enter")
        assert app.clipboard == "sudo ufw delete allow proto tcp from 192.168.1.0/24 to any port 5000"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, VerdictScreen))


@pytest.mark.parametrize(
    ("key", "kind", "texts"),
    [
        ("e", PageScreen, ("seen ufw status verbose: Default: deny (incoming)", "nearly", "firewall-drops-port")),
        ("x", PageScreen, ("The firewall drops what comes to this port", "throws it away")),
        ("o", StepsScreen, ("forward the port over SSH", "on the other device", "ssh -N -L 5000:127.0.0.1:5000")),
        ("f1", PageScreen, ("Copy the highlighted command", "I have run the plan: check again", "ctrl+q")),
    ],
)
async def test_pages_open_and_close(key: str, kind: type, texts: tuple[str, ...]) -> None:
    app = driver.app(reports.ufw_and_loopback)
    async with app.run_test(size=driver.SMALL) as pilot:
        await to_verdict(pilot, app)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, kind))
        await shows(pilot, *texts)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, VerdictScreen))


async def test_the_page_of_a_cause_is_the_one_that_was_given() -> None:
    app = driver.app(explain=lambda ref: f"All about {ref}.")
    async with app.run_test(size=driver.SMALL) as pilot:
        await to_verdict(pilot, app)
        await pilot.press("x")
        await shows(pilot, "All about loopback-only-bind.")


async def test_a_click_chooses_a_step_and_does_not_say_that_the_plan_was_run() -> None:
    app = driver.app()
    async with app.run_test(size=driver.SMALL) as pilot:
        await to_verdict(pilot, app)
        await pilot.click("#plan", offset=(8, 1))
        await shows(pilot, "▸ 2 start it again")
        await pilot.press("c")
        assert app.clipboard.startswith("cd '/home/ada/my shop'")
        assert isinstance(app.screen, VerdictScreen)


@pytest.mark.parametrize("key", ["f5", "enter"])
async def test_checking_again_asks_the_same_and_shows_what_has_changed(key: str) -> None:
    answers = iter((reports.loopback_flask, reports.reachable))
    app = driver.app(lambda: next(answers)())
    async with app.run_test(size=driver.SMALL) as pilot:
        await to_verdict(pilot, app)
        await pilot.press(key)
        await shows(pilot, "✓ reachable: http://192.168.1.100:8000 is open to 192.168.1.0/24")
        assert len(set(app.diagnose.questions)) == 1 and len(app.diagnose.questions) == 2


async def test_escape_leads_back_step_by_step() -> None:
    app = driver.app()
    async with app.run_test(size=driver.SMALL) as pilot:
        await to_verdict(pilot, app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SymptomScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, StartScreen))
        await shows(pilot, "5000")


async def test_undetermined_offers_the_one_command_that_would_tell() -> None:
    app = driver.app(reports.undetermined)
    async with app.run_test(size=driver.SMALL) as pilot:
        await to_verdict(pilot, app)
        await shows(pilot, "? cannot tell:", "firewall ?", "nft only speaks to root", "to tell run this, it only reads")
        await pilot.press("c")
        assert app.clipboard == "sudo wizard check 8000"


async def test_keys_that_would_show_nothing_are_not_offered() -> None:
    app = driver.app(reports.reachable)
    async with app.run_test(size=driver.SMALL) as pilot:
        await to_verdict(pilot, app)
        for key in ("c", "a", "u", "o", "x"):
            await pilot.press(key)
            assert isinstance(app.screen, VerdictScreen)
        assert app.clipboard == ""


@pytest.mark.parametrize(("key", "code"), [("q", 0), ("ctrl+q", 0), ("ctrl+c", 130)])
async def test_quitting_ends_the_program_at_once(key: str, code: int) -> None:
    app = driver.app()
    async with app.run_test(size=driver.SMALL) as pilot:
        await to_verdict(pilot, app)
        await pilot.press(key)
        await until(pilot, lambda: app._exit)
    assert app.return_code == code


async def test_every_key_is_found_in_the_command_palette() -> None:
    app = driver.app()
    async with app.run_test(size=driver.LARGE) as pilot:
        await to_verdict(pilot, app)
        await pilot.press("ctrl+p")
        await type_in(pilot, "bring back what was")
        await shows(pilot, "Undo: The commands that bring back what was there")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, StepsScreen))


@pytest.mark.parametrize("size", [driver.SMALL, driver.LARGE])
@pytest.mark.parametrize("make", reports.ALL)
async def test_every_report_can_be_shown(make: Callable[[], Report], size: tuple[int, int]) -> None:
    app = driver.app(make)
    async with app.run_test(size=size) as pilot:
        await to_verdict(pilot, app)
        await shows(pilot, {"blocked": "✗ blocked:", "reachable": "✓ reachable:"}.get(make().verdict, "? cannot tell:"))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, PageScreen))


async def test_resizing_keeps_everything() -> None:
    app = driver.app()
    async with app.run_test(size=driver.LARGE) as pilot:
        await to_verdict(pilot, app)
        await shows(pilot, "What each stage said")
        await pilot.resize_terminal(*driver.SMALL)
        await shows(pilot, "blocked:", "kill 4242", "f1 Help")
        assert "What each stage said" not in driver.screen(pilot)


async def test_an_error_is_shown_with_the_next_step_and_the_check_can_be_repeated() -> None:
    outcomes = iter(
        (WizardError("no-answer", "nft gave no answer.", "It took 5 s.", "wait", ExitCode.UNDETERMINED), None)
    )

    def diagnose(text: str, options: Options, tell: Tell) -> Report:
        if error := next(outcomes):
            raise error
        return reports.reachable()

    app = WizardApp(diagnose, lambda: ())
    async with app.run_test(size=driver.SMALL) as pilot:
        await pilot.press(*"5000", "enter")
        await until(pilot, lambda: isinstance(app.screen, SymptomScreen))
        await pilot.press("enter", "enter")
        await shows(pilot, "✗ nft gave no answer.", "It took 5 s.", "try wait")
        assert isinstance(app.screen, StagesScreen)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, VerdictScreen))


async def test_a_usage_error_leads_back_to_the_target() -> None:
    def diagnose(text: str, options: Options, tell: Tell) -> Report:
        raise WizardError("port-missing", "There is no port in it.", hint="add one")

    app = WizardApp(diagnose, lambda: ())
    async with app.run_test(size=driver.SMALL) as pilot:
        await pilot.press(*"5000", "enter")
        await until(pilot, lambda: isinstance(app.screen, SymptomScreen))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, StartScreen))
        await shows(pilot, "✗ There is no port in it.", "try add one")


@pytest.mark.parametrize("make", [make for make in reports.ALL if make is not reports.hostile])
async def test_every_finding_command_and_undo_is_on_a_screen(make: Callable[[], Report]) -> None:
    shown = view(make(), root=False)
    app = driver.app(make)
    async with app.run_test(size=driver.LARGE) as pilot:
        await to_verdict(pilot, app)
        await shows(pilot, make().sentence, *(step.text for step in shown.steps))
        if shown.undo:
            await pilot.press("u")
            await shows(pilot, *(step.text for step in shown.undo))
            await pilot.press("escape")
        await pilot.press("e")
        found = (*shown.findings, *shown.warnings)
        await shows(pilot, "The packet's way", *(one.summary for one in found), *(one.ref for one in found))
