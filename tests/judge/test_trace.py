"""A packet's whole way, each case once decided by the kernel (tests/live/test_differential.py found most of them)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from tests.build import facts, interface, local_route, loopback, route
from wizard.firewalls import ipset
from wizard.firewalls.iptables import read as iptables
from wizard.firewalls.nftables import text as nft
from wizard.judge.trace import reply, trace
from wizard.model.capture import Unknown
from wizard.model.facts import Facts, Proto
from wizard.model.journey import Decision
from wizard.model.packet import Packet
from wizard.model.ruleset import Engine, Family, Ruleset

SERVER, CLIENT = "192.168.1.100", "192.168.1.20"
SERVER6, CLIENT6 = "fd00:1::100", "fd00:1::20"


def nft_rules(text: str) -> Ruleset:
    """nft's text as a ruleset; nothing of it may stay unread."""
    found = nft.read(text)
    assert not found.unread
    return found


def input_chain(*rules: str, policy: str = "accept", family: str = "inet") -> Ruleset:
    body = "\n".join(rules)
    return nft_rules(
        f"table {family} t {{ chain i {{ type filter hook input priority 0; policy {policy};\n{body}\n}}\n}}"
    )


def saved(text: str, engine: Engine = Engine.IPTABLES_NFT, sets: str = "", family: Family = Family.IP) -> Ruleset:
    return iptables.read(text, family, engine, "iptables-save", ipset.read(sets).value)


def packet(port: int = 5000, source: str = CLIENT, to: str = SERVER, proto: str = "tcp", iif: str = "eth0") -> Packet:
    return Packet(ip_address(source), ip_address(to), port, Proto(proto), 40000, iif)


def decide(*rulesets: Ruleset, asked: Packet | None = None, **changes: Any) -> Decision:
    return trace(facts(rulesets=rulesets, **changes), asked or packet())


def router(**changes: Any) -> Facts:
    """A machine that forwards between eth0 (192.168.1.0/24) and br0 (172.17.0.0/16)."""
    links = (interface(), interface("br0", "172.17.0.1/16", index=3), loopback())
    routes = (
        route(), route("192.168.1.0/24"), route("172.17.0.0/16", device="br0"),
        local_route("192.168.1.100/32"), local_route("172.17.0.1/32", "br0"), local_route("127.0.0.0/8", "lo"),
    )  # fmt: skip
    sysctls = {"net.ipv4.ip_forward": "1", "net.ipv4.conf.eth0.forwarding": "1", "net.ipv4.conf.br0.forwarding": "1"}
    return facts(interfaces=links, routes=routes, sysctls=sysctls, **changes)


# Verdicts


def test_an_accept_ends_its_own_chain_only() -> None:
    first = "chain a { type filter hook input priority -10; policy accept;\naccept\n}"
    second = "chain b { type filter hook input priority 0; policy drop;\n}"
    found = decide(nft_rules(f"table inet t {{\n{first}\n{second}\n}}"))
    assert (found.outcome, found.by and found.by.chain, found.by and found.by.what) == ("drop", "b", "policy")


def test_at_one_priority_the_later_chain_comes_first() -> None:
    first = "chain a { type filter hook input priority 0; policy drop;\n}"
    second = "chain b { type filter hook input priority 0; policy accept;\nreject\n}"
    assert decide(nft_rules(f"table inet t {{\n{first}\n{second}\n}}")).outcome == "reject"


@pytest.mark.parametrize(
    ("rule", "asked", "with_"),
    [
        ("reject", packet(), "icmp-port-unreachable"),
        ("reject", packet(source=CLIENT6, to=SERVER6), "icmpv6-port-unreachable"),
        ("reject with icmpx host-unreachable", packet(source=CLIENT6, to=SERVER6), "icmpv6-addr-unreachable"),
        ("reject with icmpx no-route", packet(), "icmp-net-unreachable"),
        ("reject with tcp reset", packet(), "tcp-reset"),
    ],
)
def test_what_a_client_receives(rule: str, asked: Packet, with_: str) -> None:
    found = decide(input_chain(rule), asked=asked)
    assert (found.outcome, found.reject_with) == ("reject", with_)


def test_a_rejection_for_one_family_asks_for_that_family() -> None:
    rules = input_chain("reject with icmp host-prohibited", "drop")
    assert decide(rules).reject_with == "icmp-host-prohibited"
    assert decide(rules, asked=packet(source=CLIENT6, to=SERVER6)).outcome == "drop"


def test_jump_goto_return() -> None:
    found = decide(nft_rules("""table inet t {
        chain far { tcp dport 5000 return
          drop
        }
        chain i { type filter hook input priority 0; policy drop;
          jump far
          goto far2
          accept
        }
        chain far2 { continue
        }
    }"""))  # fmt: skip
    assert (found.outcome, found.by and found.by.what) == ("drop", "policy")


