"""Who is spoken to, in which words, and what undoes them: everything that needs no kernel."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from msgspec.structs import replace

from tests import build
from wizard.firewalls.change import Opening
from wizard.firewalls.iptables import read as iptables
from wizard.firewalls.nftables import read as nftables_json
from wizard.firewalls.nftables import text as nftables
from wizard.firewalls.nftables import write
from wizard.fixes import firewall
from wizard.fixes.written import Written
from wizard.model.capture import Unknown
from wizard.model.facts import Facts, Fail2banJail, Firewalld, FirewalldZone, Proto, Ufw
from wizard.model.journey import Decision, RuleReference, Translation
from wizard.model.remedy import AllowInbound, AllowReply, RemoveRedirect, Risk, Run, Unban
from wizard.model.ruleset import Engine, Family, Ruleset
from wizard.present.quoting import command

LAN, LAN6 = ip_network("192.168.1.0/24"), ip_network("fd00:1::/64")

UFW = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:ufw-before-input - [0:0]
:ufw-user-input - [0:0]
:ufw-skip-to-policy-input - [0:0]
:ufw-after-input - [0:0]
-A INPUT -j ufw-before-input
-A INPUT -j ufw-after-input
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate INVALID -j DROP
-A ufw-before-input -j ufw-user-input
-A ufw-after-input -p tcp -m tcp --dport 445 -j ufw-skip-to-policy-input
-A ufw-skip-to-policy-input -j DROP
COMMIT
"""
FIREWALLD = """table inet firewalld {
  chain filter_INPUT { type filter hook input priority filter + 10; policy accept;
    ct state { established, related } accept
    jump filter_INPUT_ZONES
    reject with icmpx admin-prohibited
  }
  chain filter_INPUT_ZONES { goto filter_IN_public }
  chain filter_IN_public {
    jump filter_IN_public_pre
    jump filter_IN_public_log
    jump filter_IN_public_deny
    jump filter_IN_public_allow
    jump filter_IN_public_post
    reject with icmpx admin-prohibited
  }
  chain filter_IN_public_pre { ip saddr 192.168.1.20 drop }
  chain filter_IN_public_log { }
  chain filter_IN_public_deny { ip saddr 192.168.1.20 drop }
  chain filter_IN_public_allow { tcp dport 22 accept }
  chain filter_IN_public_post { }
}
"""


def compat(text: str, family: Family = Family.IP, engine: Engine = Engine.IPTABLES_NFT, source: str = "") -> Ruleset:
    program = "ip6tables-save" if family == Family.IP6 else "iptables-save"
    return iptables.read(text, family, engine, source or program)


def facts(*rulesets: Ruleset, **more: Any) -> Facts:
    return build.facts(rulesets=rulesets, **{"ufw": None, "firewalld": None, "fail2ban": (), **more})


def stopped(chain: str, index: int | None = None, *, table: str = "filter", family: str = "ip", hook: str = "input",
            engine: str = "iptables-nft", port: int = 5000, to: str = build.SERVER) -> Decision:  # fmt: skip
    what = "rule" if index else "policy"
    by = RuleReference(engine, family, table, chain, what, index=index, hook=hook)
    return Decision("drop", Translation(ip_address(to), port), by=by)


def allow(known: Facts, decision: Decision, **changes: Any) -> Written | None:
    intent = AllowInbound(5000, Proto.TCP, LAN, "eth0", ip_address(build.SERVER))
    return firewall.allow_inbound(replace(intent, **changes), known, decision)


def lines(instructions: tuple[Any, ...]) -> list[str]:
    assert all(isinstance(each, Run) and each.root for each in instructions)
    return [command(each) for each in instructions]


def texts(written: Written, family: str, table: str, chain: str) -> list[str]:
    assert not isinstance(written.facts.rulesets, Unknown)
    found = next(c for r in written.facts.rulesets if (c := r.chain(family, table, chain)))
    return [rule.text for rule in found.rules]


UFW_ON = Ufw(enabled=True, default_incoming="deny")


def test_ufw_is_spoken_to_in_its_own_words() -> None:
    made = allow(facts(compat(UFW), ufw=UFW_ON), stopped("INPUT"))
    assert made is not None
    assert lines(made.steps) == ["ufw prepend allow proto tcp from 192.168.1.0/24 to any port 5000"]
    assert lines(made.undo) == ["ufw delete allow proto tcp from 192.168.1.0/24 to any port 5000"]
    assert made.persists == "yes"
    assert texts(made, "ip", "filter", "ufw-user-input") == [
        "-A ufw-user-input -s 192.168.1.0/24 -p tcp -m tcp --dport 5000 -j ACCEPT"
    ]


