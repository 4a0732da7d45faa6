"""Whole Macs, each with what is to be said of it: a change to the benign one, the question, the answer, parts of commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from tests.macos.build import CONTROL_CENTER, IFCONFIG, NODE, PYTHON, SIGNED, listapps, rows, signatures

OFF = {"getglobalstate": "Firewall is disabled. (State = 0)\n"}
NO_ENTRY = {"listapps": listapps(("/Applications/Zoom.app", "Allow"))}
FLASK, VITE, AIRPLAY = "*.5000 Python:4242", "*.5173 node:777", "*.5000 ControlCenter:531"
OWN_ANCHOR = "com.apple/999.connection-wizard"


class Scenario(Struct, frozen=True):
    """`found` are the blocking refs in order; `commands` parts of the plan's commands; `proved` of every item of the plan."""

    name: str
    verdict: str
    found: tuple[str, ...] = ()
    sockets: tuple[str, ...] = (FLASK,)
    changes: Mapping[str, Any] = field(default_factory=dict)
    target: str = "5000"
    options: Mapping[str, Any] = field(default_factory=dict)
    transport: str | None = ""
    commands: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    proved: bool | None = None


def _pf(rules: str, **more: str) -> dict[str, Any]:
    return {"pf": {"pf-rules": rules, **{name.replace("_", "-"): text for name, text in more.items()}}}


STOCK = 'scrub-anchor "com.apple/*" all fragment reassemble\nanchor "com.apple/*" all\n'
DROP = "block drop in quick proto tcp from any to any port = 5000\n"

