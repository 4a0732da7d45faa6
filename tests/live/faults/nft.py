"""A ruleset written by hand for nft stands in the way."""

from __future__ import annotations

from tests.live.faults import servers
from tests.live.faults.entry import PAGE6, Fault, Plan
from tests.live.lab import CLIENT6

NEEDS = ("nft",)
DROPPED = (28, "timeout")
REFUSED = (7, "ECONNREFUSED")
HOST = (7, "EHOSTUNREACH")
NETWORK = (7, "ENETUNREACH")

TYPICAL = """
table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    ct state invalid drop
    iif lo accept
    meta l4proto { icmp, ipv6-icmp } accept
    tcp dport { 22, 80, 443 } accept
  }
}
"""


def nft(text: str) -> str:
    """Shell lines that load this ruleset; a chain may stand on one line, which nft itself does not take."""
    body = text.replace("; } }", ";\n}\n}")
    return f"nft -f - <<'RULES'\n{body}\nRULES"


def input_rules(*rules: str, policy: str = "accept", family: str = "inet", priority: str = "filter") -> str:
    """One table with one input chain."""
    lines = "\n".join(f"    {rule}" for rule in rules)
    head = f"type filter hook input priority {priority}; policy {policy};"
    return nft(f"table {family} wall {{\n  chain input {{\n    {head}\n{lines}\n  }}\n}}")


def _fault(
    name: str, ref: str | tuple[str, ...], seen: tuple[int, str], rules: str,
    server: servers.Server = servers.EVERYWHERE, plan: Plan = Plan.RUNS, **more: object,
) -> Fault:  # fmt: skip
    refs = (ref,) if isinstance(ref, str) else ref
    return Fault(f"nft--{name}", refs, *seen, serve=(server,), before=rules, needs=NEEDS, plan=plan, **more)  # type: ignore[arg-type]  # fmt: skip


DROPS, REJECTS, LATE = "firewall-drops-port", "firewall-rejects-port", "allow-rule-comes-too-late"
EARLY, BANNED, REDIRECTED = "dropped-before-input", "client-address-banned", "redirected-to-dead-port"

