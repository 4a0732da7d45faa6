"""Every entry of the knowledge carries its own examples; here they are tried, all of them."""

from __future__ import annotations

import shlex

import pytest

from wizard.knowledge import Framework, ServerCall, framework, frameworks, server_calls, service_of, services
from wizard.knowledge.calls import parse, run_calls
from wizard.knowledge.recognise import recognise

FORMS = {"", "host", "host:port", "positional", "environment"}


@pytest.mark.parametrize("entry", frameworks(), ids=lambda entry: entry.name)
def test_a_framework_recognises_its_examples_and_no_other(entry: Framework) -> None:
    assert entry.recognises and entry.ignores
    for line in entry.recognises:
        found = recognise(tuple(shlex.split(line)))
        assert found is not None and found.framework is entry, line
    for line in entry.ignores:
        found = recognise(tuple(shlex.split(line)))
        assert found is None or found.framework is not entry, line


@pytest.mark.parametrize("entry", frameworks(), ids=lambda entry: entry.name)
def test_a_framework_says_how_it_is_opened_and_who_says_so(entry: Framework) -> None:
    assert entry.source and entry.title
    assert entry.address_form in FORMS
    assert entry.ipv6_wildcard in {"both", "ipv6-only", "unknown"}
    assert entry.kind in {"development", "production", "tool", "database"}
    if entry.address_form in {"host", "host:port"}:
        assert entry.address_options
    if entry.address_form == "environment":
        assert entry.address_environment
    if not entry.address_form:
        assert entry.advice, "neither a word that sets the address nor advice"


@pytest.mark.parametrize("entry", server_calls(), ids=lambda entry: entry.name)
def test_a_call_is_found_in_its_examples_and_not_in_others(entry: ServerCall) -> None:
    assert entry.source and entry.recognises and entry.ignores
    for text in entry.recognises:
        source = parse(text)
        assert source is not None
        assert [call.entry.name for call in run_calls(source)] == [entry.name], text
    for text in entry.ignores:
        source = parse(text)
        assert source is not None
        assert entry.name not in [call.entry.name for call in run_calls(source)], text


def test_names_are_unique() -> None:
    names = [entry.name for entry in (*frameworks(), *server_calls())]
    assert len(names) == len(set(names))
    ports = [(service.port, service.proto) for service in services()]
    assert len(ports) == len(set(ports))


def test_services_say_what_exposing_them_means() -> None:
    for service in services():
        assert service.kind in {"", "database", "control", "web", "system"}
        assert service.source
        assert service.exposing or service.kind != "database"
    redis = service_of(6379)
    assert redis is not None and redis.name == "Redis"
    assert service_of(6379, "udp") is None


def test_an_unknown_framework_is_an_error() -> None:
    assert framework("flask").default_port == 5000
    with pytest.raises(KeyError):
        framework("flaks")
