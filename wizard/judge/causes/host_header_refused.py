"""The program is reached and refuses the request, because it does not know the name or address in
the URL.

A guard against DNS rebinding: Django's ALLOWED_HOSTS, Vite's `server.allowedHosts`, webpack's
`allowedHosts`, Rails' `config.hosts`, Starlette's TrustedHostMiddleware. The network is fine; the
program answers with an error as soon as another Host header comes.

What it looks like: HTTP 400 "DisallowedHost" or "Bad Request (400)" (Django), 403 "This host is not
allowed" (Vite), "Invalid Host header" (webpack), 403 "Blocked hosts" (Rails).

See it by hand:
  Linux    curl -si http://127.0.0.1:8000/ -H 'Host: 192.168.1.100:8000' | head -1      400 or 403
           curl -si http://127.0.0.1:8000/ | head -1                                    200
  macOS    curl -si http://127.0.0.1:8000/ -H 'Host: 192.168.1.100:8000'
  Windows  curl.exe -si http://127.0.0.1:8000/ -H "Host: 192.168.1.100:8000"

Fix: name this one host, never all of them:
  Django   ALLOWED_HOSTS = ["192.168.1.100"]              in settings.py
  Vite     server: { allowedHosts: ["name.local"] }       in vite.config (addresses are allowed anyway)
  webpack  devServer: { allowedHosts: ["name.local"] }
  Rails    config.hosts << "name.local"

Undo: take the entry out again.

Often mistaken for: `airplay-holds-port` (403 with "Server: AirTunes"), `application-allowlist`, and
`dev-origin-blocked`, where the page comes and its scripts do not.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._way import dialled, not_here, stop_of
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Attempt, Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import AcceptHostHeader, Advise, Intent

CAUSE = RootCause(
    ref="host-header-refused",
    stage=Stage.APPLICATION,
    title="The program refuses the name in the URL",
    catalogue=("I7", "I8", "J11"),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.APPLICATION_REFUSED)
    if stop is None:
        return not_here(journey, "The program answers to the name in the URL.")
    here = target.vantage is not None and target.vantage.is_loopback
    own = not target.host or (answers.is_self(target.host) and not here)
    host = str(dialled(facts, journey) or journey.packet.destination) if own else target.host
    attempt = stop.detail if isinstance(stop.detail, Attempt) else None
    status = f" (HTTP {attempt.status})" if attempt and attempt.status else ""
    process = answers.owner(facts, journey.delivered_to)
    fix: Intent = Advise(
        f"Add {host} to the names that the program answers to (ALLOWED_HOSTS, allowedHosts, config.hosts)."
    )
    if process is not None:
        fix = AcceptHostHeader(process.pid, host)
    who = answers.who(facts, journey.delivered_to) if journey.delivered_to else "The program"
    return found(f"{who} refuses requests for {host}{status}.", *stop.step.evidence, fix=(fix,))