@pytest.mark.parametrize("chain", ["ufw-after-input", "ufw-skip-to-policy-input"])
def test_what_comes_after_the_users_rules_is_ufws_too(chain: str) -> None:
    made = allow(facts(compat(UFW), ufw=UFW_ON), stopped(chain, 1))
    assert made is not None and lines(made.steps)[0].startswith("ufw prepend")


def test_ufw_cannot_overrule_what_comes_before_its_rules() -> None:
    made = allow(facts(compat(UFW), ufw=UFW_ON), stopped("ufw-before-input", 2))
    assert made is not None
    assert lines(made.steps)[0].startswith(
        "iptables -I ufw-before-input 2 -s 192.168.1.0/24 -p tcp -m tcp --dport 5000 "
    )
    assert made.persists == "until reload" and made.warnings


@pytest.mark.parametrize("state", [Ufw(enabled=False), None])
def test_chains_left_behind_by_ufw_are_not_ufw(state: Ufw | None) -> None:
    made = allow(facts(compat(UFW), ufw=state), stopped("INPUT"))
    assert made is not None and lines(made.steps)[0].startswith("iptables -A INPUT ")


def test_ufw_that_nobody_asked_is_known_by_its_chains() -> None:
    made = allow(facts(compat(UFW), ufw=Unknown("not collected")), stopped("INPUT"))
    assert made is not None and lines(made.steps)[0].startswith("ufw prepend")


@pytest.mark.parametrize(
    "rule",
    [
        "-s 192.168.1.0/24 -p tcp -m tcp --dport 5000 -j DROP",
        "-s 192.168.1.0/24 -p tcp -m tcp --dport 5000 -j REJECT --reject-with tcp-reset",
        "-s 192.168.1.0/24 -p tcp -m tcp --dport 5000 -m conntrack --ctstate NEW -m recent --set --name DEFAULT --rsource",
        "-s 192.168.1.0/24 -p tcp -m tcp --dport 5000 -j ACCEPT",
    ],
)
def test_ufw_would_skip_the_same_match_so_it_is_narrowed(rule: str) -> None:
    text = UFW.replace(
        "COMMIT", f"-A ufw-user-input -p tcp -m tcp --dport 5000 -j DROP\n-A ufw-user-input {rule}\nCOMMIT"
    )
    made = allow(facts(compat(text), ufw=UFW_ON), stopped("ufw-user-input", 1))
    assert made is not None
    assert lines(made.steps) == ["ufw prepend allow in on eth0 proto tcp from 192.168.1.0/24 to any port 5000"]


def test_ufw_finds_the_interface_by_its_network_when_none_is_named() -> None:
    text = UFW.replace("COMMIT", "-A ufw-user-input -s 192.168.1.0/24 -p tcp -m tcp --dport 5000 -j DROP\nCOMMIT")
    made = allow(facts(compat(text), ufw=UFW_ON), stopped("ufw-user-input", 1), interface="", destination=None)
    assert made is not None and "in on eth0" in lines(made.steps)[0]


def test_link_local_neighbours_are_let_in_on_their_own_interface() -> None:
    text = UFW.replace("ufw-", "ufw6-")
    made = allow(
        facts(compat(text, Family.IP6), ufw=UFW_ON), stopped("INPUT", family="ip6"), source=ip_network("fe80::/64")
    )
    assert made is not None
    assert lines(made.steps) == ["ufw prepend allow in on eth0 proto tcp from fe80::/64 to any port 5000"]


def test_iptables_speaks_with_the_program_that_listed_the_rules() -> None:
    text = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"
    legacy = compat(text, engine=Engine.IPTABLES_LEGACY, source="iptables-legacy-save")
    made = allow(facts(legacy), stopped("INPUT", engine="iptables-legacy"))
    assert made is not None
    words = "-s 192.168.1.0/24 -p tcp -m tcp --dport 5000 -m comment --comment wizard -j ACCEPT"
    assert lines(made.steps) == [f"iptables-legacy -A INPUT {words}"]
    assert lines(made.undo) == [f"iptables-legacy -D INPUT {words}"]
    assert made.persists == "until reboot" and any("netfilter-persistent" in warning for warning in made.warnings)