def test_a_mark_set_on_the_way_is_read_later() -> None:
    found = decide(nft_rules("""table inet t {
        chain p { type filter hook prerouting priority -150; policy accept;
          ip saddr 192.168.1.0/24 meta mark set 0x10
        }
        chain i { type filter hook input priority 0; policy drop;
          meta mark & 0xf0 == 0x10 accept
        }
    }"""))  # fmt: skip
    assert found.outcome == "deliver"


def test_an_element_added_on_the_way_is_found_later() -> None:
    found = decide(nft_rules("""table inet t {
        set seen { type ipv4_addr; flags dynamic; }
        chain p { type filter hook prerouting priority -150; policy accept;
          add @seen { ip saddr }
        }
        chain i { type filter hook input priority 0; policy drop;
          ip saddr @seen accept
        }
    }"""))  # fmt: skip
    assert found.outcome == "deliver"


# What cannot be known


def test_a_limit_is_taken_as_not_exceeded_and_said() -> None:
    found = decide(input_chain("tcp dport 5000 limit rate 5/second accept", policy="drop"))
    assert (found.outcome, found.assumptions) == ("deliver", ("rate limit not exceeded",))


def test_a_limit_without_influence_is_no_assumption() -> None:
    rules = input_chain('limit rate 3/minute log prefix "x"', "tcp dport 5000 limit rate 5/second accept", "accept")
    assert decide(rules).assumptions == ()


def test_an_unknown_condition_that_does_not_matter_leaves_the_answer() -> None:
    rules = input_chain("numgen random mod 2 == 0 drop", "drop")
    assert decide(rules).outcome == "drop"


def test_an_unknown_condition_that_matters_is_unknown() -> None:
    found = decide(input_chain("numgen random mod 2 == 0 drop", "accept"))
    assert found.outcome == "unknown"
    assert found.assumptions


def test_a_drop_counts_though_another_engine_could_not_be_read() -> None:
    unread = (Unknown("no root", "sudo iptables-save", "the iptables rules"),)
    assert decide(input_chain("drop"), unreadable_rulesets=unread).outcome == "drop"
    assert decide(input_chain("accept"), unreadable_rulesets=unread).outcome == "unknown"


def test_a_line_that_nobody_understood_may_have_been_a_drop() -> None:
    rules = nft.read("table inet t {\nwhatever this is\nchain i { type filter hook input priority 0;\naccept\n}\n}")
    assert rules.unread
    assert decide(rules).outcome == "unknown"


def test_two_engines_at_one_priority_may_come_in_either_order() -> None:
    legacy = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j {}\nCOMMIT\n"
    both_drop = decide(input_chain("drop"), saved(legacy.format("DROP"), Engine.IPTABLES_LEGACY))
    differing = decide(input_chain("reject"), saved(legacy.format("DROP"), Engine.IPTABLES_LEGACY))
    assert (both_drop.outcome, differing.outcome) == ("drop", "unknown")


# Connections and translation


def test_conntrack_sees_the_packet_only_behind_raw() -> None:
    found = decide(nft_rules("""table inet t {
        chain r { type filter hook prerouting priority -300; policy accept;
          ct state new drop
        }
        chain i { type filter hook input priority 0; policy drop;
          ct state new accept
        }
    }"""))  # fmt: skip
    assert found.outcome == "deliver"


def test_not_dnat_compares_all_status_bits() -> None:
    """`ct status != dnat` is a comparison with the number 32: behind the nat hooks other bits are set as well."""
    found = decide(nft_rules("""table ip t {
        chain n { type nat hook prerouting priority -100; policy accept;
          tcp dport 5000 redirect to :8000
        }
        chain i { type filter hook input priority 0; policy accept;
          ct status != dnat drop
        }
    }"""))  # fmt: skip
    assert (found.outcome, found.to.port) == ("drop", 8000)


def test_the_first_mapping_wins_in_the_nat_chains_own_order() -> None:
    found = decide(nft_rules("""table ip t {
        chain late { type nat hook prerouting priority -90; policy accept;
          tcp dport 5000 drop
        }
        chain early { type nat hook prerouting priority -100; policy accept;
          tcp dport 5000 redirect to :8000
        }
    }"""))  # fmt: skip
    assert (found.outcome, found.to.port) == ("deliver", 8000)


def test_a_published_port_is_forwarded_and_its_answer_put_back() -> None:
    rules = saved("""*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
-A POSTROUTING -o br0 -j MASQUERADE
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -d 172.17.0.2/32 ! -i br0 -o br0 -p tcp -m tcp --dport 80 -j ACCEPT
COMMIT
""")
    machine = router(rulesets=(rules,))
    found = trace(machine, packet(8080))
    assert (found.outcome, str(found.to.address), found.to.port) == ("forward", "172.17.0.2", 80)
    assert found.out_interface == "br0"
    back = reply(machine, packet(8080), found)
    assert (back.outcome, back.out_interface) == ("deliver", "eth0")


