"""How a person's keys lead to each screen, with nothing in it that a clock or a machine decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from threading import Event
from typing import Any

from msgspec.structs import replace
from textual.pilot import Pilot

from tests.present import reports
from tests.tui import driver
from tests.tui.driver import on, shows, type_in, until
from wizard.model.diagnosis import Stage
from wizard.model.report import Progress, Rehearsal, Rehearsed, Report, StageResult, StageStatus
from wizard.tui.app import WizardApp
from wizard.tui.calls import Arrival, Brought, Lately, More, Options, Tell, Watching
from wizard.tui.screens.confirm import ConfirmScreen
from wizard.tui.screens.lead import LeadScreen
from wizard.tui.screens.rights import RightsScreen
from wizard.tui.screens.stages import StagesScreen
from wizard.tui.screens.symptom import SymptomScreen
from wizard.tui.screens.verdict import VerdictScreen
from wizard.tui.screens.waiting import WaitingScreen

LATELY = (
    Lately("raspberrypi.local:8000", "solved yesterday (firewall-drops-port)"),
    Lately("http://192.168.1.100:3000", "not solved on 2026-03-01"),
)
ARRIVALS = (
    Arrival("14:07:12", "192.168.1.23 arrived on wlan0", ("passed ufw rule 1, reached flask, HTTP 200",), True, "1"),
    Arrival("14:07:15", "192.168.1.24 arrived on wlan0", ("dropped by ufw: default deny (incoming)",), False, "2"),
)


class Waiting:
    """Where root's answer is waited for; `brought` is there once somebody has put it there."""

    command = "sudo wizard collect -o /run/user/1000/connection-wizard/root-1/machine.zip --target 8000 --port 8000"
    script = "sudo sh /opt/wizard/platform_scripts/linux/collect.sh /run/user/1000/connection-wizard/root-1"

    def __init__(self) -> None:
        self.brought: Brought | None = None

    def arrived(self) -> Brought | None:
        return self.brought


def watch(report: Report, tell: Callable[[Arrival | Watching], None], stop: Event) -> None:
    """Two devices come; then nothing until the screen is left."""
    tell(Watching())
    for arrival in ARRIVALS:
        tell(arrival)
    stop.wait(60)


def rehearse(report: Report) -> Report:
    """This kernel agrees."""
    done = Rehearsal(Rehearsed("drop"), Rehearsed("deliver", answered=True), agrees=True, opens=True)
    return replace(report, rehearsal=done)


def more(**others: Any) -> More:
    """Everything that can be done, done by nobody."""
    every: dict[str, Any] = {
        "recent": lambda: LATELY,
        "glance": lambda report: "as ever",
        "watch": watch,
        "rehearse": rehearse,
        "ticket": lambda report: "/home/ada/wizard-ticket-5000.html",
        "hand_over": lambda report: Waiting(),
        "bring": lambda path: Brought(path, "8000", True, "linux"),
        "script": "/opt/wizard/platform_scripts/linux/collect.sh",
    }
    return More(**{**every, **others})


class Hanging:
    """A diagnosis whose firewall probe answers only when it is let go."""

    def __init__(self, make: Callable[[], Report] = reports.reachable, limit: float = 3600.0) -> None:
        self.make, self.limit = make, limit
        self.go = Event()

    def __call__(self, text: str, options: Options, tell: Tell) -> Report:
        tell(Progress(Stage.NAME, StageStatus.PASS, "192.168.1.100 is this machine, on wlan0"))
        tell(Progress(Stage.PROCESS, StageStatus.PASS, "flask run, pid 4242"))
        tell(Progress(Stage.FIREWALL, None, "waiting for the nftables ruleset", self.limit))
        self.go.wait(60)
        return self.make()


def dropped_by_ufw() -> Report:
    """Two causes behind one another, and the stage of each says so."""
    report = reports.ufw_and_loopback()
    said = {Stage.FIREWALL: "ufw drops it: its default for incoming is deny"}
    return replace(report, stages=tuple(_failing(each, said) for each in report.stages))


def _failing(result: StageResult, said: dict[Stage, str]) -> StageResult:
    words = said.get(result.stage)
    return replace(result, status=StageStatus.FAIL, summary=words) if words else result


def then(*makes: Callable[[], Report]) -> Callable[[], Report]:
    """The first answer at first, and so on; the last one from then on."""
    left = list(makes)
    return lambda: (left.pop(0) if len(left) > 1 else left[0])()


Way = Callable[[Pilot[Any], WizardApp], Awaitable[None]]


async def to_symptom(pilot: Pilot[Any], app: WizardApp) -> None:
    if not app.target:
        await pilot.press(*"5000", "enter")
    await until(pilot, on(pilot, SymptomScreen))
    await shows(pilot, "▸ I don't know", "• another device", "f1 Help")


