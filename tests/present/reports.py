"""Reports for the presenters' tests, as `diagnose` makes them: each is one situation, and nothing in it is odd but that."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from msgspec.structs import replace

from wizard.model.capture import Origin, Unknown
from wizard.model.diagnosis import Certainty, Finding, RootCause, Severity, Stage, Target, cannot_tell, found, ruled_out
from wizard.model.facts import Listener, Owner, Proto
from wizard.model.journey import Action, Ending, Journey, NearMiss, RuleReference, Step, Stop
from wizard.model.packet import Packet
from wizard.model.remedy import AllowInbound, Do, Edit, Plan, Rebind, Risk, Run
from wizard.model.report import ClientSees, Overall, Report, StageResult, StageStatus

PHONE = ip_address("192.168.1.23")
LAPTOP = ip_address("192.168.1.100")
LAN = ip_network("192.168.1.0/24")
HOSTILE = "[red]</script>\x1b[2J\u202ekcatta"
SS_LINE = 'LISTEN 0 128 127.0.0.1:5000 0.0.0.0:* users:(("flask",pid=4242,fd=3))'
LOOPBACK = RootCause("loopback-only-bind", Stage.BIND, "The program only accepts connections from this machine")
DROPS = RootCause("firewall-drops-port", Stage.FIREWALL, "The firewall drops what comes to this port")
DEBUGGER = RootCause("debugger-exposed", Stage.EXPOSURE, "An interactive debugger is on", severity=Severity.WARNING)


def loopback_flask() -> Report:
    """The case of SCREENS: a Flask app on 127.0.0.1 with its debugger on, behind a ufw that allows the port."""
    return Report(
        target=_target("http://192.168.1.100:5000"),
        platform="linux",
        taken_at=1_760_000_000.0,
        verdict=Overall.BLOCKED,
        sentence="your Flask app (pid 4242) listens on 127.0.0.1 only",
        journey=_stops_at_port("flask"),
        client_sees=ClientSees("refused", "ERR_CONNECTION_REFUSED", "ECONNREFUSED", 7),
        stages=_stages(bind="listens on 127.0.0.1 only"),
        findings=(_loopback("flask"), _debugger()),
        ruled_out=(Finding(DROPS, ruled_out("ufw allows 5000/tcp from 192.168.1.0/24")),),
        plan=(_rebind(),),
        alternatives=(_tunnel(),),
        firewall_innocent=True,
        vantage_interface="wlan0",
    )


def ufw_and_loopback() -> Report:
    """Two causes behind one another: ufw drops the port, and behind it the program is bound to loopback."""
    report = loopback_flask()
    rule = RuleReference("iptables", "ipv4", "filter", "ufw-user-input", front_end="ufw")
    stop_step = Step("firewall", "filtered by ufw: default deny (incoming)", Action.STOP, "ufw", (_ufw_line(),))
    journey = replace(
        report.journey,
        steps=(*report.journey.steps[:2], stop_step),
        stop=Stop(Ending.FILTER_DROPPED, stop_step),
    )
    nearly = NearMiss(rule, "accept", "it is for 8000/tcp, not 5000/tcp")
    drops = found(
        "ufw drops 5000/tcp: its default for incoming is deny",
        _ufw_line(),
        fix=(AllowInbound(5000, Proto.TCP, LAN, "wlan0"),),
        near_misses=(f"ufw allow 8000/tcp would have let it in, but {nearly.differs}",),
    )
    return replace(
        report,
        sentence="ufw drops 5000/tcp on wlan0, and your Flask app (pid 4242) listens on 127.0.0.1 only",
        journey=journey,
        client_sees=ClientSees("timeout", "ERR_CONNECTION_TIMED_OUT", "ETIMEDOUT", 28),
        findings=(Finding(DROPS, drops, "The packet arrives, and the firewall throws it away."), *report.findings),
        ruled_out=(),
        plan=(_allow(), *report.plan),
        firewall_innocent=False,
    )


def from_phone() -> Report:
    """The loopback case, seen from one device that is named."""
    report = loopback_flask()
    return replace(report, target=replace(report.target, vantage=PHONE))


def undetermined() -> Report:
    """An ordinary user: ufw is on, and its rules cannot be read."""
    unreadable = Unknown("nft only speaks to root", "sudo wizard check 8000", "the nftables ruleset")
    unknown_step = Step("firewall", "the rules could not be read", Action.UNKNOWN)
    journey = replace(_arrives("python3", 8000), unknowns=(unreadable,))
    steps = tuple(unknown_step if step.hop == "firewall" else step for step in journey.steps)
    return Report(
        target=_target("8000", port=8000),
        platform="linux",
        taken_at=1_760_000_000.0,
        verdict=Overall.UNDETERMINED,
        sentence="the firewall's rules could not be read, everything else lets the other device in",
        journey=replace(journey, steps=steps),
        client_sees=ClientSees("connected", None, None, 0, certain=False),
        stages=_stages(firewall=None),
        cannot_tell=(
            Finding(DROPS, cannot_tell("the nftables ruleset: nft only speaks to root", "sudo wizard check 8000")),
        ),
        unread=(unreadable, Unknown("Permission denied", "sudo cat /etc/ufw/user.rules", "/etc/ufw/user.rules")),
        vantage_interface="wlan0",
    )


def reachable() -> Report:
    """Nothing stands in the way."""
    return Report(
        target=_target("http://192.168.1.100:8000", port=8000),
        platform="linux",
        taken_at=1_760_000_000.0,
        verdict=Overall.REACHABLE,
        sentence="http://192.168.1.100:8000 is open to 192.168.1.0/24",
        journey=_arrives("python3", 8000),
        client_sees=ClientSees("connected", None, None, 0),
        stages=_stages(),
        vantage_interface="wlan0",
    )


def hostile() -> Report:
    """Everything that a machine may name is called `[red]</script>ESC[2J` and a right-to-left override."""
    report = loopback_flask()
    evidence = Origin(f"ss {HOSTILE}", 1, f'LISTEN users:(("{HOSTILE}",pid=1))')
    verdict = found(f"{HOSTILE} listens on 127.0.0.1 only", evidence, near_misses=(f"nearly {HOSTILE}",))
    steps = (
        Run(("kill", HOSTILE), note=f"stop {HOSTILE}"),
        Run(
            (HOSTILE, "--host", "0.0.0.0"),
            cwd=f"/srv/{HOSTILE}",
            environment=(("FLASK_APP", HOSTILE),),
            background=True,
        ),
        Edit(f"/srv/{HOSTILE}.py", 3, f"a = '{HOSTILE}'", f"b = '{HOSTILE}'"),
        Do(f"tell {HOSTILE}"),
    )
    return replace(
        report,
        target=replace(report.target, text=f"http://{HOSTILE}:5000", host=HOSTILE),
        sentence=f"{HOSTILE} listens on 127.0.0.1 only",
        journey=_stops_at_port(HOSTILE),
        stages=_stages(bind=f"{HOSTILE} listens on 127.0.0.1 only"),
        findings=(Finding(LOOPBACK, verdict, f"About {HOSTILE}."),),
        plan=(Plan("loopback-only-bind", f"Restart {HOSTILE}", steps, undo=steps, warnings=(f"careful {HOSTILE}",)),),
        unread=(Unknown(f"no {HOSTILE}", f"cat {HOSTILE}", HOSTILE),),
    )


ALL = (loopback_flask, ufw_and_loopback, undetermined, reachable, hostile)


def _target(text: str, port: int = 5000) -> Target:
    host = "192.168.1.100" if "192" in text else ""
    return Target(text, port, host, addresses=(LAPTOP,), interface="wlan0")


def _steps(place: str) -> tuple[Step, ...]:
    return (
        Step("network", "the phone's packet comes over 192.168.1.0/24", Action.PASS),
        Step(place, f"arrives on {place}", Action.PASS, evidence=(Origin("ip -j addr", 1, "wlan0 192.168.1.100/24"),)),
        Step("firewall", "passed by ufw rule 1", Action.PASS, "ufw", (Origin("ufw status", 4, "5000/tcp ALLOW IN"),)),
    )


def _stops_at_port(name: str) -> Journey:
    listener = Listener(Proto.TCP, ip_address("127.0.0.1"), 5000, (Owner(name, 4242),), origin=Origin("ss", 3, SS_LINE))
    stop_step = Step("port", "no socket takes packets for 192.168.1.100:5000", Action.STOP, evidence=(listener.origin,))
    return Journey(
        Packet(PHONE, LAPTOP, 5000, interface="wlan0"),
        (*_steps("wlan0"), stop_step),
        Stop(Ending.NO_LISTENER, stop_step, listeners=(listener,)),
    )


def _arrives(name: str, port: int) -> Journey:
    listener = Listener(Proto.TCP, ip_address("0.0.0.0"), port, (Owner(name, 77),))
    steps = (
        *_steps("wlan0"),
        Step("port", f"0.0.0.0:{port} takes it", Action.PASS),
        Step("program", f"{name} accepts it", Action.PASS, name),
    )
    return Journey(Packet(PHONE, LAPTOP, port, interface="wlan0"), steps, delivered_to=listener)


def _stages(bind: str = "", firewall: str | None = "ufw allows 5000/tcp") -> tuple[StageResult, ...]:
    known = StageStatus.PASS if firewall is not None else StageStatus.UNKNOWN
    return (
        StageResult(Stage.NAME, StageStatus.PASS, "192.168.1.100 is this machine, on wlan0", 0.001),
        StageResult(Stage.PROCESS, StageStatus.PASS, "flask run, pid 4242", 0.02),
        StageResult(Stage.BIND, StageStatus.FAIL if bind else StageStatus.PASS, bind or "listens on 0.0.0.0"),
        StageResult(Stage.CONFLICT, StageStatus.PASS, "nobody else holds 5000"),
        StageResult(Stage.FIREWALL, known, firewall or "ufw is on; reading its rules needs root"),
        StageResult(Stage.ROUTE, StageStatus.PASS, "the answer leaves on wlan0"),
        StageResult(Stage.REACHABILITY, StageStatus.SKIPPED, "no probe was asked for"),
        StageResult(Stage.APPLICATION, StageStatus.SKIPPED, ""),
    )


def _loopback(name: str) -> Finding:
    verdict = found(
        f"{name} listens on 127.0.0.1 only, so other machines are refused",
        Origin("ss -H -ltnpe", 3, SS_LINE),
        fix=(Rebind(4242, ip_address("0.0.0.0"), 5000),),
    )
    return Finding(LOOPBACK, verdict, "The program is running and listening, but only on a loopback address.")


def _debugger() -> Finding:
    verdict = found(
        "its debugger is on; on the network it would let anyone run code as you",
        Origin("/proc/4242/environ", 0, "FLASK_DEBUG=1"),
        certainty=Certainty.LIKELY,
    )
    return Finding(DEBUGGER, verdict, "Werkzeug's debugger runs any code that is typed into it.")


def _ufw_line() -> Origin:
    return Origin("ufw status verbose", 3, "Default: deny (incoming), allow (outgoing), disabled (routed)")


def _rebind() -> Plan:
    flask = ("flask", "--app", "app", "run")
    return Plan(
        "loopback-only-bind",
        "Have Flask listen on the network, without its debugger",
        (
            Run(("kill", "4242"), note="stop it"),
            Run(
                (*flask, "--host", "0.0.0.0", "--no-debug"),
                cwd="/home/ada/my shop",
                background=True,
                note="start it again",
            ),
        ),
        undo=(Run((*flask, "--debug"), cwd="/home/ada/my shop", background=True, note="start it as before"),),
        risk=Risk.MEDIUM,
        opens_to="5000/tcp to 192.168.1.0/24",
        persists="until the program ends",
        proved=True,
        proved_by=("model",),
        verify=(Run(("curl", "-sS", "-o", "/dev/null", "http://192.168.1.100:5000/"), where="client"),),
    )


def _allow() -> Plan:
    rule = ("allow", "proto", "tcp", "from", "192.168.1.0/24", "to", "any", "port", "5000")
    return Plan(
        "firewall-drops-port",
        "Let 5000/tcp in from your network",
        (Run(("ufw", "prepend", *rule), root=True, note="let it in"),),
        undo=(Run(("ufw", "delete", *rule), root=True),),
        opens_to="5000/tcp to 192.168.1.0/24",
        proved=True,
        proved_by=("model",),
        verify=(Run(("ufw", "status"), root=True),),
    )


def _tunnel() -> Plan:
    return Plan(
        "loopback-only-bind",
        "Leave it as it is, and forward the port over SSH",
        (Run(("ssh", "-N", "-L", "5000:127.0.0.1:5000", "ada@192.168.1.100"), where="client", background=True),),
        undo=(Do("Stop the ssh command with Ctrl-C."),),
        risk=Risk.NONE,
        opens_to="one device, through SSH",
        persists="until the program ends",
        proved=False,
    )
