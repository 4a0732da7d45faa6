"""What is asked of a Mac. Every probe only reads; macOS's commands speak English whatever the language of the system.

netstat lists every socket, of newer systems with its owner; lsof without root only the user's own. pf tells its rules to
root only. socketfilterfw's reading options need no root (shared notes of people who measured it; exit code and words are
kept where they fail on a managed Mac).
"""

from __future__ import annotations

from wizard.model.capture import Probe

FIREWALL = "/usr/libexec/ApplicationFirewall/socketfilterfw"


def _command(name: str, asks: str, line: str, **more: object) -> Probe:
    remedy = f"sudo {line}" if more.get("needs_root") else line
    return Probe(name, asks, argv=tuple(line.split()), **{"remedy": remedy, **more})  # type: ignore[arg-type]


def _alf(option: str, asks: str) -> Probe:
    return _command(f"alf-{option}", asks, f"{FIREWALL} --{option}", only_if=FIREWALL)


PROBES: tuple[Probe, ...] = (
    _command("netstat-tcp", "who listens on which TCP port", "netstat -anvW -p tcp", seconds=8.0),
    _command("netstat-udp", "who is bound to which UDP port", "netstat -anvW -p udp", seconds=8.0),
    _command("lsof", "which programs hold the ports", "lsof +c 0 -nP -iTCP -sTCP:LISTEN",
             remedy="sudo lsof -nP -iTCP -sTCP:LISTEN"),
    Probe("psutil-listeners", "who listens on which port", reader="psutil_listeners", instead_of="netstat-tcp"),
    Probe("processes", "the processes that run", reader="psutil_processes", remedy="ps -axww"),
    _command("ps", "the processes that run", "ps -axww -o pid=,ppid=,stat=,etime=,user=,comm=", instead_of="processes"),
    _command("ps-arguments", "the processes' arguments", "ps -axww -o pid=,args=", instead_of="processes"),
    _command("lsof-folders", "the processes' folders", "lsof -nP -a -d cwd -F pn", instead_of="processes"),
    _command("ifconfig", "the interfaces and addresses", "ifconfig -a"),
    _command("netstat-routes", "the routes and neighbours", "netstat -rn"),
    _alf("getglobalstate", "whether the application firewall is on"),
    _alf("getblockall", "whether it blocks everything"),
    _alf("getstealthmode", "whether it hides closed ports"),
    _alf("getallowsigned", "whether it lets signed programs in"),
    _alf("listapps", "the application firewall's programs"),
    Probe("codesign", "how the listening programs are signed", reader="mac_signatures", seconds=10.0,
          remedy="codesign -dv --verbose=2 PROGRAM"),
    _command("pf-info", "whether the packet filter pf is on", "pfctl -s info", needs_root=True),
    _command("pf-rules", "pf's rules", "pfctl -sr", needs_root=True, only_after=("pf-info", "Status:")),
    _command("pf-nat", "pf's translations", "pfctl -sn", needs_root=True, only_after=("pf-info", "Status:")),
    _command("pf-interfaces", "what pf leaves alone", "pfctl -vs Interfaces", needs_root=True,
             only_after=("pf-info", "Status:")),
    Probe("pf-anchors", "the rules of pf's anchors", reader="mac_anchors", needs_root=True, remedy="sudo pfctl -a ANCHOR -sr",
          only_after=("pf-info", "Status: Enabled")),
    _command("scutil-proxy", "the proxies", "scutil --proxy"),
    _command("scutil-dns", "which name servers are asked", "scutil --dns"),
    _command("sw-vers", "which macOS this is", "sw_vers"),
    _command("profiles", "whether an administrator manages this Mac", "profiles status -type enrollment"),
    Probe("hosts", "the hosts file", path="/etc/hosts", only_if="/etc/hosts", remedy="cat /etc/hosts"),
    Probe("proxy", "the proxy variables", reader="proxy", remedy="env"),
    Probe("platform", "what system this is", reader="platform", remedy="uname -a"),
)  # fmt: skip
