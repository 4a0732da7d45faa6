"""What a helper says next to somebody on the telephone, what answer to expect, and what that answer means.

The person at the other end reads nothing technical: so one request at a time, in words that can be spoken.
"""

from __future__ import annotations

from msgspec import Struct

from wizard.model.report import Overall, Report
from wizard.present.plans import StepView
from wizard.present.view import view

MEANS = {
    "connected": "It gets through: what is wrong is the page, not the way to it.",
    "refused": "Some machine answers at that address and turns it away: the program is not there, listens on another "
    "address or port, or a firewall says no aloud.",
    "timeout": "Nobody answers: a firewall swallows it, the address is nobody's, or the two are not in one network.",
    "unreachable": "No way leads there: another network, a machine that is off, or a firewall that forbids it.",
    "prohibited": "The device itself, or a box on the way, does not allow it.",
    "reset": "It gets through, and is cut off: the program crashed, a proxy sits in between, or http met https.",
    "empty": "It gets through, and the program says nothing.",
    "tls-error": "It gets through; one side speaks https and the other does not, or the certificate is not trusted.",
    "unresolved": "The name is unknown to that device: the way has not even been tried. Its address would do.",
    "proxy-error": "The device asks a proxy, and the proxy cannot help.",
    "http-error": "The page comes: network and firewall are fine, the program refuses.",
}
"""What is certain once that was seen (transport as in `client_sees`)."""


class Known(Struct, frozen=True):
    """What the helper has heard so far. `symptom` is a transport; `bundle` the file that came back."""

    target: str = ""
    port: int | None = None
    symptom: str = ""
    heard: str = ""
    bundle: str = ""


class Request(Struct, frozen=True):
    """What to say, what to expect, and where the answer goes. `commands` are to be typed at the other end, one of them."""

    say: str
    expect: str
    enter: str
    commands: tuple[tuple[str, str], ...] = ()


def request(known: Known, script: str = "") -> Request:
    """The next thing to say, while the cause is not known. `script`: where `collect.sh` lies here."""
    if not known.target:
        return Request(
            "Please read me what stands in the address bar, from the first letter to the last.",
            "http://192.168.1.100:5000, or a name, a colon and a number.",
            "the address, as you hear it",
        )
    if known.port is None:
        return Request(
            "In the window where the program was started: which number does it print behind the last colon?",
            "5000, 8000, 3000 …; without a colon it is 80, with https 443.",
            "the number",
        )
    if not known.symptom and not known.heard:
        return Request(
            "Please load the page once more. What does it say in big letters, and in small grey ones below?",
            "A code such as ERR_CONNECTION_REFUSED, or a sentence: refused to connect, took too long, unreachable.",
            "the code or the sentence; or the wizard's own short code, if that device has the wizard",
            ((f"wizard check {known.target}", "on the device that cannot open it: it ends with a short code"),),
        )
    return Request(
        "Now to the machine where the program runs. Please open a terminal and type one line; it only looks.",
        "It takes some seconds and prints the name of a file. sudo asks for a password; nothing shows while it is typed.",
        "the path of the file, once it was sent to you",
        (
            (f"sudo wizard collect -o case.zip --target {known.port}", "where the wizard is installed"),
            ("sudo sh collect.sh", f"without Python: send them {script or 'platform_scripts/linux/collect.sh'} first"),
        ),
    )


def steps(report: Report) -> tuple[Request, ...]:
    """The plan as requests, one a step; and the last one, whatever the verdict: load the page again."""
    shown = view(report, root=False)
    told = tuple(_step(number, len(shown.steps), step) for number, step in enumerate(shown.steps, 1))
    if report.verdict is Overall.REACHABLE:
        say = "Please load the page once more."
    elif told:
        say = "That was all. Please load the page once more."
    else:
        say = "There is nothing to type for this one. I explain what to do, and then you load the page once more."
    last = Request(say, "The page. If it still fails: the new message tells what stands behind the first cause.",
                   "the message, if there still is one")  # fmt: skip
    return (*told, last)


def _step(number: int, count: int, step: StepView) -> Request:
    which = f"Step {number} of {count}. "
    if step.kind == "do":
        return Request(which + step.text, "They say that it is done.", "")
    if step.kind == "edit":
        say = f"{which}Please open the file, {step.lead.removeprefix('edit ')}, and change that line."
        return Request(say, f"It read {step.removed.strip()!r} before.", "", ((step.copy, "the line as it must read"),))
    where = f" {step.lead}" if step.lead else " on that machine"
    say = f"{which}Please type this{where} and press Enter{': ' + step.note if step.note else ''}."
    return Request(say, _expected(step), "", ((step.copy, ""),))


def _expected(step: StepView) -> str:
    if step.background:
        return "It prints where it runs and does not come back: that window stays open."
    password = "sudo may ask for a password; nothing shows while it is typed. " if step.text.startswith("sudo ") else ""
    return f"{password}No answer is a good answer; an error is read aloud."
