"""A benign Mac in the words of its own commands, of which a test changes one thing.

    captures(alf={"listapps": ...}, netstat=rows("*.5000 Python:4242"))

It is 192.168.1.72/24 on en0, macOS 15.3.1, its application firewall on; pf enabled with the stock rules; a Flask app runs
with Homebrew's Python (ad hoc signed), which has an entry that allows it, and listens on *:5000.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.model.capture import Capture, Unknown
from wizard.model.facts import Facts
from wizard.parse import assemble

TAKEN_AT = 1_760_000_000.0
_FRAMEWORK = "/opt/homebrew/Cellar/python@3.12/3.12.7/Frameworks/Python.framework/Versions/3.12"
PYTHON = f"{_FRAMEWORK}/Resources/Python.app/Contents/MacOS/Python"
CONTROL_CENTER = "/System/Library/CoreServices/ControlCenter.app/Contents/MacOS/ControlCenter"
NODE = "/opt/homebrew/bin/node"
PROGRAMS = {
    4242: (PYTHON, "-m flask --app app run"),
    531: (CONTROL_CENTER, ""),
    777: (NODE, "/Users/alex/shop/node_modules/.bin/vite --host"),
    1: ("/sbin/launchd", ""),
}
_NETSTAT = (
    "Active Internet connections (including servers)\n"
    "Proto Recv-Q Send-Q  Local Address  Foreign Address  (state)  rxbytes  txbytes  rhiwat  shiwat  {owner}  state\n"
)
IFCONFIG = """lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
\tinet 127.0.0.1 netmask 0xff000000
\tinet6 ::1 prefixlen 128
\tinet6 fe80::1%lo0 prefixlen 64 scopeid 0x1
en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tether f0:18:98:03:d9:30
\tinet6 fe80::8b7:1281:7499:b504%en0 prefixlen 64 secured scopeid 0x8
\tinet 192.168.1.72 netmask 0xffffff00 broadcast 192.168.1.255
\tinet6 fd00:1::72 prefixlen 64 autoconf secured
\tmedia: autoselect
\tstatus: active
"""
ROUTES = """Routing tables

Internet:
Destination        Gateway            Flags               Netif Expire
default            192.168.1.1        UGScg                 en0
127                127.0.0.1          UCS                   lo0
127.0.0.1          127.0.0.1          UH                    lo0
169.254            link#8             UCS                   en0      !
192.168.1          link#8             UCS                   en0      !
192.168.1.1        e0:33:8e:68:38:d6  UHLWIir               en0   1180
192.168.1.72/32    link#8             UCS                   en0      !

Internet6:
Destination                             Gateway                         Flags               Netif Expire
::1                                     ::1                             UHL                   lo0
fd00:1::/64                             link#8                          UC                    en0
fe80::%en0/64                           link#8                          UCI                   en0
"""
ALF = {
    "getglobalstate": "Firewall is enabled. (State = 1)\n",
    "getblockall": "Firewall has block all state set to disabled.\n",
    "getstealthmode": "Firewall stealth mode is off\n",
    "getallowsigned": "Automatically allow built-in signed software ENABLED.\n"
    "Automatically allow downloaded signed software ENABLED.\n",
    "listapps": "",
}
PF = {
    "pf-info": "Status: Enabled for 21 days 03:55:51          Debug: Urgent\n",
    "pf-rules": 'scrub-anchor "com.apple/*" all fragment reassemble\nanchor "com.apple/*" all\n',
    "pf-nat": 'nat-anchor "com.apple/*" all\nrdr-anchor "com.apple/*" all\n',
    "pf-interfaces": "lo0\nen0\n",
    "pf-anchors": "# anchor com.apple/200.AirDrop\n# anchor com.apple/250.ApplicationFirewall\n",
}


def rows(*sockets: str, owner: str = "process:pid") -> str:
    """netstat's listing of listeners: `*.5000 Python:4242`, `tcp46 *.3000 node:777`, of the 26 generation; with
    `owner="pid epid"` of an older one."""
    lines = [_NETSTAT.format(owner=owner)]
    for socket in sockets:
        family, _, rest = socket.rpartition("tcp") if socket.startswith("tcp") else ("", "", f"4 {socket}")
        words = rest.split()
        number = words[2] if owner == "process:pid" else f"{words[2].rpartition(':')[2]} 0"
        lines.append(f"{family}tcp{words[0]} 0 0 {words[1]} *.* LISTEN 0 0 131072 131072 {number} 00100 00000006\n")
    return "".join(lines)


def listapps(*entries: tuple[str, str], old: bool = False) -> str:
    """The application firewall's list, of the new generation or the old."""
    if old:
        head = f"ALF: total number of apps = {len(entries)} \n\n"
        return head + "".join(
            f"{n} :  {p} \n \t ( {v} incoming connections ) \n\n" for n, (p, v) in enumerate(entries, 1)
        )
    head = f"Total number of apps = {len(entries)}\n"
    return head + "".join(
        f"{n} : {p} \n             ({v} incoming connections)\n" for n, (p, v) in enumerate(entries, 1)
    )


