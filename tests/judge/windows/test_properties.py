"""What holds whatever the rules are: unknown is never allowed, a block rule never opens, an allow rule never closes."""

from __future__ import annotations

from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests import build_windows as build
from wizard.judge.trace import trace
from wizard.model.capture import Unknown
from wizard.model.windows import (
    Addresses,
    AddressSpan,
    Direction,
    FirewallProfile,
    Network,
    Ports,
    ProfileName,
    RuleAction,
    Store,
    WindowsFacts,
    WindowsRule,
)

RANK = {"drop": 0, "unknown": 1, "deliver": 2}
three = st.sampled_from((True, False, None))
ports = st.sampled_from(
    (Ports(), Ports(((5000, 5000),)), Ports(((1, 4999),)), Ports((), ("RPC",)), Ports((), ("Teredo",)))
)
addresses = st.sampled_from(
    (
        Addresses(),
        Addresses((), ((0, "LocalSubnet"),)),
        Addresses((), ((0, "Intranet"),)),
        Addresses((AddressSpan(4, 0, 2**31),)),
        Addresses((AddressSpan(6, 0, 2**128 - 1),)),
    )
)
rules = st.builds(
    WindowsRule,
    st.just("x"),
    st.sampled_from(("a", "b")),
    st.sampled_from(RuleAction),
    st.sampled_from(Direction),
    enabled=three,
    profiles=st.sampled_from(((), (ProfileName.PRIVATE,), (ProfileName.PUBLIC,))),
    protocol=st.sampled_from((None, 6, 17)),
    local_ports=ports,
    remote_addresses=addresses,
    program=st.sampled_from(("", build.PYTHON, r"C:\node.exe", r"%APPDATA%\python.exe", "System")),
    service=st.sampled_from(("", "*", "site")),
    users=st.sampled_from(((), ("O:LSD:(A;;CC;;;UD)",))),
    authenticated=st.sampled_from(("", "Authenticate")),
    store=st.sampled_from(Store),
    unsure=st.sampled_from(((), ("ttk=UPnP",))),
)
profiles = st.builds(FirewallProfile, st.just(ProfileName.PRIVATE), three, three, three, three)
networks = st.sampled_from(
    (
        Unknown("not collected"),
        (),
        (Network("home", "Ethernet", ProfileName.PRIVATE),),
        (Network("home", "Ethernet", None),),
    )
)
stores = st.sampled_from(((), (Unknown("access is denied", what="Group Policy"),)))
listed = st.lists(rules, max_size=5).map(tuple)
few = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
quick = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def machines(draw: st.DrawFn) -> WindowsFacts:
    """Rules and profiles, some of them not understood."""
    known = {name: FirewallProfile(name) for name in ProfileName} | {ProfileName.PRIVATE: draw(profiles)}
    told = Unknown("not read") if draw(st.integers(0, 9)) == 0 else known
    made = build.windows(profiles=told, networks=draw(networks), unread_stores=draw(stores))
    return replace(made, rules=draw(listed), ipsec_rules=draw(three))


def outcome(windows: WindowsFacts, **changes: object) -> str:
    decision = trace(build.facts(windows=windows, **changes), build.packet())
    assert decision.outcome in RANK
    assert decision.outcome != "unknown" or decision.reason
    return decision.outcome


@quick
@given(machines(), rules)
def test_another_block_rule_never_opens(windows: WindowsFacts, rule: WindowsRule) -> None:
    assert isinstance(windows.rules, tuple)
    more = replace(windows, rules=(*windows.rules, replace(rule, action=RuleAction.BLOCK)))
    assert RANK[outcome(more)] <= RANK[outcome(windows)]


@quick
@given(machines(), rules)
def test_another_allow_rule_never_closes(windows: WindowsFacts, rule: WindowsRule) -> None:
    assert isinstance(windows.rules, tuple)
    for action in (RuleAction.ALLOW, RuleAction.BYPASS):
        more = replace(windows, rules=(*windows.rules, replace(rule, action=action)))
        assert RANK[outcome(more)] >= RANK[outcome(windows)]


@quick
@given(machines(), st.randoms(use_true_random=False))
def test_the_order_of_the_rules_does_not_matter(windows: WindowsFacts, random: object) -> None:
    assert isinstance(windows.rules, tuple)
    turned = list(windows.rules)
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert outcome(replace(windows, rules=tuple(turned))) == outcome(windows)


@few
@given(machines())
def test_a_rule_that_is_not_understood_may_hold_or_not(windows: WindowsFacts) -> None:
    """What is decided with doubtful rules is not contradicted whichever of them hold."""
    assert isinstance(windows.rules, tuple)
    some = windows.rules[:3]
    doubtful = outcome(replace(windows, rules=tuple(replace(each, unsure=("something new",)) for each in some)))
    for held in product((True, False), repeat=len(some)):
        whole = tuple(rule for rule, holds in zip(some, held, strict=True) if holds)
        assert {doubtful, outcome(replace(windows, rules=whole))} != {"drop", "deliver"}


@quick
@given(machines(), listed)
def test_what_is_decided_without_the_rules_holds_with_any(
    windows: WindowsFacts, any_rules: tuple[WindowsRule, ...]
) -> None:
    blind = outcome(replace(windows, rules=Unknown("not read")))
    assert {blind, outcome(replace(windows, rules=any_rules))} != {"drop", "deliver"}


@quick
@given(machines(), st.tuples(*[st.booleans()] * 4))
def test_what_is_decided_without_a_setting_holds_with_any(windows: WindowsFacts, told: tuple[bool, ...]) -> None:
    if isinstance(windows.profiles, Unknown):
        return
    known = windows.profiles[ProfileName.PRIVATE]
    fields = ("enabled", "inbound_allowed", "shields_up", "local_rules")
    settled = {name: value for name, value in zip(fields, told, strict=True) if getattr(known, name) is None}
    whole = replace(windows, profiles={**windows.profiles, ProfileName.PRIVATE: replace(known, **settled)})
    assert {outcome(windows), outcome(whole)} != {"drop", "deliver"}


@quick
@given(machines())
def test_unknown_programs_never_open(windows: WindowsFacts) -> None:
    """What is let in without knowing who listens is let in whoever listens."""
    if outcome(windows, processes=Unknown("no"), listeners=(build.listener(owners=None),)) == "deliver":
        assert outcome(windows) == "deliver"
