"""Whatever of a machine is known, and however little: no check raises, and nothing stands in the way of who arrives."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests import build
from tests.judge.cases import CASES
from tests.judge.cases.case import MISSING, Case, target
from wizard.model.diagnosis import Outcome, Severity
from wizard.model.facts import Attempt, AttemptOutcome, Facts, Listener, Owner, Process, Proto

_MAY_BE_UNKNOWN = tuple(
    name
    for name in Facts.__struct_fields__
    if name not in ("platform", "taken_at", "privileged", "unreadable_rulesets", "sources", "notes")
)
_EMPTY = {
    "processes": {},
    "sysctls": {},
    "ufw": None,
    "firewalld": None,
    "resolution": None,
    "proxy": build.facts().proxy,
    "windows": None,
    "macos": None,
}

cases = st.sampled_from(CASES)
names = st.sets(st.sampled_from(_MAY_BE_UNKNOWN))
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(cases, names, names)
def test_no_check_raises_on_partial_facts(case: Case, unknown: set[str], empty: set[str]) -> None:
    blanks = {name: _EMPTY.get(name, ()) for name in empty}
    partial = replace(case.facts, **blanks, **dict.fromkeys(unknown - empty, MISSING))
    judgement = replace(case, facts=partial).judged()
    asked = {each.ref for each in (*judgement.found, *judgement.ruled_out, *judgement.cannot_tell)}
    assert case.ref in asked
    assert all(each.verdict.summary for each in judgement.cannot_tell)


words = st.text(alphabet="-=:/@.%'\"\\[]{}$ \x00\x1b\n0580apnorthfqu\u202e", max_size=12) | st.sampled_from(
    (
        "python3",
        "-m",
        "flask",
        "run",
        "gunicorn",
        "-b",
        "unix:",
        "--port",
        "5000",
        "--bind=[::1]:5000",
        "manage.py",
        "sudo",
    )
)
processes = st.builds(
    build.process,
    st.integers(1, 6),
    st.lists(words, max_size=5),
    name=words,
    parent=st.integers(0, 7) | st.none(),
    state=st.sampled_from(("R", "S", "T", "Z", "")),
    started=st.none() | st.floats(build.TAKEN_AT - 200, build.TAKEN_AT + 5),
    cwd=st.none() | words,
    user=st.none() | words,
    environment=st.none() | st.dictionaries(st.sampled_from(("PORT", "GUNICORN_CMD_ARGS", "FLASK_DEBUG")), words),
    container=st.sampled_from(("", "0123456789ab")),
)
owners = st.none() | st.lists(st.builds(Owner, words, st.integers(1, 8)), max_size=3).map(tuple)
listeners = st.builds(
    build.listener,
    st.sampled_from(("0.0.0.0", "127.0.0.1", "::", "::1", build.SERVER, "10.1.1.1", "fe80::1%eth0", "fd00:1::100")),
    st.sampled_from((80, 5000, 5001, 6379)),
    owners=owners,
    v6only=st.sampled_from((None, False, True)),
    device=st.sampled_from(("", "eth0", "lo")),
    accept_queue=st.none() | st.integers(0, 9),
    backlog=st.none() | st.integers(0, 9),
    proto=st.sampled_from(tuple(Proto)),
)
banners = st.binary(max_size=20) | st.just(b"HTTP/1.1 400 Bad Request\r\n\r\nDisallowedHost")
attempts = st.builds(
    build.attempt,
    outcome=st.sampled_from(tuple(AttemptOutcome)),
    sent=st.sampled_from(("", "http", "tls")),
    banner=banners,
    ended=st.sampled_from(("open", "closed", "reset", "answered")),
    tls=st.sampled_from(("", "ok", "wrong version number")),
)


@quick
@given(
    st.lists(processes, max_size=5),
    st.lists(listeners, max_size=5).map(tuple),
    st.lists(listeners, max_size=2).map(tuple),
    st.lists(attempts, max_size=2).map(tuple),
    st.sampled_from(("", "localhost", "0.0.0.0", "shop.lan", "[::1]", build.SERVER)),
    st.sampled_from(("http", "https")),
    st.sampled_from((80, 5000, 6667)),
)
def test_no_check_raises_on_a_strange_machine(
    running: list[Process],
    here: tuple[Listener, ...],
    elsewhere: tuple[Listener, ...],
    made: tuple[Attempt, ...],
    host: str,
    scheme: str,
    port: int,
) -> None:
    facts = build.facts(processes=running, listeners=here, foreign_listeners=elsewhere, attempts=made)
    case = Case("", Outcome.FOUND, "strange", facts, target(host=host, scheme=scheme, port=port))
    journey, judgement = case.journey(), case.judged()
    if journey.stop is not None:
        assert judgement.blocking is not None, journey.stop
    for finding in judgement.found:
        assert finding.verdict.summary.strip()


@quick
@given(cases, names)
def test_what_arrives_is_not_called_blocked(case: Case, unknown: set[str]) -> None:
    partial = replace(case, facts=replace(case.facts, **dict.fromkeys(unknown, MISSING)))
    if partial.journey().stop is None:
        blocking = [each for each in partial.judged().found if each.cause.severity is Severity.BLOCKING]
        assert not blocking


@quick
@given(cases, st.sampled_from(("rulesets", "listeners", "interfaces", "routes")))
def test_an_unknown_fact_never_rules_out_what_was_found_with_it(case: Case, name: str) -> None:
    """Less knowledge may leave a cause open or hide it behind another stop; it never proves a healthy machine."""
    journey = replace(case, facts=replace(case.facts, **{name: MISSING})).journey()
    if case.outcome is Outcome.FOUND and case.comes_first and case.journey().stop is not None:
        assert not journey.arrives
