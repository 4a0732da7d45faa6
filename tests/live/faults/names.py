"""What was typed on the other device leads elsewhere."""

from __future__ import annotations

from tests.live.faults import servers
from tests.live.faults.entry import PAGE, Fault, Plan
from tests.live.lab import CLIENT

HERE = ("--from", CLIENT, "--side", "server")
UNREACHABLE = (7, "EHOSTUNREACH")

FAULTS = (
    Fault(
        "wildcard-address-in-url", ("wildcard-address-in-url",), 7, "ECONNREFUSED", serve=(servers.EVERYWHERE,),
        target="http://0.0.0.0:5000/", url="http://0.0.0.0:5000/", plan=Plan.ADVICE, opens=(PAGE,),
    ),
    Fault(
        "loopback-address-in-url", ("loopback-address-in-url",), 7, "ECONNREFUSED", serve=(servers.EVERYWHERE,),
        target="http://127.0.0.1:5000/", url="http://127.0.0.1:5000/", plan=Plan.ADVICE, opens=(PAGE,),
    ),
    Fault(
        "loopback-address-in-url--localhost", ("loopback-address-in-url",), 7, "ECONNREFUSED", serve=(servers.EVERYWHERE,),
        target="http://localhost:5000/", url="http://localhost:5000/", plan=Plan.ADVICE, opens=(PAGE,),
    ),
    Fault(
        "address-not-of-this-machine", ("address-not-of-this-machine",), *UNREACHABLE, serve=(servers.EVERYWHERE,),
        target="http://10.77.0.77:5000/", url="http://10.77.0.77:5000/", options=HERE, plan=Plan.ADVICE, opens=(PAGE,),
    ),
    Fault(
        "name-resolves-elsewhere", ("name-resolves-elsewhere",), *UNREACHABLE, serve=(servers.EVERYWHERE,),
        before="echo '10.77.0.77 shop.lan' >> /etc/hosts", target="http://shop.lan:5000/", url="http://shop.lan:5000/",
        options=HERE, plan=Plan.EITHER, opens=("http://shop.lan:5000/", PAGE),
    ),
    Fault(
        "name-does-not-resolve", ("name-does-not-resolve",), 6, "", serve=(servers.EVERYWHERE,),
        before="echo 'nameserver 127.0.0.1' > /etc/resolv.conf", target="http://shop.lan:5000/", url="http://shop.lan:5000/",
        plan=Plan.EITHER, opens=("http://shop.lan:5000/", PAGE),
    ),
    Fault(
        "browser-blocks-port", ("browser-blocks-port",), 0, status=200, serve=(servers.http_server(port=6667),),
        target="http://10.77.0.1:6667/", url="http://10.77.0.1:6667/", plan=Plan.EITHER,
        verdicts=("blocked", "reachable"), opens=("http://10.77.0.1:6667/", "http://10.77.0.1:6670/", "http://10.77.0.1:8080/"),
    ),
)  # fmt: skip
