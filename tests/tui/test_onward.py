"""From the plan to the loaded page: watching for the way to open, the phone's packet, the ticket, the rehearsal."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest
from msgspec.structs import replace

from tests.present import reports
from tests.tui import driver, ways
from tests.tui.driver import on, shows, until
from wizard.errors import ExitCode, WizardError
from wizard.model.report import Report
from wizard.tui.calls import Arrival, Brought, Options, Watching
from wizard.tui.screens.confirm import ConfirmScreen
from wizard.tui.screens.page import PageScreen
from wizard.tui.screens.verdict import VerdictScreen
from wizard.tui.screens.waiting import Pauses, WaitingScreen
from wizard.tui.widgets import qr


class Machine:
    """A machine that changes when it is told to: a glance sees it, and so does the next whole check."""

    def __init__(self, *states: Callable[[], Report]) -> None:
        self.states = states
        self.now = 0
        self.glances = 0

    def report(self) -> Report:
        return self.states[self.now]()

    def glance(self, report: Report) -> str:
        self.glances += 1
        return f"state {self.now}"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses: what is tested is the order of events, never a time."""
    monkeypatch.setattr(WaitingScreen, "PAUSES", Pauses(first=0.02, most=0.05, whole=3600))


async def test_it_says_what_has_changed_so_far_and_turns_green_by_itself() -> None:
    machine = Machine(ways.dropped_by_ufw, reports.loopback_flask, reports.reachable)
    app = driver.app(machine.report, "5000", more=ways.more(glance=machine.glance))
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_waiting(pilot, app)
        await shows(pilot, "✗ Firewall still: ufw drops it")
        machine.now = 1
        await shows(pilot, "✓ Firewall now: ufw allows 5000/tcp", "✗ Bind address still: listens on 127.0.0.1 only")
        assert isinstance(app.screen, WaitingScreen)
        machine.now = 2
        await until(pilot, on(pilot, ConfirmScreen))
        await shows(pilot, "✓ reachable:", "http://192.168.1.100:8000/")
        await pilot.press("escape")
        await until(pilot, on(pilot, VerdictScreen))
        await shows(pilot, "✓ reachable:")


async def test_nothing_new_means_glances_only_and_enter_checks_at_once() -> None:
    machine = Machine(reports.loopback_flask)
    app = driver.app(machine.report, "5000", more=ways.more(glance=machine.glance))
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_waiting(pilot, app)
        await until(pilot, lambda: machine.glances > 5)
        assert len(app.diagnose.questions) == 2, "the first check, and the one that the waiting began with"
        await pilot.press("enter")
        await until(pilot, lambda: len(app.diagnose.questions) == 3)


async def test_escape_shows_the_verdict_as_it_is_now() -> None:
    machine = Machine(reports.ufw_and_loopback, reports.loopback_flask)
    app = driver.app(machine.report, "5000", more=ways.more(glance=machine.glance))
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_waiting(pilot, app)
        machine.now = 1
        await shows(pilot, "✗ blocked: your Flask app")
        await pilot.press("escape")
        await until(pilot, on(pilot, VerdictScreen))
        await shows(pilot, "✗ blocked: your Flask app", "kill 4242")


async def test_a_check_that_fails_is_said_and_the_watching_goes_on() -> None:
    machine = Machine(reports.loopback_flask, reports.reachable)
    broken = Event()

    def report() -> Report:
        if broken.is_set():
            raise WizardError("no-answer", "ss gave no answer.", code=ExitCode.UNDETERMINED)
        return machine.report()

    app = driver.app(report, "5000", more=ways.more(glance=machine.glance))
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_verdict(pilot, app)
        broken.set()
        await pilot.press("enter")
        await shows(pilot, "✗ ss gave no answer.")
        broken.clear()
        machine.now = 1
        await until(pilot, on(pilot, ConfirmScreen))


