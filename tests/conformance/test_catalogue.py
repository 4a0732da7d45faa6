"""The catalogue of root causes: one module a ref, each with its card, its page, its check, and its cases."""

from __future__ import annotations

import re
from inspect import signature
from types import ModuleType

import pytest

from tests import build
from tests.judge.cases import CASES
from tests.judge.cases.case import target
from wizard.judge import catalogue, judge, page, summary_of
from wizard.judge.sees import of_stop
from wizard.model.diagnosis import Outcome, Severity, Stage
from wizard.model.facts import Facts
from wizard.model.journey import Action, Ending, Journey, Step, Stop

REFS = {module.CAUSE.ref: module for module in catalogue()}
SECTIONS = ("What it looks like:", "See it by hand:", "Fix:", "Undo:")
TOUCHES_THE_MACHINE = {
    "subprocess",
    "socket",
    "os",
    "sys",
    "time",
    "platform",
    "psutil",
    "pathlib",
    "datetime",
    "random",
}

modules = pytest.mark.parametrize("module", catalogue(), ids=lambda module: module.CAUSE.ref)


@modules
def test_the_ref_is_the_name_of_the_file(module: ModuleType) -> None:
    ref = module.CAUSE.ref
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", ref)
    assert module.__name__.rpartition(".")[2] == ref.replace("-", "_")
    assert page(ref)[0] is module.CAUSE


@modules
def test_the_page_has_its_sections_in_order(module: ModuleType) -> None:
    lines = (module.__doc__ or "").splitlines()
    places = [next(number for number, line in enumerate(lines) if line.startswith(name)) for name in SECTIONS]
    assert places == sorted(places)
    assert 30 <= len(summary_of(module)) <= 240 and summary_of(module).endswith(".")
    assert all(len(line) <= 126 for line in lines)


@modules
def test_the_card_is_whole(module: ModuleType) -> None:
    cause = module.CAUSE
    assert cause.title and not cause.title.endswith(".")
    assert all(re.fullmatch(r"[A-J]\d{1,2}", number) for number in cause.catalogue)
    assert (cause.stage is Stage.EXPOSURE) == (
        cause.severity is not Severity.BLOCKING
    ) or cause.severity is Severity.WARNING
    assert cause.stage is not Stage.EXPOSURE or cause.severity is not Severity.BLOCKING


@modules
def test_what_it_outranks_exists_and_does_not_outrank_it(module: ModuleType) -> None:
    for ref in module.CAUSE.outranks:
        assert ref in REFS, ref
        assert module.CAUSE.ref not in REFS[ref].CAUSE.outranks, f"{ref} and {module.CAUSE.ref} outrank each other"
        assert ref != module.CAUSE.ref


@modules
def test_the_check_asks_only_for_facts(module: ModuleType) -> None:
    known = set(Facts.__struct_fields__) | {"target", "journey", "facts"}
    assert set(signature(module.check).parameters) <= known


def test_every_cause_has_a_case_for_each_outcome() -> None:
    missing = {
        (ref, outcome.value)
        for ref in REFS
        for outcome in Outcome
        if not any((case.ref, case.outcome) == (ref, outcome) for case in CASES)
    }
    assert not missing
    assert {case.ref for case in CASES} <= REFS.keys()


ENDINGS = [each for each in Ending if each not in (Ending.ARRIVED, Ending.UNKNOWN)]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_walk_that_stops_without_details_has_a_finding(ending: Ending) -> None:
    """A catch-all for each ending: nothing but the ending itself is known."""
    step = Step("here", "something stops it", Action.STOP)
    journey = Journey(build.packet(), (step,), Stop(ending, step))
    judgement = judge(build.facts(), target(), journey)
    assert judgement.blocking is not None
    assert judgement.blocking.verdict.summary and judgement.blocking.verdict.intents
    assert of_stop(journey.stop).transport  # type: ignore[arg-type]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_case_ends_in_each_way(ending: Ending) -> None:
    cases = [case for case in CASES if case.outcome is Outcome.FOUND and case.comes_first]
    assert any((stop := case.journey().stop) and stop.ending is ending for case in cases), f"no case ends {ending}"


def test_the_catalogue_has_every_ref_that_one_linux_machine_can_show() -> None:
    expected = """
        wildcard-address-in-url loopback-address-in-url address-not-of-this-machine name-does-not-resolve
        name-resolves-elsewhere localhost-other-family ipv6-preferred-service-ipv4-only browser-blocks-port
        proxy-takes-lan-address nothing-listening still-starting listens-on-another-port listens-on-unix-socket
        listens-on-udp-only process-stopped process-hung accept-queue-full loopback-only-bind bound-to-another-address
        ipv4-only-bind ipv6-only-bind bind-address-gone privileged-port other-network-namespace bound-to-one-device
        port-taken-by-another-program stale-copy-answers two-listeners-share-port specific-bind-shadows-wildcard
        port-in-time-wait firewall-drops-port firewall-rejects-port client-address-banned allow-rule-comes-too-late
        dropped-before-input redirected-to-dead-port reply-blocked forward-chain-drops-container
        docker-published-on-loopback container-app-on-loopback firewalld-zone-mismatch two-firewalls-disagree
        interface-down no-route-back reverse-path-filter host-does-not-answer https-asked-of-http http-asked-of-https
        host-header-refused closes-without-answer debugger-exposed development-server-exposed database-exposed
        docker-bypasses-firewall
    """
    assert set(expected.split()) <= REFS.keys()