def test_a_syn_ack_without_its_syn_is_invalid() -> None:
    rules = nft_rules("""table inet t {
        chain r { type filter hook prerouting priority -300; policy accept;
          notrack
        }
        chain o { type filter hook output priority 0; policy drop;
          ct state established,related accept
        }
    }""")  # fmt: skip
    machine = facts(rulesets=(rules,))
    found = trace(machine, packet())
    assert (found.outcome, reply(machine, packet(), found).outcome) == ("deliver", "drop")


def test_an_answer_that_output_drops() -> None:
    rules = nft_rules("table inet t { chain o { type filter hook output priority 0; policy drop;\n}\n}")
    machine = facts(rulesets=(rules,))
    found = trace(machine, packet())
    back = reply(machine, packet(), found)
    assert (back.outcome, back.by and back.by.hook) == ("drop", "output")


def test_a_rejection_that_output_drops_is_silence() -> None:
    found = decide(nft_rules("""table inet t {
        chain i { type filter hook input priority 0; policy accept;
          reject
        }
        chain o { type filter hook output priority 0; policy accept;
          ct state related drop
        }
    }"""))  # fmt: skip
    assert (found.outcome, found.by and found.by.chain) == ("drop", "i")


# Sets


def test_in_a_set_of_prefixes_and_interfaces_only_the_longest_prefix_is_asked() -> None:
    sets = (
        "create s hash:net,iface family inet\nadd s 192.168.1.20,eth9\nadd s 192.168.1.0/24,eth0\n"
        "create n hash:net family inet\nadd n 192.168.1.0/24\nadd n 192.168.1.20 nomatch\n"
    )
    lines = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m set --match-set {} -j DROP\nCOMMIT\n"
    assert decide(saved(lines.format("s src,src"), sets=sets)).outcome == "deliver"
    assert decide(saved(lines.format("s src,src"), sets=sets), asked=packet(source="192.168.1.21")).outcome == "drop"
    assert decide(saved(lines.format("n src"), sets=sets)).outcome == "deliver"
    assert decide(saved(lines.format("n src"), sets=sets), asked=packet(source="192.168.1.21")).outcome == "drop"


def test_a_set_that_was_not_read_is_unknown() -> None:
    rules = saved("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m set --match-set gone src -j DROP\nCOMMIT\n")
    assert decide(rules).outcome == "unknown"


# Routes and sources


def test_0_0_0_0_is_a_martian_and_its_neighbours_are_not() -> None:
    assert decide(asked=packet(source="0.0.0.0")).outcome == "drop"
    assert decide(asked=packet(source="0.1.2.3"), sysctls={"net.ipv4.conf.eth0.rp_filter": "0"}).outcome == "deliver"


def test_strict_rp_filter_wants_the_way_back_by_the_same_interface() -> None:
    machine = router()
    strict = {"net.ipv4.conf.all.rp_filter": "0", "net.ipv4.conf.eth0.rp_filter": "1", "net.ipv4.ip_forward": "1"}
    found = trace(facts(
        interfaces=machine.interfaces, routes=machine.routes, sysctls=strict, rulesets=()
    ), packet(source="172.17.0.9"))  # fmt: skip
    assert found.outcome == "drop"
    assert "rp_filter" in found.reason


def test_without_forwarding_a_foreign_address_is_dropped() -> None:
    found = decide(asked=packet(to="203.0.113.9"))
    assert (found.outcome, found.by) == ("drop", None)


# Near misses and names


def test_near_misses_are_told_nearest_first() -> None:
    found = decide(input_chain(
        "iifname lo accept", "ct state established,related accept", "ip saddr 10.0.0.0/8 tcp dport 5000 accept",
        "tcp dport 22 accept", "udp dport 5000 accept", "drop", "tcp dport 5000 accept", policy="drop",
    ))  # fmt: skip
    assert [(near.condition, near.differs) for near in found.near_misses] == [
        ("order", "it stands behind the rule that decides"),
        ("source", "only from 10.0.0.0/8; you come from 192.168.1.20"),
        ("port", "only port 22; this is for port 5000"),
        ("protocol", "only udp; this is tcp"),
    ]


def test_for_a_packet_that_passes_the_first_rule_that_stops_others() -> None:
    found = decide(input_chain("ip saddr 10.0.0.0/8 drop", "tcp dport 5000 accept", policy="drop"))
    assert [(near.verdict, near.condition) for near in found.near_misses] == [("drop", "source")]