def signatures(kinds: Mapping[str, str]) -> str:
    """codesign's words for each program: apple, developer, adhoc or none."""
    words = {
        "apple": "Authority=Software Signing",
        "developer": "Authority=Developer ID Application: Somebody (AB12CD34EF)",
        "adhoc": "Signature=adhoc",
    }
    return "".join(f"# {p}\n{words.get(k, f'{p}: code object is not signed at all')}\n" for p, k in kinds.items())


SIGNED = {PYTHON: "adhoc", NODE: "adhoc", CONTROL_CENTER: "apple", "/sbin/launchd": "apple"}
ALLOWED = listapps((PYTHON, "Allow"))


def captures(
    *sockets: str,
    alf: Mapping[str, str] | None = None,
    pf: Mapping[str, str] | None = None,
    owner: str = "process:pid",
    unknown: tuple[str, ...] = (),
    **texts: str,
) -> dict[str, Capture | Unknown]:
    """Everything a Mac with root answers; `unknown` names probes without an answer, `texts` replaces others (_ for -)."""
    told = {
        "netstat-tcp": rows(*(sockets or ("*.5000 Python:4242",)), owner=owner),
        "netstat-udp": _NETSTAT.format(owner=owner),
        "lsof": "",
        "ps": "".join(f"{pid} 1 S 01:02:03 alex {path}\n" for pid, (path, _) in PROGRAMS.items()),
        "ps-arguments": "".join(f"{pid} {path} {words}\n" for pid, (path, words) in PROGRAMS.items()),
        "lsof-folders": "".join(f"p{pid}\nfcwd\nn/Users/alex/shop\n" for pid in PROGRAMS),
        "ifconfig": IFCONFIG,
        "netstat-routes": ROUTES,
        **{f"alf-{name}": text for name, text in {**ALF, "listapps": ALLOWED, **(alf or {})}.items()},
        "codesign": signatures(SIGNED),
        **PF,
        **(pf or {}),
        "scutil-proxy": "<dictionary> {\n}\n",
        "scutil-dns": "",
        "sw-vers": "ProductName:\t\tmacOS\nProductVersion:\t\t15.3.1\nBuildVersion:\t\t24D70\n",
        "profiles": "Enrolled via DEP: No\nMDM enrollment: No\n",
        "hosts": "127.0.0.1\tlocalhost\n::1\tlocalhost\n",
        "proxy": "",
    }
    told |= {name.replace("_", "-"): text for name, text in texts.items()}
    found: dict[str, Capture | Unknown] = {name: Capture(name, text, name) for name, text in told.items()}
    missing = {name: Unknown("Operation not permitted", f"sudo {name}", name) for name in unknown}
    return found | missing


def facts(*sockets: str, **changes: object) -> Facts:
    """The facts in those captures."""
    return assemble.facts(captures(*sockets, **changes), "macos", TAKEN_AT, True)  # type: ignore[arg-type]