def test_before_conntrack_there_is_no_condition_on_it() -> None:
    text = "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -j DROP\nCOMMIT\n"
    made = firewall.allow_reply(
        AllowReply(5000, Proto.TCP, LAN), facts(compat(text)), stopped("OUTPUT", 1, table="raw", hook="output")
    )
    assert made is not None and "ctstate" not in lines(made.steps)[0]
    assert lines(made.steps)[0].startswith("iptables -t raw -I OUTPUT 1 -d 192.168.1.0/24 -p tcp -m tcp --sport 5000 ")


def test_behind_a_redirect_the_rule_names_the_port_it_leads_to() -> None:
    made = allow(facts(compat("*filter\n:INPUT DROP [0:0]\nCOMMIT\n")), stopped("INPUT", port=8080))
    assert made is not None and "--dport 8080 " in lines(made.steps)[0]


def native(text: str) -> Ruleset:
    return nftables.read(text)


def nft_stopped(chain: str, index: int | None, table: str = "filter", **more: Any) -> Decision:
    return stopped(chain, index, table=table, family="inet", engine="nftables", **more)


def test_nft_names_its_rule_and_finds_it_again_by_that() -> None:
    text = """table inet filter { chain input { type filter hook input priority 0; policy drop;
        tcp dport 22 accept # handle 4
        tcp dport 5000 drop # handle 7
    } }"""
    made = allow(facts(native(text)), nft_stopped("input", 2))
    assert made is not None
    assert lines(made.steps) == [
        "nft insert rule inet filter input position 7 ip saddr 192.168.1.0/24 tcp dport 5000 accept comment wizard-5000-tcp"
    ]
    assert lines(made.undo) == [
        'nft delete rule inet filter input handle "$(nft -a list chain inet filter input'
        """ | sed -n 's/.*comment "wizard-5000-tcp" # handle //p')\""""
    ]


def test_nft_takes_a_name_that_is_free() -> None:
    text = """table inet filter { chain input { type filter hook input priority 0; policy drop;
        ip saddr 10.0.0.0/8 tcp dport 5000 accept comment "wizard-5000-tcp"
    } }"""
    made = allow(facts(native(text)), nft_stopped("input", None))
    assert made is not None and lines(made.steps)[0].endswith("comment wizard-5000-tcp-2")


FIREWALLD_ON = Firewalld(
    running=True,
    default_zone="public",
    zones=(
        FirewalldZone("public", rich_rules=('rule priority="-7" family="ipv4" source address="192.168.1.20" drop',)),
    ),
)
RICH = 'family="ipv4" source address="192.168.1.0/24" port port="5000" protocol="tcp" accept'


@pytest.mark.parametrize(
    ("chain", "index", "priority", "into", "texts_after"),
    [
        ("filter_IN_public", 6, "", "allow", ["tcp dport 22 accept", "NEW"]),
        ("filter_IN_public_deny", 1, 'priority="-1" ', "pre", ["ip saddr 192.168.1.20 drop", "NEW"]),
        ("filter_IN_public_pre", 1, 'priority="-8" ', "pre", ["NEW", "ip saddr 192.168.1.20 drop"]),
    ],
)
def test_firewalld_gets_a_rich_rule_that_comes_before_what_decided(
    chain: str, index: int, priority: str, into: str, texts_after: list[str]
) -> None:
    made = allow(facts(native(FIREWALLD), firewalld=FIREWALLD_ON), nft_stopped(chain, index, "firewalld"))
    assert made is not None
    rich = f"'--add-rich-rule=rule {priority}{RICH}'"
    assert lines(made.steps) == [
        f"firewall-cmd --zone=public {rich}",
        f"firewall-cmd --permanent --zone=public {rich}",
    ]
    assert lines(made.undo) == [line.replace("--add-", "--remove-") for line in lines(made.steps)]
    written = "ip saddr 192.168.1.0/24 tcp dport 5000 accept"
    after = texts(made, "inet", "firewalld", f"filter_IN_public_{into}")
    assert after == [written if text == "NEW" else text for text in texts_after]
    assert made.persists == "yes"


def test_a_table_that_firewalld_left_behind_is_changed_itself() -> None:
    known = facts(native(FIREWALLD), firewalld=Firewalld(running=False))
    made = allow(known, nft_stopped("filter_IN_public", 6, "firewalld"))
    assert made is not None and lines(made.steps)[0].startswith("nft ")
    assert made.persists == "until reload"