SCENARIOS = (
    Scenario("healthy, allowed by its entry", "reachable"),
    Scenario(
        "healthy, both firewalls off",
        "reachable",
        changes={"alf": OFF, "pf": {"pf-info": "Status: Disabled  Debug: Urgent\n"}},
    ),
    Scenario(
        "healthy, Apple's own program without an entry",
        "reachable",
        sockets=("*.8080 launchd:1",),
        target="8080",
        changes={"alf": NO_ENTRY},
    ),
    Scenario(
        "healthy, one socket for both families",
        "reachable",
        sockets=("tcp46 *.5000 Python:4242",),
        options={"vantage": "fd00:1::20"},
    ),
    Scenario("healthy, old netstat without names", "reachable", changes={"owner": "pid epid"}),
    Scenario(
        "healthy, pf passes what a rule before blocks",
        "reachable",
        changes=_pf("block drop in all\npass in proto tcp from any to any port = 5000\n"),
    ),
    Scenario(
        "healthy, pf blocks another port",
        "reachable",
        changes=_pf(STOCK + "block drop in quick proto tcp from any to any port = 5001\n"),
    ),
    Scenario(
        "healthy, pf blocks on another interface", "reachable", changes=_pf(STOCK + "block drop in quick on en5 all\n")
    ),
    Scenario(
        "healthy, a kill switch blocks what goes out only",
        "reachable",
        changes=_pf(STOCK + "block drop out quick inet from any to any\n"),
    ),
    Scenario(
        "flask on loopback only",
        "blocked",
        ("loopback-only-bind",),
        sockets=("127.0.0.1.5000 Python:4242",),
        transport="refused",
        commands=("kill 4242", "ps -o pid= -p 4242", "--host"),
        undo=("lsof -nP -t -iTCP:5000",),
        proved=True,
    ),
    Scenario(
        "flask on loopback, in stealth mode: silence",
        "blocked",
        ("loopback-only-bind",),
        sockets=("127.0.0.1.5000 Python:4242",),
        changes={"alf": {"getstealthmode": "Firewall stealth mode is on\n"}},
        transport="timeout",
    ),
    Scenario("nothing listens", "blocked", ("nothing-listening",), sockets=("*.22 launchd:1",), transport="refused"),
    Scenario(
        "nothing listens, stealth mode (old words)",
        "blocked",
        ("nothing-listening",),
        sockets=("*.22 launchd:1",),
        changes={"alf": {"getstealthmode": "Stealth mode enabled\n"}},
        transport="timeout",
    ),
    Scenario(
        "an entry blocks it",
        "blocked",
        ("macos-app-firewall-blocks",),
        changes={"alf": {"listapps": listapps((PYTHON, "Block"))}},
        transport="timeout",
        commands=("socketfilterfw --unblockapp",),
        undo=("socketfilterfw --blockapp",),
        proved=True,
    ),
    Scenario(
        "an entry blocks it, old list",
        "blocked",
        ("macos-app-firewall-blocks",),
        changes={"alf": {"listapps": listapps((PYTHON, "Block"), old=True)}},
        commands=("--unblockapp",),
        proved=True,
    ),
    Scenario(
        "an entry for the bundle around it blocks it",
        "blocked",
        ("macos-app-firewall-blocks",),
        changes={"alf": {"listapps": listapps((PYTHON.partition("/Contents")[0], "Block"))}},
        commands=("Python.app",),
        proved=True,
    ),
    Scenario(
        "no entry, signed ad hoc",
        "blocked",
        ("macos-app-firewall-blocks",),
        changes={"alf": NO_ENTRY},
        transport="timeout",
        commands=("socketfilterfw --add", "socketfilterfw --unblockapp"),
        undo=("socketfilterfw --remove",),
        proved=True,
    ),
    Scenario(
        "no entry, not signed at all",
        "blocked",
        ("macos-app-firewall-blocks",),
        changes={"alf": NO_ENTRY, "codesign": signatures({**SIGNED, PYTHON: "none"})},
        commands=("--add",),
        proved=True,
    ),
    Scenario(
        "signed, but signed programs are not let in",
        "blocked",
        ("macos-app-firewall-blocks",),
        changes={
            "alf": {
                **NO_ENTRY,
                "getallowsigned": "Automatically allow built-in signed software ENABLED.\n"
                "Automatically allow downloaded signed software DISABLED.\n",
            },
            "codesign": signatures({**SIGNED, PYTHON: "developer"}),
        },
    ),
    Scenario(
        "signed with a Developer ID and let in",
        "reachable",
        changes={"alf": NO_ENTRY, "codesign": signatures({**SIGNED, PYTHON: "developer"})},
    ),
    Scenario(
        "everything is blocked",
        "blocked",
        ("macos-app-firewall-blocks",),
        changes={"alf": {"getblockall": "Firewall has block all state set to enabled.\n"}},
        transport="timeout",
        commands=("socketfilterfw --setblockall off",),
        undo=("socketfilterfw --setblockall on",),
        proved=True,
    ),
    Scenario(
        "everything is blocked, as the state says",
        "blocked",
        ("macos-app-firewall-blocks",),
        changes={
            "alf": {"getglobalstate": "Firewall is enabled. (State = 2)\n", "getblockall": "Block all ENABLED! \n"}
        },
        commands=("--setblockall off",),
    ),
    Scenario(
        "a managed Mac",
        "blocked",
        ("macos-app-firewall-blocks",),
        changes={"alf": {"listapps": listapps((PYTHON, "Block"))}, "profiles": "com.apple.security.firewall\n"},
        proved=False,
    ),
    Scenario(
        "blocked, and on loopback only",
        "blocked",
        ("loopback-only-bind", "macos-app-firewall-blocks"),
        sockets=("127.0.0.1.5000 Python:4242",),
        changes={"alf": {"listapps": listapps((PYTHON, "Block"))}},
        commands=("kill 4242", "--unblockapp"),
        proved=True,
    ),
    Scenario(
        "AirPlay holds the port",
        "blocked",
        ("airplay-holds-port",),
        sockets=(AIRPLAY, "tcp6 *.5000 ControlCenter:531"),
        proved=False,
    ),
    Scenario(
        "AirPlay holds it, flask on loopback beside it",
        "blocked",
        ("airplay-holds-port",),
        sockets=(AIRPLAY, "127.0.0.1.5000 Python:4242"),
        commands=("5001",),
    ),
    Scenario(
        "pf drops the port before anything else",
        "blocked",
        ("firewall-drops-port",),
        changes=_pf(DROP + STOCK),
        transport="timeout",
        proved=None,
    ),
    Scenario(
        "pf drops it at the end: an anchor of our own comes first",
        "blocked",
        ("firewall-drops-port",),
        changes=_pf(STOCK + DROP),
        transport="timeout",
        commands=(f"pfctl -a {OWN_ANCHOR} -f -",),
        undo=(f"pfctl -a {OWN_ANCHOR} -F rules",),
        proved=True,
    ),
    Scenario(
        "pf rejects it with a reset",
        "blocked",
        ("firewall-rejects-port",),
        changes=_pf(STOCK + DROP.replace("drop", "return")),
        transport="refused",
        commands=(OWN_ANCHOR,),
        proved=True,
    ),
    Scenario(
        "an anchor drops it",
        "blocked",
        ("firewall-drops-port",),
        changes=_pf(STOCK, pf_anchors=f"# anchor com.apple/250.ApplicationFirewall\n{DROP}"),
        transport="timeout",
    ),
    Scenario(
        "pf asks a table that nobody read",
        "undetermined",
        changes=_pf(STOCK + "block drop in quick proto tcp from <bad> to any port = 5000\n"),
    ),
    Scenario("pf may not be read", "undetermined", changes={"unknown": ("pf-info", "pf-rules")}),
    Scenario(
        "pf may not be read, but the application firewall blocks anyway",
        "blocked",
        ("macos-app-firewall-blocks",),
        changes={"unknown": ("pf-info",), "alf": {"listapps": listapps((PYTHON, "Block"))}},
    ),
    Scenario(
        "the application firewall says something unheard of",
        "undetermined",
        changes={"alf": {"getglobalstate": "Pare-feu activé\n"}},
    ),
    Scenario("no entry, and how it is signed is not known", "undetermined", changes={"alf": NO_ENTRY, "codesign": ""}),
    Scenario(
        "the list of programs was cut off",
        "undetermined",
        changes={"alf": {"listapps": "Total number of apps = 9\n1 : /usr/bin/nc\n   (Allow incoming connections)\n"}},
    ),
    Scenario(
        "the Wi-Fi is off",
        "blocked",
        ("interface-down",),
        options={"interface": "en0"},
        changes={
            "ifconfig": IFCONFIG.replace("<UP,", "<")
            .replace("status: active", "status: inactive")
            .replace("8863<BROADCAST", "8822<BROADCAST")
        },
    ),
    Scenario(
        "vite with an entry for another node",
        "blocked",
        ("macos-app-firewall-blocks",),
        sockets=(VITE,),
        target="5173",
        changes={"alf": {"listapps": listapps(("/Users/alex/.nvm/versions/node/v20.1.0/bin/node", "Allow"))}},
        commands=(NODE,),
    ),
)
__all__ = ["CONTROL_CENTER", "SCENARIOS", "Scenario", "rows"]
