"""Two or three faults behind one another: the first one met comes first, and one plan mends them all."""

from __future__ import annotations

from tests.live.faults import servers
from tests.live.faults.bans import NEEDS as BAN_NEEDS
from tests.live.faults.bans import _banned
from tests.live.faults.entry import Fault
from tests.live.faults.firewalld import firewalld
from tests.live.faults.nft import TYPICAL, input_rules, nft
from tests.live.faults.process import _stop
from tests.live.faults.ufw import ufw
from tests.live.lab import CLIENT

DROPPED = (28, "timeout")
REFUSED = (7, "ECONNREFUSED")
DROPS, LOOPBACK = "firewall-drops-port", "loopback-only-bind"
UFW = ("ufw", "iptables")
FIREWALLD = ("firewalld", "firewall-cmd", "dbus-daemon")

FAULTS = (
    Fault("several--ufw-and-loopback-http-server", (DROPS,), *DROPPED, behind=(LOOPBACK,),
          serve=(servers.http_server("127.0.0.1"),), firewall=ufw("allow 22/tcp"), needs=UFW),
    Fault("several--ufw-and-loopback-flask", (DROPS,), *DROPPED, behind=(LOOPBACK,),
          serve=(servers.flask_run(),), firewall=ufw(), needs=UFW),
    Fault("several--ufw-and-flask-debugger", (DROPS,), *DROPPED, behind=(LOOPBACK,),
          serve=(servers.flask_file("debug=True"),), firewall=ufw(), needs=UFW),
    Fault("several--ufw-loopback-and-allowed-hosts", (DROPS,), *DROPPED, behind=(LOOPBACK, "host-header-refused"),
          serve=(servers.django(),), firewall=ufw(), needs=UFW),
    Fault("several--firewalld-and-loopback-gunicorn", ("firewall-rejects-port",), 7, "EHOSTUNREACH", behind=(LOOPBACK,),
          serve=(servers.gunicorn("-b", "127.0.0.1:5000"),), firewall=firewalld(), needs=FIREWALLD),
    Fault("several--firewalld-loopback-and-allowed-hosts", ("firewall-rejects-port",), 7, "EHOSTUNREACH",
          behind=(LOOPBACK, "host-header-refused"), serve=(servers.django(),), firewall=firewalld(), needs=FIREWALLD),
    Fault("several--legacy-nft-and-ufw-all-drop", (DROPS, "two-firewalls-disagree"), *DROPPED, serve=(servers.EVERYWHERE,),
          firewall=ufw(), needs=(*UFW, "nft", "iptables-legacy"),
          after="iptables-legacy -A INPUT -p tcp --dport 5000 -j DROP\n" + input_rules("tcp dport 5000 drop", priority="20")),
    Fault("several--ban-in-set-and-loopback", ("client-address-banned",), *DROPPED, behind=(LOOPBACK,),
          serve=(servers.uvicorn(),), needs=("nft",),
          before=nft("table inet wall {\n set banned { type ipv4_addr; elements = { 10.77.0.2 } }\n chain input {\n"
                     "  type filter hook input priority 0;\n  ip saddr @banned drop\n }\n}")),
    Fault("several--nft-and-ipv6-only-uvicorn", (DROPS,), *DROPPED, behind=("ipv6-only-bind",),
          serve=(servers.uvicorn("--host", "::"),), before=nft(TYPICAL), needs=("nft",)),
    Fault("several--legacy-and-loopback-node", (DROPS,), *DROPPED, behind=(LOOPBACK,),
          serve=(servers.node('5000, "127.0.0.1"'),), before="iptables-legacy -A INPUT -p tcp --dport 5000 -j DROP",
          needs=("iptables-legacy",)),
    Fault("several--raw-filter-and-loopback", ("dropped-before-input",), *DROPPED, behind=(DROPS, LOOPBACK),
          serve=(servers.uvicorn(),), needs=("nft",),
          before=nft("table inet early { chain pre { type filter hook prerouting priority raw; tcp dport 5000 drop; } }")
          + "\n" + nft(TYPICAL)),
    Fault("several--reject-reply-and-loopback", ("firewall-rejects-port",), *REFUSED, behind=(LOOPBACK, "reply-blocked"),
          serve=(servers.gunicorn("-b", "127.0.0.1:5000"),), needs=("iptables-nft",),
          before="iptables-nft -A INPUT -p tcp --dport 5000 -j REJECT\niptables-nft -A OUTPUT -p tcp --sport 5000 -j DROP"),
    Fault("several--ban-and-default-deny", ("client-address-banned",), *REFUSED, behind=(DROPS,),
          serve=(servers.EVERYWHERE,), needs=(*BAN_NEEDS, "ufw"),
          firewall=_banned("iptables-multiport", f"-s {CLIENT}/32", ufw())),
    Fault("several--interface-down-and-loopback", ("interface-down",), 7, "EHOSTUNREACH", behind=(LOOPBACK,),
          serve=(servers.http_server("127.0.0.1"),), after="ip link set veth-s down"),
    Fault("several--stopped-behind-ufw", (DROPS,), *DROPPED, behind=("process-stopped",),
          serve=(servers.EVERYWHERE,), firewall=ufw(), build=_stop, needs=UFW),
    Fault("several--two-tables-both-drop", (DROPS,), *DROPPED, serve=(servers.EVERYWHERE,), needs=("nft",),
          before=input_rules("tcp dport 5000 drop") + "\n"
          + nft("table ip late { chain input { type filter hook input priority 10; tcp dport 5000 reject; } }")),
    Fault("several--ufw-and-nft-table", (DROPS, "two-firewalls-disagree"), *DROPPED, serve=(servers.EVERYWHERE,),
          firewall=ufw(), after=input_rules("tcp dport 5000 drop", priority="10"), needs=(*UFW, "nft")),
    Fault("several--allowed-hosts-behind-nft", (DROPS,), *DROPPED, behind=("host-header-refused",),
          serve=(servers.django("0.0.0.0:5000"),), before=nft(TYPICAL), needs=("nft",)),
    Fault("several--unix-socket-behind-ufw", (DROPS,), *DROPPED, behind=("listens-on-unix-socket",), needs=UFW,
          serve=(servers.gunicorn("--bind", "unix:app.sock").but(
              port=0, ready=lambda lab: (lab.folder / "app.sock").exists()),),
          firewall=ufw()),
)  # fmt: skip