async def take_both(pilot: Pilot[Any]) -> None:
    """The two answers that are marked already."""
    await pilot.press("enter")
    await shows(pilot, "▸ another device")
    await pilot.press("enter")


async def to_stages(pilot: Pilot[Any], app: WizardApp) -> None:
    await to_symptom(pilot, app)
    await take_both(pilot)
    await until(pilot, on(pilot, StagesScreen))
    await shows(pilot, "waiting for the nftables ruleset", "f1 Help")


async def to_verdict(pilot: Pilot[Any], app: WizardApp) -> None:
    await to_symptom(pilot, app)
    await take_both(pilot)
    await until(pilot, on(pilot, VerdictScreen))
    await shows(pilot, "f1 Help")


async def to_waiting(pilot: Pilot[Any], app: WizardApp) -> None:
    await to_verdict(pilot, app)
    await pilot.press("enter")
    await until(pilot, on(pilot, WaitingScreen))
    await shows(pilot, "watching:", "f1 Help")


async def to_confirm(pilot: Pilot[Any], app: WizardApp) -> None:
    await to_verdict(pilot, app)
    await pilot.press("p")
    await until(pilot, on(pilot, ConfirmScreen))
    await shows(pilot, "192.168.1.23 arrived", "f1 Help")


async def to_rights(pilot: Pilot[Any], app: WizardApp) -> None:
    await to_verdict(pilot, app)
    await pilot.press("s")
    await until(pilot, on(pilot, RightsScreen))
    await shows(pilot, "What root would tell", "Copy")


async def to_lead(pilot: Pilot[Any], app: WizardApp) -> None:
    await pilot.press("f2")
    await until(pilot, on(pilot, LeadScreen))
    await shows(pilot, "Please read me", "f1 Help")


async def to_lead_with_a_symptom(pilot: Pilot[Any], app: WizardApp) -> None:
    await to_lead(pilot, app)
    await type_in(pilot, "http://192.168.1.100:5000")
    await pilot.press("enter")
    await shows(pilot, "Please load the page once more")
    await type_in(pilot, "it took too long to respond")
    await pilot.press("enter")
    await shows(pilot, "Please open a terminal", "f1 Help")


async def to_lead_through_the_plan(pilot: Pilot[Any], app: WizardApp) -> None:
    await to_verdict(pilot, app)
    await pilot.press("l")
    await until(pilot, on(pilot, LeadScreen))
    await shows(pilot, "Step 1 of", "f1 Help")


def page(key: str, *texts: str) -> Way:
    """A page over the verdict."""

    async def to_page(pilot: Pilot[Any], app: WizardApp) -> None:
        await to_verdict(pilot, app)
        await pilot.press(key)
        await shows(pilot, *texts, "Back")

    return to_page


async def stay(pilot: Pilot[Any], app: WizardApp) -> None:
    await shows(pilot, "docker-proxy", "raspberrypi", "f1 Help")


def _over(make: Callable[[], Report] = reports.ufw_and_loopback) -> Callable[[], WizardApp]:
    return lambda: driver.app(make, "5000", more=more())


SCREENS: dict[str, tuple[Callable[[], WizardApp], Way]] = {
    "start": (lambda: driver.app(rows=driver.ROWS[:2], more=more()), stay),
    "symptom": (_over(), to_symptom),
    "stages": (lambda: WizardApp(Hanging(), lambda: (), "5000", more=more()), to_stages),
    "verdict-loopback-flask": (_over(reports.loopback_flask), to_verdict),
    "verdict-ufw-and-loopback": (_over(), to_verdict),
    "verdict-undetermined": (_over(reports.undetermined), to_verdict),
    "verdict-reachable": (_over(reports.reachable), to_verdict),
    "undo": (_over(), page("u", "start it as before")),
    "others": (_over(), page("o", "Other ways")),
    "evidence": (_over(), page("e", "Evidence")),
    "explained": (_over(), page("x", "Explained")),
    "keys": (_over(), page("f1", "Keys")),
    "plain": (_over(), page("v", "Plain,")),
    "rehearsal": (_over(), page("r", "The rehearsal", "dropped")),
    "waiting": (lambda: driver.app(then(dropped_by_ufw, reports.loopback_flask), "5000", more=more()), to_waiting),
    "confirm": (_over(reports.reachable), to_confirm),
    "rights": (_over(reports.undetermined), to_rights),
    "lead-start": (lambda: driver.app(more=more()), to_lead),
    "lead-symptom": (lambda: driver.app(more=more()), to_lead_with_a_symptom),
    "lead-plan": (_over(), to_lead_through_the_plan),
}