def test_panic_mode_is_a_persons_decision() -> None:
    text = """table inet firewalld_policy_drop { chain input { type filter hook input priority -310; policy drop; } }"""
    made = allow(facts(native(text), firewalld=FIREWALLD_ON), nft_stopped("input", None, "firewalld_policy_drop"))
    assert made is not None
    assert lines(made.steps) == ["firewall-cmd --panic-off"] and lines(made.undo) == ["firewall-cmd --panic-on"]
    assert made.risk is Risk.HIGH and made.warnings


F2B = """*filter
:INPUT ACCEPT [0:0]
:f2b-web - [0:0]
-A INPUT -p tcp -m multiport --dports 5000 -j f2b-web
-A f2b-web -s 192.168.1.66/32 -j REJECT --reject-with icmp-port-unreachable
-A f2b-web -s 192.168.1.20/32 -j REJECT --reject-with icmp-port-unreachable
-A f2b-web -j RETURN
COMMIT
"""
CLIENT = ip_address(build.CLIENT)


def test_fail2ban_lifts_its_own_ban_and_the_undo_puts_it_where_it_was() -> None:
    known = facts(compat(F2B), fail2ban=(Fail2banJail("web", (CLIENT,)), Fail2banJail("other", (CLIENT,))))
    made = firewall.unban(Unban(CLIENT), known, stopped("f2b-web", 2))
    assert made is not None
    assert lines(made.steps) == ["fail2ban-client set web unbanip 192.168.1.20"]
    rule = "-s 192.168.1.20/32 -j REJECT --reject-with icmp-port-unreachable"
    assert lines(made.undo) == [
        "fail2ban-client set web banip 192.168.1.20",
        f"iptables -D f2b-web {rule}",
        f"iptables -I f2b-web 2 {rule}",
    ]
    assert len(texts(made, "ip", "filter", "f2b-web")) == 2


def test_a_ban_that_fail2ban_knows_nothing_of_is_deleted_and_put_back() -> None:
    made = firewall.unban(Unban(CLIENT), facts(compat(F2B)), stopped("f2b-web", 2))
    assert made is not None
    rule = "-s 192.168.1.20/32 -j REJECT --reject-with icmp-port-unreachable"
    assert lines(made.steps) == [f"iptables -D f2b-web {rule}"]
    assert lines(made.undo) == [f"iptables -I f2b-web 2 {rule}"]


def test_a_ban_of_a_whole_network_is_not_lifted_for_one_address() -> None:
    text = F2B.replace("192.168.1.20/32", "192.168.1.0/24")
    made = firewall.unban(Unban(CLIENT), facts(compat(text)), stopped("f2b-web", 2))
    assert made is not None
    assert lines(made.steps)[0].startswith("iptables -I f2b-web 2 -s 192.168.1.20/32 -p tcp -m tcp --dport 5000 ")


def test_a_drop_that_is_not_fail2bans_is_not_blamed_on_it() -> None:
    text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 192.168.1.20/32 -j DROP\nCOMMIT\n"
    known = facts(compat(text), fail2ban=(Fail2banJail("web", (CLIENT,)),))
    made = firewall.unban(Unban(CLIENT, "web"), known, stopped("INPUT", 1))
    assert made is not None and lines(made.steps)[0].startswith("iptables -I INPUT 1 -s 192.168.1.20/32 -p tcp ")


def test_a_redirect_that_serves_other_ports_stays() -> None:
    rule = "-A PREROUTING -p tcp -m tcp --dport 4000:6000 -j REDIRECT --to-ports 5999"
    text = f"*nat\n:PREROUTING ACCEPT [0:0]\n{rule}\nCOMMIT\n"
    decision = Decision("deliver", Translation(ip_address(build.SERVER), 5999))
    made = firewall.remove_redirect(RemoveRedirect(5000, Proto.TCP), facts(compat(text)), decision)
    assert made is not None
    assert lines(made.steps)[0].startswith("iptables -t nat -I PREROUTING 1 -p tcp -m tcp --dport 5000 ")


def test_without_a_rule_that_decided_nothing_is_written() -> None:
    known = facts(compat(UFW), ufw=UFW_ON)
    assert allow(known, Decision("drop", Translation(CLIENT, 5000), reason="rp_filter on eth0")) is None
    assert allow(known, stopped("gone", 1)) is None
    assert allow(build.facts(rulesets=Unknown("nobody could look")), stopped("INPUT")) is None