async def test_a_check_that_hangs_holds_up_no_key() -> None:
    go = Event()
    calls = iter((lambda: None, go.wait))

    def report() -> Report:
        next(calls, lambda: None)()
        return reports.loopback_flask()

    app = driver.app(report, "5000", more=ways.more())
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_verdict(pilot, app)
        await pilot.press("enter")
        await shows(pilot, "looking …")
        await pilot.press("escape")
        await until(pilot, on(pilot, VerdictScreen))
        go.set()


async def test_a_recording_is_checked_once_since_it_cannot_change() -> None:
    app = driver.app(reports.loopback_flask, "5000", more=ways.more(glance=None))
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_verdict(pilot, app)
        await pilot.press("enter")
        await until(pilot, lambda: len(app.diagnose.questions) == 2)
        await until(pilot, on(pilot, VerdictScreen))


async def test_the_phone_arrives_and_the_diary_hears_of_it() -> None:
    notes: list[str] = []
    app = driver.app(reports.reachable, "5000", more=ways.more(noted=lambda words, report: notes.append(words)))
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_confirm(pilot, app)
        await shows(pilot, "✓ 14:07:12 192.168.1.23 arrived", "HTTP 200", "✗ 14:07:15 192.168.1.24 arrived")
        await until(pilot, lambda: notes == ["the page was reached: 192.168.1.23 arrived on wlan0"])
        await pilot.press("c")
        assert app.clipboard == "http://192.168.1.100:8000/"


async def test_more_about_a_packet_takes_the_place_of_the_first_word() -> None:
    def watch(report: Report, tell: Callable[[Arrival | Watching], None], stop: Event) -> None:
        tell(Watching(("Only root sees what was dropped.",)))
        tell(Arrival("14:07:12", "192.168.1.23 arrived", key="1"))
        tell(Arrival("14:07:12", "192.168.1.23 arrived", ("dropped by ufw",), False, "1"))
        stop.wait(60)

    app = driver.app(reports.reachable, "5000", more=ways.more(watch=watch))
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_confirm(pilot, app)
        await shows(pilot, "✗ 14:07:12", "dropped by ufw", "· Only root sees what was dropped.")
        assert driver.screen(pilot).count("14:07:12") == 1


async def test_leaving_ends_the_watch() -> None:
    ended = Event()

    def watch(report: Report, tell: Callable[[Arrival | Watching], None], stop: Event) -> None:
        tell(ways.ARRIVALS[0])
        stop.wait(60)
        ended.set()

    app = driver.app(reports.reachable, "5000", more=ways.more(watch=watch))
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_confirm(pilot, app)
        await pilot.press("escape")
        await until(pilot, ended.is_set)


async def test_where_nothing_can_be_watched_it_says_what_would_be_needed() -> None:
    def watch(report: Report, tell: Callable[[Arrival | Watching], None], stop: Event) -> None:
        raise WizardError("needs-root", "Only root sees packets arrive.", hint="sudo wizard watch 8000")

    app = driver.app(reports.reachable, "5000", more=ways.more(watch=watch))
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_verdict(pilot, app)
        await pilot.press("p")
        await shows(pilot, "✗ Only root sees packets arrive.", "try sudo wizard watch 8000")


async def test_the_ticket_is_saved_and_its_path_is_said() -> None:
    app = driver.app(more=ways.more())
    async with app.run_test(size=driver.SMALL, notifications=True) as pilot:
        await ways.to_verdict(pilot, app)
        await pilot.press("t")
        await shows(pilot, "/home/ada/wizard-ticket-5000.html")


async def test_the_rehearsal_is_shown_and_the_promise_says_so() -> None:
    def rehearse(report: Report) -> Report:
        proved = tuple(replace(plan, proved_by=("model", "kernel")) for plan in report.plan)
        return replace(ways.rehearse(report), plan=proved)

    app = driver.app(more=ways.more(rehearse=rehearse))
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_verdict(pilot, app)
        await pilot.press("r")
        await until(pilot, on(pilot, PageScreen))
        await shows(pilot, "the packet was dropped before the plan, and was delivered and answered after it")
        await pilot.press("escape")
        await shows(pilot, "proved in the model and by this kernel in a rehearsal")


