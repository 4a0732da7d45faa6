"""The app registered its URL with Windows' web server (http.sys) for one host name only, mostly
`localhost`, so whoever asks for another name or for the address gets "400 Invalid Hostname".

The port is open to everyone, because http.sys listens on all addresses; what it lacks is the name.
IIS Express, HttpListener and Reporting Services do so. To register a URL for every name
(`http://+:5000/`) a program must be an administrator, or the URL be reserved for its user: without,
HttpListener ends with "Access is denied".

What it looks like: "Bad Request - Invalid Hostname", HTTP Error 400, on every other device.

See it by hand:
  Windows  netsh http show servicestate view=requestq          HTTP://LOCALHOST:5000/
           netsh http show urlacl                              for whom http://+:5000/ is reserved

Fix: have the app register `http://+:5000/` (IIS Express: bindingInformation="*:5000:" in
applicationhost.config; HttpListener: the prefix), and reserve it for the user, as an administrator:
  netsh http add urlacl url=http://+:5000/ user=DOMAIN\\USER

Undo: netsh http delete urlacl url=http://+:5000/

Often mistaken for: `host-header-refused`, which is the program's own guard.

Known how: from Microsoft's documents and reports of others.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._way import not_here, unread
from wizard.judge.causes._windows import ELSEWHERE, known
from wizard.judge.windows.http import EVERY_HOST, host_of, port_of
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="windows-url-for-other-hosts",
    stage=Stage.APPLICATION,
    title="The app is registered with http.sys for another host name",
    outranks=("host-header-refused", "windows-http-sys-holds-port"),
    catalogue=("C9",),
)
_INVALID = b"Invalid Hostname"


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    windows = known(facts)
    if windows is None:
        return unread(facts.windows) if isinstance(facts.windows, Unknown) else ruled_out(ELSEWHERE)
    stop = journey.stop
    refused = [each for each in answers.attempts(facts) if each.port == target.port and _INVALID in each.banner]
    if stop is None or stop.ending is not Ending.APPLICATION_REFUSED or not refused:
        return not_here(journey, "http.sys did not refuse the name.")
    told = () if isinstance(windows.http, Unknown) else windows.http.registrations
    mine = [each for each in told if port_of(each.url) == target.port and host_of(each.url) not in EVERY_HOST]
    urls = " and ".join(dict.fromkeys(each.url for each in mine)) or "another host name"
    return found(
        f"http.sys takes port {target.port} for {urls} only, and refuses {refused[0].host_header}.",
        *(each.origin for each in mine[:2]),
        refused[0].origin,
        fix=(
            Advise(
                f"Have the app register http://+:{target.port}/ instead of {urls}; an administrator reserves that URL for "
                f"its user first: netsh http add urlacl url=http://+:{target.port}/ user=DOMAIN\\USER"
            ),
        ),
        certainty=Certainty.PROVED if mine else Certainty.LIKELY,
    )
