"""`nft list hooks`, and what it makes of the order of two engines at one priority."""

from __future__ import annotations

from msgspec.structs import replace

from wizard.firewalls import hooks
from wizard.judge.filters import Hooks
from wizard.model.ruleset import BaseChain, Chain, Engine, Family, Hook, Ruleset, Table

LISTED = """family ip {
\thook input {
\t\t-0000000150 iptable_mangle_hook [iptable_mangle]
\t\t 0000000000 chain inet mine in [nf_tables]
\t\t 0000000000 ipt_do_table [ip_tables]
\t\t+0000000100 nf_nat_ipv4_local_in [nf_nat]
\t\t+2147483647 nf_confirm [nf_conntrack]
\t}
\thook forward {
\t\t 0000000000 ipt_do_table [ip_tables]
\t}
}
family ip6 {
\thook input {
\t\t 0000000000 chain inet mine in [nf_tables]
\t}
}
family netdev {
\thook ingress device eth0 {
\t\t 0000000000 chain netdev a b [nf_tables]
\t}
}
"""


def table(name: str, chain: str = "in", order: int = 1, *, late: bool = False) -> Table:
    base = BaseChain(Hook.INPUT, 0, late=late)
    return Table(Engine.NFTABLES, Family.INET, name, {chain: Chain(chain, (), base)}, order=order)


def legacy() -> Table:
    base = BaseChain(Hook.INPUT, 0)
    return Table(Engine.IPTABLES_LEGACY, Family.IP, "filter", {"INPUT": Chain("INPUT", (), base)})


def orders(*rulesets: Ruleset, family: int = 4) -> list[list[list[str]]]:
    groups = Hooks(rulesets).at(family, "input")
    return [[[hooked.table.name for hooked in order] for order in group] for group in groups]


def of(engine: Engine, *tables: Table) -> Ruleset:
    return Ruleset(engine, tables)


def told(text: str, *rulesets: Ruleset) -> tuple[Ruleset, ...]:
    calls = hooks.read(text).value
    return tuple(hooks.told(ruleset, calls) for ruleset in rulesets)


def test_every_line_is_read() -> None:
    found = hooks.read(LISTED)
    assert not found.unread
    assert found.value[4, "input", 0] == (("inet", "mine", "in"), hooks.LEGACY)
    assert found.value[4, "forward", 0] == (hooks.LEGACY,)
    assert found.value[6, "input", 0] == (("inet", "mine", "in"),)
    assert ("other", "nf_nat_ipv4_local_in", "nf_nat") in found.value[4, "input", 100]
    assert not any(hook == "ingress" for _, hook, _ in found.value)


def test_odd_lines_are_kept() -> None:
    assert [origin.text for origin in hooks.read("family ip {\nwhat is this\n}\n").unread] == ["what is this"]


def test_the_kernels_order_decides() -> None:
    rulesets = (of(Engine.NFTABLES, table("mine")), of(Engine.IPTABLES_LEGACY, legacy()))
    assert orders(*rulesets) == [[["filter", "mine"], ["mine", "filter"]]]
    assert orders(*told(LISTED, *rulesets)) == [[["mine", "filter"]]]
    other = LISTED.replace("chain inet mine in [nf_tables]\n\t\t 0000000000 ipt_do_table [ip_tables]", "X", 1).replace(
        "X", "ipt_do_table [ip_tables]\n\t\t 0000000000 chain inet mine in [nf_tables]"
    )
    assert orders(*told(other, *rulesets)) == [[["filter", "mine"]]]


def test_of_three_the_ages_of_nfts_tables_tell_how_the_listing_is_meant() -> None:
    """nft may have turned around those behind the first."""
    lines = ["ipt_do_table [ip_tables]", "chain inet old in [nf_tables]", "chain inet new in [nf_tables]"]
    text = "family ip {\n\thook input {\n" + "".join(f"\t\t 0000000000 {line}\n" for line in lines) + "\t}\n}\n"
    rulesets = (
        of(Engine.NFTABLES, table("old", order=1), table("new", order=2)),
        of(Engine.IPTABLES_LEGACY, legacy()),
    )
    assert orders(*told(text, *rulesets)) == [[["filter", "new", "old"]]]


def test_without_it_legacy_may_stand_anywhere() -> None:
    rulesets = (
        of(Engine.NFTABLES, table("old", order=1), table("new", order=2)),
        of(Engine.IPTABLES_LEGACY, legacy()),
    )
    (found,) = orders(*rulesets)
    assert sorted(found) == [["filter", "new", "old"], ["new", "filter", "old"], ["new", "old", "filter"]]


def test_a_chain_that_came_later_may_be_newer_than_newer_tables() -> None:
    early = of(Engine.NFTABLES, table("old", order=1), table("new", order=2))
    assert orders(early) == [[["new", "old"]]]
    late = of(Engine.NFTABLES, table("old", order=1, late=True), table("new", order=2))
    assert sorted(orders(late)[0]) == [["new", "old"], ["old", "new"]]


def test_many_chains_at_one_priority_have_few_orders_tried() -> None:
    tables = tuple(replace(table(f"t{number}", order=0)) for number in range(7))
    (found,) = orders(of(Engine.NFTABLES, *tables))
    assert 2 <= len(found) <= 9