@pytest.mark.parametrize("key", ["r", "t", "s"])
async def test_what_cannot_be_done_here_has_no_key(key: str) -> None:
    app = driver.app()
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_verdict(pilot, app)
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(app.screen, VerdictScreen)
        await pilot.press("f1")
        await shows(pilot, "Keys")
        assert not {"Rehearse:", "Ticket:", "How:"} & set(driver.screen(pilot).split())


async def test_roots_answer_is_picked_up_by_itself() -> None:
    root = ways.Waiting()
    app = driver.app(
        ways.then(reports.undetermined, reports.loopback_flask), "5000", more=ways.more(hand_over=lambda _: root)
    )
    async with app.run_test(size=driver.SMALL, notifications=True) as pilot:
        await ways.to_verdict(pilot, app)
        await shows(pilot, "to tell root runs this", "sudo wizard collect -o")
        await pilot.press("c")
        assert app.clipboard == root.command
        await pilot.press("s")
        await shows(pilot, "What root would tell", "Or the shell script")
        root.brought = Brought("/run/machine.zip", "8000", True, "linux")
        await shows(pilot, "✗ blocked: your Flask app (pid 4242) listens on 127.0.0.1 only")
        assert app.diagnose.questions[-1] == ("5000", Options(bundle="/run/machine.zip"))
        assert app.asked == ("5000", Options()), "the next check asks the machine again"


async def test_a_file_that_may_not_be_used_is_refused_aloud() -> None:
    class Strange(ways.Waiting):
        def arrived(self) -> Brought | None:
            raise WizardError("bundle-not-trusted", "machine.zip is not used.", "It belongs to another user.")

    app = driver.app(reports.undetermined, "5000", more=ways.more(hand_over=lambda _: Strange()))
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_rights(pilot, app)
        await shows(pilot, "✗ machine.zip is not used.", "It belongs to another user.")


async def test_lately_is_listed_and_a_row_is_taken_with_enter() -> None:
    app = driver.app(more=ways.more())
    async with app.run_test(size=driver.SMALL) as pilot:
        await shows(pilot, "Lately", "raspberrypi.local:8000 solved yesterday")
        await pilot.press("tab", "tab", "down", "enter")
        await shows(pilot, "http://192.168.1.100:3000", "What does the other device show?")


async def test_the_same_in_firefoxs_and_safaris_words() -> None:
    app = driver.app(target="5000")
    async with app.run_test(size=driver.SMALL) as pilot:
        await ways.to_symptom(pilot, app)
        await pilot.press("home", "b")
        await shows(pilot, "in Firefox's words", "▸ Unable to connect")
        await pilot.press("b")
        await shows(pilot, "in Safari's words", "▸ Safari can't connect to the server")
        await pilot.press("enter", "enter")
        await until(pilot, on(pilot, VerdictScreen))
        assert app.diagnose.questions[0][1] == Options("refused")


@pytest.mark.parametrize(
    "url", ["http://192.168.1.100:5000/", "https://[fd77::1]:8443/a/long/path?with=a&query=string"]
)
def test_the_code_is_the_codes_modules_with_a_light_margin(url: str) -> None:
    import segno

    drawn = [line for row in qr.cells(url) for line in zip(*(_modules(cell) for cell in row), strict=True)]
    code = segno.make(url, error="l", boost_error=False, micro=False)
    wanted = [tuple(map(bool, row)) for row in code.matrix_iter(border=4)]
    assert drawn[: len(wanted)] == wanted
    assert not any(map(any, drawn[len(wanted) :])), "half a cell more of the margin"


def _modules(cell: str) -> tuple[bool, bool]:
    return {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}[cell]


def test_an_address_that_is_too_long_has_no_code() -> None:
    assert qr.cells("http://192.168.1.100/" + "x" * 4000) == []
    assert qr.cells("") == []