def test_on_a_device_the_address_family_goes_without_saying() -> None:
    text = """table netdev guard { chain in { type filter hook ingress device "eth0" priority 0; policy accept;
        tcp dport 5000 drop # handle 2
    } }"""
    decision = stopped("in", 1, table="guard", family="netdev", engine="nftables", hook="ingress")
    made = allow(facts(native(text)), decision)
    assert made is not None and lines(made.steps)[0].startswith(
        "nft insert rule netdev guard in position 2 ip saddr 192.168.1.0/24 ip daddr 192.168.1.100 tcp dport 5000 accept "
    )


@pytest.mark.parametrize("target", ["172.17.0.9", "172.17.0.9:5000", "172.17.0.9:5000-5010"])
def test_a_translation_that_leaves_the_port_as_it_is_is_found_too(target: str) -> None:
    rule = f"-A PREROUTING -p tcp -m tcp --dport 5000 -j DNAT --to-destination {target}"
    decision = Decision("forward", Translation(ip_address("172.17.0.9"), 5000))
    known = facts(compat(f"*nat\n:PREROUTING ACCEPT [0:0]\n{rule}\nCOMMIT\n"))
    made = firewall.remove_redirect(RemoveRedirect(5000, Proto.TCP), known, decision)
    assert made is not None
    assert lines(made.steps) == [rule.replace("-A PREROUTING", "iptables -t nat -D PREROUTING")]
    assert lines(made.undo) == [rule.replace("-A PREROUTING", "iptables -t nat -I PREROUTING 1")]


@pytest.mark.parametrize(
    ("family", "words"),
    [
        (Family.INET, ("meta", "nfproto", "ipv6")),
        (Family.NETDEV, ("meta", "protocol", "ip6")),
        (Family.IP6, ()),
    ],
)
def test_everyone_is_everyone_of_that_version_of_ip(family: Family, words: tuple[str, ...]) -> None:
    base = native("table inet filter { chain input { type filter hook input priority 0; } }").tables[0].chains["input"]
    opening = Opening(Proto.TCP, 5000, ip_network("::/0"))
    assert write.conditions(opening, family, base) == (*words, "tcp", "dport", "5000")


def test_a_rule_that_the_listing_shows_in_part_is_not_deleted() -> None:
    ports = ", ".join(str(port) for port in range(2000, 2100))
    text = (
        '{"nftables": [{"chain": {"family": "ip", "table": "nat", "name": "pre", "handle": 1, "type": "nat",'
        ' "hook": "prerouting", "prio": -100, "policy": "accept"}}, {"rule": {"family": "ip", "table": "nat",'
        ' "chain": "pre", "handle": 2, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp",'
        ' "field": "sport"}}, "right": {"set": [' + ports + "]}}}, "
        '{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 5000}},'
        ' {"redirect": {"port": 5999}}]}}]}'
    )
    decision = Decision("deliver", Translation(ip_address(build.SERVER), 5999))
    made = firewall.remove_redirect(RemoveRedirect(5000, Proto.TCP), facts(nftables_json.read(text)), decision)
    assert made is not None
    assert lines(made.steps)[0].startswith("nft insert rule ip nat pre position 2 tcp dport 5000 accept ")


def test_a_zone_may_be_called_like_a_part_of_another() -> None:
    text = FIREWALLD.replace("IN_public", "IN_home_allow")
    made = allow(facts(native(text), firewalld=FIREWALLD_ON), nft_stopped("filter_IN_home_allow", 6, "firewalld"))
    assert made is not None and lines(made.steps)[0].startswith("firewall-cmd --zone=home_allow ")


def test_an_exception_from_crowdsecs_ban_names_crowdsec() -> None:
    text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m set --match-set crowdsec-blacklists src -j DROP\nCOMMIT\n"
    made = firewall.unban(Unban(CLIENT), facts(compat(text)), stopped("INPUT", 1))
    assert made is not None and any("cscli decisions delete --ip 192.168.1.20" in said for said in made.warnings)


