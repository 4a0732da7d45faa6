"""The program is running and listening, but only on a loopback address (127.0.0.1 or ::1), which no
other device can reach.

Development servers do this on purpose: `flask run`, Django's runserver, uvicorn, gunicorn, Vite.
The kernel never offers a packet from the network to such a socket; it answers with a reset, as if
nothing were there. No firewall rule can help, and none should be changed.

What it looks like: `ERR_CONNECTION_REFUSED` at once, on every other device; on the machine itself
the page loads.

See it by hand:
  Linux    ss -ltnp 'sport = :5000'             the local address is 127.0.0.1:5000 or [::1]:5000
  macOS    lsof -nP -iTCP:5000 -sTCP:LISTEN
  Windows  Get-NetTCPConnection -LocalPort 5000 -State Listen

Fix: start the program again with an address that the network reaches. The wizard rewrites the
command line that runs:
  flask --app app run --host 0.0.0.0            app.run(host="0.0.0.0") in the source
  python manage.py runserver 0.0.0.0:8000       and the address in ALLOWED_HOSTS
  uvicorn app:app --host 0.0.0.0                gunicorn -b 0.0.0.0:8000 app:app
Never with a debugger switched on: Werkzeug's debugger on the network is a remote shell for everyone
on it.

Without opening anything: `ssh -L 5000:127.0.0.1:5000 user@server` on the other device, and
http://127.0.0.1:5000 there.

Undo: start it as before, without the option.

Often mistaken for: a firewall, which people open or switch off in vain: it is not asked.
`nothing-listening` refuses on the machine itself too; `docker-published-on-loopback` is the same
for a container.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._bind import not_refused, rebind, refused_on_port
from wizard.judge.causes._client import listeners, place, refused, suspicion
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Journey

CAUSE = RootCause(
    ref="loopback-only-bind",
    stage=Stage.BIND,
    title="The program only accepts connections from this machine",
    outranks=("bound-to-another-address", "nothing-listening", "ipv4-only-bind", "ipv6-only-bind"),
    catalogue=("C1", "C2", "F17", "J9"),
)
RANK = 1


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    near = refused_on_port(journey)
    if not near:
        return not_refused(journey, target)
    elsewhere = next((each for each in near if not each.address.is_loopback), None)
    if elsewhere is not None:
        return ruled_out(f"Port {target.port} also listens on {elsewhere.address}.", elsewhere.origin)
    program = answers.who(facts, near[0])
    addresses = " and ".join(dict.fromkeys(str(each.address) for each in near))
    return found(
        f"{program} listens on {addresses} only, so other devices are refused.",
        *(each.origin for each in near),
        fix=rebind(facts, target, journey, near),
    )


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """A reset, seen from the other end: a program that listens for its own machine only answers others with one."""
    attempt = refused(target, facts, journey)
    if attempt is None or attempt.icmp is not None:
        return None
    inside = "127.0.0.1" if attempt.address.version == 4 else "[::1]"
    said = f"The program may listen on {inside} only, so that {place(attempt)} is refused."
    return suspicion(said, listeners(target, f"{inside}:{target.port}"), facts, target, journey)
