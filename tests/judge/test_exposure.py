"""Exposure: the classes of senders are right (every single address meets what its class was said to meet), few, and honest
about what is not known."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests import build
from wizard.firewalls import ipset
from wizard.firewalls.iptables import read as iptables
from wizard.firewalls.nftables import text as nft
from wizard.judge import intervals
from wizard.judge.alike import Senders
from wizard.judge.exposure import exposure
from wizard.judge.trace import reply, trace
from wizard.model.capture import Unknown
from wizard.model.exposure import Exposed, Exposure, From, Reach, Reached
from wizard.model.facts import Container, Facts, Proto, PublishedPort
from wizard.model.packet import Packet
from wizard.model.ruleset import Engine, Family, Ruleset

FORWARDS = build.SYSCTLS | {"net.ipv4.ip_forward": "1", "net.ipv4.conf.all.forwarding": "1"}


def iptables_save(text: str, sets: str = "") -> Ruleset:
    return iptables.read(text, Family.IP, Engine.IPTABLES_NFT, sets=ipset.read(sets).value)


def guarded(*rules: str, before: str = "", policy: str = "drop", **changes: Any) -> Facts:
    """The healthy server behind an nft input chain of these rules."""
    body = "\n".join(rules)
    ruleset = nft.read(
        f"table inet t {{\n{before}\nchain input {{\ntype filter hook input priority 0; policy {policy};\n{body}\n}}\n}}\n"
    )
    assert not ruleset.unread, ruleset.unread
    return build.facts(rulesets=(ruleset,), **changes)


def door(found: Exposure, port: int = 5000, kind: str = "socket") -> Exposed:
    return next(each for each in found.listeners if (each.port, each.kind) == (port, kind))


def reach(exposed: Exposed, place: From, family: int = 4, network: str = "") -> Reach:
    return next(
        each
        for each in exposed.reach
        if (each.place, each.family) == (place, family) and (not network or str(each.network) == network)
    )


def lan(exposed: Exposed) -> Reach:
    return reach(exposed, From.NETWORK, 4, "192.168.1.0/24")


def sources(found: Reach) -> list[str]:
    return [str(each) for each in found.sources]


# What a person asks


def test_without_a_firewall_everybody_reaches_a_wildcard() -> None:
    found = door(exposure(build.facts()))
    assert [lan(found).verdict, reach(found, From.ELSEWHERE).verdict] == [Reached.ALL, Reached.ALL]
    assert reach(found, From.MACHINE).verdict is Reached.ALL


def test_loopback_is_for_this_machine_only() -> None:
    found = door(exposure(build.facts(listeners=(build.listener("127.0.0.1"),))))
    assert {each.place: each.verdict for each in found.reach} == {
        From.MACHINE: Reached.ALL,
        From.NETWORK: Reached.NONE,
        From.ELSEWHERE: Reached.NONE,
    }


def test_route_localnet_puts_loopback_on_the_lan() -> None:
    """CVE-2020-8558: a neighbour that sends to 127.0.0.1 is heard where route_localnet is set."""
    settings = build.SYSCTLS | {"net.ipv4.conf.eth0.route_localnet": "1"}
    facts = build.facts(listeners=(build.listener("127.0.0.1"),), sysctls=settings)
    assert lan(door(exposure(facts))).verdict is Reached.ALL


def test_some_with_the_deciding_rules() -> None:
    found = lan(door(exposure(guarded("ip saddr 192.168.1.16/28 tcp dport 5000 accept"))))
    assert (found.verdict, sources(found)) == (Reached.SOME, ["192.168.1.16/28"])
    said = {each.verdict: each.by.rule for each in found.treatments if each.by}
    assert said == {"open": "ip saddr 192.168.1.16/28 tcp dport 5000 accept", "closed": "policy drop"}
    assert {each.verdict: each.sees for each in found.treatments} == {"open": "connected", "closed": "timeout"}


def test_the_way_back_counts_with_tcp_and_not_with_udp() -> None:
    out = "chain out {\ntype filter hook output priority 0;\nip daddr 192.168.1.20 drop\n}"
    facts = guarded("accept", before=out, listeners=(build.listener(), build.listener(port=53, proto=Proto.UDP)))
    found = exposure(facts)
    assert not any(ip_address("192.168.1.20") in each for each in lan(door(found)).sources)
    assert lan(door(found, 53)).verdict is Reached.ALL


def test_families_are_told_apart() -> None:
    facts = guarded("meta nfproto ipv4 accept", listeners=(build.listener("::"),))
    found = door(exposure(facts))
    assert lan(found).verdict is Reached.ALL
    assert reach(found, From.NETWORK, 6, "fd00:1::/64").verdict is Reached.NONE


DOCKER = """*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:DOCKER - [0:0]
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
COMMIT
"""


def docker(**changes: Any) -> Facts:
    bridge = build.interface("docker0", "172.17.0.1/16", index=3, kind="bridge")
    routes = (*build.routes(), build.route("172.17.0.0/16", device="docker0", source="172.17.0.1"))
    values: dict[str, Any] = {
        "interfaces": (build.loopback(), build.interface(), bridge),
        "routes": (*routes, build.local_route("172.17.0.1/32", "docker0")),
        "sysctls": FORWARDS,
        "rulesets": (iptables_save(DOCKER),),
        "listeners": (),
    }
    return build.facts(**values | changes)


def test_docker_publishes_past_the_firewall_without_any_socket() -> None:
    found = door(exposure(docker()), 8080, "redirect")
    assert lan(found).verdict is Reached.ALL
    assert "172.17.0.2:80" in found.owner
    assert any("past the firewall" in said for said in found.warnings)


def test_docker_proxy_and_the_container_are_one_row() -> None:
    shop = Container(
        "0123", "shop", "nginx", addresses=(ip_address("172.17.0.2"),),
        published=(PublishedPort(ip_address("0.0.0.0"), 8080, 80),),
    )  # fmt: skip
    from wizard.model.facts import Owner

    proxy = build.listener(port=8080, owners=(Owner("docker-proxy", 99),))
    found = exposure(docker(containers=(shop,), listeners=(proxy,)))
    assert [(each.kind, each.port, each.owner) for each in found.listeners] == [
        ("socket", 8080, "container shop (nginx)")
    ]
    assert lan(found.listeners[0]).verdict is Reached.ALL


def test_a_published_port_without_a_proxy_is_a_row() -> None:
    shop = Container("0123", "shop", published=(PublishedPort(ip_address("0.0.0.0"), 8080, 80),))
    found = door(exposure(docker(containers=(shop,))), 8080, "published")
    assert lan(found).verdict is Reached.ALL


def test_a_database_is_warned_of_only_where_others_reach_it() -> None:
    redis = build.listener(port=6379)
    assert any("Redis" in each for each in door(exposure(build.facts(listeners=(redis,))), 6379).warnings)
    assert not door(exposure(guarded("iif lo accept", listeners=(redis,))), 6379).warnings


def test_a_port_to_send_from_that_opens_all() -> None:
    found = door(exposure(guarded("tcp sport 20 accept", "ip saddr 192.168.1.7 accept")))
    assert sources(lan(found)) == ["192.168.1.7/32"]
    assert any("chooses 20 as the port" in each for each in found.warnings)
    assert not door(exposure(guarded("tcp sport 1024-65535 tcp dport 5000 accept"))).warnings


# What is not known


def test_unreadable_rules_are_neither_open_nor_closed() -> None:
    facts = build.facts(rulesets=Unknown("needs root", "sudo nft list ruleset", "the nftables ruleset"))
    found = exposure(facts)
    assert {each.verdict for each in door(found).reach} == {Reached.UNKNOWN}
    assert found.unread[0].remedy == "sudo nft list ruleset"


def test_a_mask_with_holes_is_unknown_and_never_guessed() -> None:
    found = lan(door(exposure(guarded("ip saddr & 0.0.0.255 == 9 accept", "ip saddr 192.168.1.64/26 accept"))))
    assert sources(found) == ["192.168.1.64/26"]
    assert {each.verdict for each in found.treatments} == {"open", "unknown"}


def test_no_part_of_the_machine_missing_raises() -> None:
    for name in ("listeners", "interfaces", "routes", "rulesets", "processes", "sysctls", "containers", "neighbours"):
        found = exposure(build.facts(**{name: Unknown("not there")}))
        for each in found.listeners:
            if name in ("interfaces", "routes"):
                assert reach(each, From.ELSEWHERE).verdict is Reached.UNKNOWN


# How much it costs


def test_a_long_run_of_bans_is_one_treatment() -> None:
    bans = "\n".join(f"-A INPUT -s 10.{n >> 8 & 255}.{n & 255}.9/32 -j DROP" for n in range(3000))
    facts = build.facts(rulesets=(iptables_save(f"*filter\n:INPUT ACCEPT [0:0]\n{bans}\nCOMMIT\n"),))
    assert len(Senders(facts).classes(4, 5000)) < 20
    found = reach(door(exposure(facts)), From.ELSEWHERE)
    assert found.verdict is Reached.SOME


def test_a_large_set_is_one_treatment() -> None:
    elements = ", ".join(f"10.{n >> 8 & 255}.{n & 255}.9" for n in range(5000))
    facts = guarded(
        "ip saddr @bad drop", "accept", before=f"set bad {{\ntype ipv4_addr\nelements = {{ {elements} }}\n}}"
    )
    assert len(Senders(facts).classes(4, 5000)) < 20


def test_rules_for_other_ports_make_no_classes() -> None:
    rules = [f"ip saddr 192.168.1.{n} tcp dport 22 accept" for n in range(1, 90, 2)]
    senders = Senders(guarded(*rules, "accept"))
    assert len(senders.classes(4, 5000)) < len(senders.classes(4, 22))


# Every address meets what its class meets

hosts = st.integers(1, 24).map(lambda n: f"192.168.1.{n}") | st.sampled_from(("10.9.8.7", "8.8.8.8"))
blocks = st.sampled_from(("192.168.1.0/28", "192.168.1.8/29", "192.168.0.0/16", "10.0.0.0/8", "0.0.0.0/1"))
ranges = st.tuples(st.integers(1, 24), st.integers(0, 9)).map(lambda p: f"192.168.1.{p[0]}-192.168.1.{p[0] + p[1]}")
places = hosts | blocks | ranges.filter(lambda text: len(set(text.split("-"))) == 2)
ports = st.sampled_from(("tcp dport 5000", "tcp dport 22", "tcp dport 4000-6000", ""))
words = st.sampled_from(("accept", "drop", "reject", "return", "jump more", "meta mark set 1", "tcp dport 5000 accept"))
maps = st.lists(st.tuples(hosts, st.sampled_from(("accept", "drop", "jump more"))), min_size=1, max_size=4).map(
    lambda pairs: "ip saddr vmap { " + ", ".join(f"{a} : {v}" for a, v in dict(pairs).items()) + " }"
)
pairs = st.lists(hosts, min_size=1, max_size=4, unique=True).map(
    lambda found: "ip saddr . tcp dport { " + ", ".join(f"{each} . 5000" for each in found) + " }"
)
negations = st.sampled_from(("", "!= "))
several = st.lists(hosts, min_size=1, max_size=5, unique=True)
rules = st.one_of(
    st.builds(
        lambda port, no, place, word: f"{port} ip saddr {no}{place} {word}",
        ports, negations, places, words,
    ),
    st.builds(lambda some, word: f"ip saddr {{ {', '.join(some)} }} {word}", several, words),
    st.builds(lambda pair, word: f"{pair} {word}", pairs, words),
    st.sampled_from(("meta mark 1 accept", "ip saddr @known drop", "ip saddr & 255.255.255.248 == 192.168.1.8 accept")),
    maps,
)  # fmt: skip
lines = st.lists(rules, max_size=6)
backs = st.lists(
    st.builds(lambda place, word: f"ip daddr {place} {word}", places, st.sampled_from(("drop", "accept"))), max_size=2
)
SETS = "set known {\ntype ipv4_addr\nflags interval\nelements = { 192.168.1.3, 192.168.1.10-192.168.1.12 }\n}\n"


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines, lines, lines, backs, st.sampled_from(("accept", "drop")), st.lists(st.integers(1, 30), max_size=6))
def test_every_address_meets_what_was_said(
    first: list[str], more: list[str], early: list[str], back: list[str], policy: str, asked: list[int]
) -> None:
    more = [rule for rule in more if "jump" not in rule]
    early = [rule for rule in early if "reject" not in rule and "jump" not in rule]
    before = SETS + "\n".join(
        (
            "chain more {", *more, "}",
            "chain pre {", "type filter hook prerouting priority -300;", *early, "}",
            "chain out {", "type filter hook output priority 0;", *back, "}",
        )
    )  # fmt: skip
    facts = guarded(*first, before=before, policy=policy)
    found = door(exposure(facts))
    for number in {*range(1, 30, 3), *asked}:
        agrees(facts, lan(found), f"192.168.1.{number}")
    for address in ("10.9.8.7", "8.8.8.8", "192.168.77.1", "200.1.2.3"):
        agrees(facts, reach(found, From.ELSEWHERE), address)


def agrees(facts: Facts, found: Reach, address: str) -> None:
    """One address, traced alone on the facts as they are."""
    if found.left_out or any(each.left_out for each in found.treatments):
        return  # more prefixes than are shown: then they are rounded, and say so
    sender = ip_address(address)
    packet = Packet(sender, ip_address(build.SERVER), 5000, Proto.TCP, 40000, "eth0")
    decision = trace(facts, packet, explain=False)
    opened = decision.outcome == "deliver" and reply(facts, packet, decision).outcome == "deliver"
    assert opened is any(sender in each for each in found.sources), (address, decision)
    met = [each for each in found.treatments if any(sender in net for net in each.sources)]
    assert len(met) == 1
    if decision.outcome in ("drop", "reject"):
        assert met[0].by is not None and decision.by is not None
        assert met[0].verdict == "closed"


SAVED = """create friends hash:net family inet
add friends 192.168.1.0/28
add friends 192.168.1.4 nomatch
add friends 192.168.1.8/30 nomatch
add friends 192.168.1.9
create both hash:ip,port family inet
add both 192.168.1.20,tcp:5000
add both 192.168.1.21,tcp:22
create all list:set
add all friends
"""


def test_ipsets_with_exceptions_agree_too() -> None:
    text = (
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m set --match-set all src -j ACCEPT\n"
        "-A INPUT -p tcp -m set --match-set both src,dst -j ACCEPT\nCOMMIT\n"
    )
    facts = build.facts(rulesets=(iptables_save(text, SAVED),))
    found = lan(door(exposure(facts)))
    assert found.verdict is Reached.SOME
    for number in range(1, 40):
        if number != 100:
            agrees(facts, found, f"192.168.1.{number}")


# Intervals

spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)).map(lambda p: (p[0], p[0] + p[1])), max_size=8)


@given(spans, spans)
def test_intervals_are_sets(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    a, b = intervals.union(one), intervals.union(other)
    members = lambda found: {n for low, high in found for n in range(low, high + 1)}  # noqa: E731
    assert members(intervals.intersect(a, b)) == members(a) & members(b)
    assert members(intervals.subtract(a, b)) == members(a) - members(b)
    assert intervals.size(a) == len(members(a))
    pieces = intervals.classes([(a, "a"), (b, "b")], (0, 80))
    assert sorted(n for piece in pieces for n in members(piece)) == list(range(81))
    assert all(len({(n in members(a), n in members(b)) for n in members(piece)}) == 1 for piece in pieces)
    told, left = intervals.networks(a, 4, 1000)
    assert not left and {int(each) for net in told for each in net} == members(a)


def test_networks_are_bounded() -> None:
    many = tuple((2 * n, 2 * n) for n in range(100))
    told, left = intervals.networks(many, 4, 10)
    assert (len(told), left) == (10, 90)
    assert intervals.networks(((0, (1 << 128) - 1),), 6, 1) == ((ip_network("::/0"),), 0)


def test_facts_stay_the_same_where_nothing_is_entangled() -> None:
    facts = guarded("ip saddr 10.0.0.0/8 accept")
    assert Senders(facts).facts is facts
    assert Senders(replace(facts, rulesets=Unknown("no"))).facts.rulesets == Unknown("no")


def test_rules_that_take_turns_are_two_treatments() -> None:
    lines = "\n".join(f"-A INPUT -s 10.0.{n >> 8}.{n & 255}/32 -j {('DROP', 'ACCEPT')[n % 2]}" for n in range(2000))
    facts = build.facts(rulesets=(iptables_save(f"*filter\n:INPUT ACCEPT [0:0]\n{lines}\nCOMMIT\n"),))
    assert len(Senders(facts).classes(4, 5000)) < 20


@given(st.lists(st.tuples(spans, st.sampled_from("abc")), max_size=5))
def test_the_first_layer_hides_the_others(layers: list[tuple[list[tuple[int, int]], str]]) -> None:
    found = intervals.painted([(intervals.union(each), colour) for each, colour in layers])
    for number in range(80):
        top = next((colour for each, colour in layers if any(low <= number <= high for low, high in each)), None)
        shown = [colour for colour, seen in found.items() if any(low <= number <= high for low, high in seen)]
        assert shown == ([top] if top else [])