OLD_FIREWALLD = """table inet firewalld {
  chain filter_INPUT { type filter hook input priority filter + 10; policy accept;
    ct state { established, related } accept
    jump filter_INPUT_ZONES
    ct state invalid drop
    reject with icmpx type admin-prohibited
  }
  chain filter_INPUT_ZONES {
    ip saddr 192.168.1.0/24 goto filter_IN_home
    goto filter_IN_public
  }
  chain filter_IN_public { jump filter_IN_public_allow }
  chain filter_IN_public_allow { tcp dport 22 accept }
  chain filter_IN_home { jump filter_IN_home_allow }
  chain filter_IN_home_allow { }
}
"""


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        ((FirewalldZone("public", interfaces=("eth0",)), FirewalldZone("home", sources=("192.168.0.0/16",))), "home"),
        (
            (FirewalldZone("home", interfaces=("eth0",)), FirewalldZone("public", sources=("00:11:22:33:44:55",))),
            "home",
        ),
        ((FirewalldZone("home", sources=("192.168.1.7", "10.0.0.0/8", "ipset:lan")),), "public"),
    ],
)
def test_where_the_zone_itself_says_nothing_its_accepts_still_come_first(
    zones: tuple[FirewalldZone, ...], expected: str
) -> None:
    known = facts(native(OLD_FIREWALLD), firewalld=Firewalld(running=True, default_zone="public", zones=zones))
    made = allow(known, nft_stopped("filter_INPUT", 4, "firewalld"))
    assert made is not None and lines(made.steps)[0].startswith(f"firewall-cmd --zone={expected} ")
    assert texts(made, "inet", "firewalld", f"filter_IN_{expected}_allow")[-1].endswith("tcp dport 5000 accept")


def test_no_zone_overrules_what_comes_before_the_zones() -> None:
    text = OLD_FIREWALLD.replace(
        "    jump filter_INPUT_ZONES\n", "    tcp dport 5000 drop\n    jump filter_INPUT_ZONES\n"
    )
    known = facts(native(text), firewalld=Firewalld(running=True, default_zone="public"))
    made = allow(known, nft_stopped("filter_INPUT", 2, "firewalld"))
    assert made is not None and lines(made.steps)[0].startswith("nft insert rule inet firewalld filter_INPUT ")


def test_a_ban_among_ufws_rules_is_excepted_from_in_ufws_words() -> None:
    text = UFW.replace("COMMIT", "-A ufw-user-input -s 192.168.1.20/32 -j DROP\nCOMMIT")
    made = firewall.unban(Unban(CLIENT), facts(compat(text), ufw=UFW_ON), stopped("ufw-user-input", 1))
    assert made is not None and made.persists == "yes"
    assert lines(made.steps) == ["ufw prepend allow proto tcp from 192.168.1.20 to any port 5000"]


FORWARDS = """table inet firewalld {
  chain nat_PREROUTING { type nat hook prerouting priority dstnat + 10; policy accept; jump nat_PRE_public }
  chain nat_PRE_public { jump nat_PRE_public_allow }
  chain nat_PRE_public_allow {
    meta nfproto ipv4 tcp dport 5000 redirect to :5999 # handle 8
    meta nfproto ipv4 tcp dport 5001 dnat ip to 192.168.1.9:80 # handle 9
  }
}
"""


def test_firewalld_forgets_a_forwarded_port_where_adding_it_again_puts_it_back() -> None:
    to = Translation(ip_address("192.168.1.9"), 80)
    known = facts(native(FORWARDS), firewalld=FIREWALLD_ON)
    made = firewall.remove_redirect(RemoveRedirect(5001, Proto.TCP), known, Decision("forward", to))
    assert made is not None and made.persists == "until reload"
    forward = "port=5001:proto=tcp:toport=80:toaddr=192.168.1.9"
    assert lines(made.steps) == [f"firewall-cmd --zone=public --remove-forward-port={forward}"]
    assert lines(made.undo) == [f"firewall-cmd --zone=public --add-forward-port={forward}"]


def test_one_that_stands_ahead_of_others_goes_by_its_handle() -> None:
    to = Translation(ip_address(build.SERVER), 5999)
    known = facts(native(FORWARDS), firewalld=FIREWALLD_ON)
    made = firewall.remove_redirect(RemoveRedirect(5000, Proto.TCP), known, Decision("deliver", to))
    assert made is not None
    assert lines(made.steps) == ["nft delete rule inet firewalld nat_PRE_public_allow handle 8"]
    assert "position 9 'meta nfproto ipv4 tcp dport 5000 redirect to :5999'" in lines(made.undo)[0]
