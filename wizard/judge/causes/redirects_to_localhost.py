"""The application answers with a redirect to localhost, so the other device goes looking on itself.

The application believes that it is opened at http://localhost:5000: a base URL in its configuration
(SERVER_NAME, BASE_URL, NEXTAUTH_URL, an OAuth callback), or a reverse proxy that does not pass the
Host header on.

What it looks like: on the other device the address changes to localhost and `ERR_CONNECTION_REFUSED`
follows; on the server itself the page works.

See it by hand:
  Linux    curl -sI http://192.168.1.100:5000/ | grep -i location
  macOS    curl -sI http://192.168.1.100:5000/ | grep -i location
  Windows  curl.exe -sI http://192.168.1.100:5000/

Fix: set the application's own address to the one that others use, or have it redirect by path only
(/login). Behind a proxy: pass Host and X-Forwarded-Proto on (nginx: proxy_set_header Host $http_host;)
and have the application believe them (Flask: ProxyFix, Express: trust proxy).

Undo: the setting as it was.

Often mistaken for: `loopback-address-in-url`, where the person typed it;
`browser-remembers-redirect`.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._way import not_here, stop_of
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Attempt
from wizard.model.journey import Ending, Journey
from wizard.model.packet import bracketed
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="redirects-to-localhost",
    stage=Stage.APPLICATION,
    title="The application sends the other device to itself",
    catalogue=("I11", "I12"),
)


def check(target: Target, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.REDIRECTED_AWAY)
    if stop is None:
        return not_here(journey, "The application redirects nobody to himself.")
    where = answers.redirected_to(stop.detail) if isinstance(stop.detail, Attempt) else "localhost"
    host = f"{target.host or bracketed(journey.packet.destination)}:{target.port}"
    advice = Advise(
        f"Have the application call itself {host}: look for localhost in its configuration (SERVER_NAME, BASE_URL, "
        "a callback URL), or for a proxy in front that does not pass the Host header on."
    )
    return found(
        f"The application redirects to {where}, which is every device's own self.", *stop.step.evidence, fix=(advice,)
    )