FAULTS = (
    _fault("typical-policy-drop", DROPS, DROPPED, nft(TYPICAL)),
    _fault("drop-rule", DROPS, DROPPED, input_rules("tcp dport 5000 drop")),
    _fault("drop-rule-ip-family", DROPS, DROPPED, input_rules("tcp dport 5000 counter drop", family="ip")),
    _fault("drop-range", DROPS, DROPPED, input_rules("tcp dport 1024-65535 drop")),
    _fault("drop-on-interface", DROPS, DROPPED, input_rules('iifname "veth-s" tcp dport 5000 drop')),
    _fault("drop-syn-flags", DROPS, DROPPED, input_rules("tcp flags & (fin|syn|rst|ack) == syn tcp dport 5000 drop")),
    _fault("drop-new-connections", DROPS, DROPPED, input_rules("ct state new tcp dport != 22 drop")),
    _fault("reject", REJECTS, REFUSED, input_rules("tcp dport 5000 reject")),
    _fault("reject-tcp-reset", REJECTS, REFUSED, input_rules("tcp dport 5000 reject with tcp reset")),
    _fault("reject-host-unreachable", REJECTS, HOST, input_rules("tcp dport 5000 reject with icmp type host-unreachable")),
    _fault("reject-admin-prohibited", REJECTS, HOST, input_rules("tcp dport 5000 reject with icmpx type admin-prohibited")),
    _fault("reject-net-unreachable", REJECTS, NETWORK, input_rules("tcp dport 5000 reject with icmp type net-unreachable")),
    _fault(
        "reject-ipv6-admin-prohibited", REJECTS, (7, "EACCES"),
        input_rules("tcp dport 5000 reject with icmpx type admin-prohibited"),
        server=servers.http_server("::"), target=PAGE6, url=PAGE6, options=("--from", CLIENT6),
    ),
    _fault(
        "drop-ipv6-only", DROPS, DROPPED, input_rules("meta nfproto ipv6 tcp dport 5000 drop"),
        server=servers.http_server("::"), target=PAGE6, url=PAGE6, options=("--from", CLIENT6),
    ),
    _fault("reject-at-the-end", REJECTS, REFUSED,
           input_rules("ct state established accept", "tcp dport 22 accept", "reject")),
    _fault(
        "two-tables", (DROPS, "two-firewalls-disagree"), DROPPED,
        input_rules("tcp dport 5000 accept", policy="drop")
        + "\n" + nft("table ip late { chain input { type filter hook input priority 10; tcp dport 5000 drop; } }"),
    ),
    _fault("verdict-map", DROPS, DROPPED, input_rules("tcp dport vmap { 22 : accept, 5000 : drop, 8080 : accept }")),
    _fault(
        "verdict-map-to-chain", DROPS, DROPPED,
        nft("table inet wall {\n chain web { tcp dport 80 accept; drop; }\n chain input {\n"
            "  type filter hook input priority 0; policy accept;\n"
            "  ct state vmap { established : accept, related : accept, new : jump web }\n }\n}"),
    ),
    _fault(
        "named-set-without-the-port", DROPS, DROPPED,
        nft("table inet wall {\n set open { type inet_service; flags interval; elements = { 22, 80, 8000-8100 }; }\n"
            " chain input {\n  type filter hook input priority 0; policy drop;\n"
            "  ct state established,related accept\n  iif lo accept\n  tcp dport @open accept\n }\n}"),
    ),
    _fault(
        "jump-and-return", DROPS, DROPPED,
        nft("table inet wall {\n chain lan { ip saddr != 192.168.0.0/16 return; accept; }\n chain input {\n"
            "  type filter hook input priority 0; policy drop;\n  ct state established accept\n  jump lan\n"
            '  log prefix "dropped: "\n }\n}'),
    ),
    _fault("drop-by-transport-header", DROPS, DROPPED, input_rules("meta l4proto tcp th dport 5000 drop")),
    _fault("drop-all-but-some-ports", DROPS, DROPPED, input_rules("tcp dport != { 22, 80, 443 } drop")),
    _fault("drop-by-destination-type", DROPS, DROPPED, input_rules("fib daddr type local tcp dport 5000 drop")),
    _fault("drop-by-address-and-port", (DROPS, "client-address-banned"), DROPPED,
           input_rules("ip saddr . tcp dport { 10.77.0.2 . 5000, 10.77.0.9 . 22 } drop")),
    _fault("drop-by-address-map", (DROPS, "client-address-banned"), DROPPED,
           input_rules("ip saddr vmap { 10.77.0.0/24 : drop, 192.168.0.0/16 : accept }")),
    _fault("drop-by-numeric-priority-minus-200", DROPS, DROPPED, input_rules("tcp dport 5000 drop", priority="-200")),
    _fault("goto-chain", DROPS, DROPPED,
           nft("table inet wall {\n chain rest { drop; }\n chain input {\n  type filter hook input priority 0;\n"
               "  tcp dport 22 accept\n  goto rest\n }\n}")),
    _fault("allow-only-from-other-network", DROPS, DROPPED,
           input_rules("ct state established accept", "ip saddr 192.168.1.0/24 tcp dport 5000 accept", policy="drop")),
    _fault("allow-only-on-other-interface", DROPS, DROPPED,
           input_rules("ct state established accept", 'iifname "wg0" tcp dport 5000 accept', "iif lo accept", policy="drop")),
    _fault("reject-range-with-log", REJECTS, REFUSED,
           input_rules('tcp dport 4000-6000 log prefix "no: " counter reject with tcp reset')),
    _fault("allow-comes-late", LATE, DROPPED, input_rules("tcp dport 5000 drop", "tcp dport 5000 accept")),
    _fault(
        "allow-after-reject-all", LATE, REFUSED,
        input_rules("ct state established accept", "tcp dport 22 accept", "reject", "tcp dport 5000 accept"),
    ),
    _fault(
        "prerouting-raw", EARLY, DROPPED,
        nft("table inet early { chain pre { type filter hook prerouting priority raw; tcp dport 5000 drop; } }"),
    ),
    _fault(
        "prerouting-mangle", EARLY, DROPPED,
        nft("table ip early { chain pre { type filter hook prerouting priority mangle; tcp dport 5000 drop; } }"),
    ),
    _fault(
        "ingress", EARLY, DROPPED,
        nft("table netdev edge { chain in { type filter hook ingress device veth-s priority 0; policy accept;"
            " tcp dport 5000 drop; } }"),
    ),
    _fault("one-client", BANNED, DROPPED, input_rules("ip saddr 10.77.0.2 drop")),
    _fault(
        "banned-set", BANNED, DROPPED,
        nft("table inet wall {\n set banned { type ipv4_addr; flags timeout; elements = { 10.77.0.2 timeout 1h,"
            " 192.0.2.7 timeout 2h } }\n chain input {\n  type filter hook input priority -1; policy accept;\n"
            "  ip saddr @banned drop\n }\n}"),
    ),
    _fault(
        "reply-dropped", "reply-blocked", DROPPED,
        nft("table inet wall { chain output { type filter hook output priority 0; tcp sport 5000 drop; } }"),
    ),
    _fault(
        "output-policy-drop", "reply-blocked", DROPPED,
        nft("table inet wall {\n chain output {\n  type filter hook output priority 0; policy drop;\n  oif lo accept\n"
            "  tcp dport { 53, 80, 443 } accept\n  udp dport 53 accept\n }\n}"),
    ),
    _fault(
        "redirect-to-dead-port", REDIRECTED, REFUSED,
        nft("table ip twist { chain pre { type nat hook prerouting priority dstnat; policy accept;"
            " tcp dport 5000 redirect to :5999; } }"),
    ),
    _fault(
        "dnat-to-nowhere", REDIRECTED, DROPPED,
        nft("table ip twist { chain pre { type nat hook prerouting priority dstnat; policy accept;"
            " tcp dport 5000 dnat to 172.17.0.9:80; } }"),
    ),
    _fault(
        "dnat-to-loopback", REDIRECTED, DROPPED,
        nft("table ip twist { chain pre { type nat hook prerouting priority dstnat; policy accept;"
            " tcp dport 5000 dnat to 127.0.0.1:5000; } }"),
    ),
)  # fmt: skip
