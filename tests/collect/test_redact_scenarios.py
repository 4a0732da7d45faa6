"""A redacted machine gives the same findings, and nothing of the person is left: over every recorded machine."""

from __future__ import annotations

import base64
import json
import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.collect.planted import NAMES, Asked, Person, planted, recorded, said, shape
from wizard.collect.bundle import BundleSource, Kept, save
from wizard.collect.redact import Redaction
from wizard.collect.redact_words import ordinary
from wizard.model.capture import Capture

KEY = b"a key for tests"


def redacted(asked: Asked, key: bytes = KEY) -> tuple[Asked, Redaction]:
    redaction = Redaction(key)
    redaction.learn(asked.captures, asked.target)
    captures, target = redaction.captures(asked.captures), redaction.text(asked.target)
    return replace(asked, captures=captures, target=target, options=redaction.options(asked.options)), redaction


def left(text: str, person: Person) -> list[str]:
    """Which of the person's secrets stand in a text, also as JSON's escapes and as base64."""
    seen = [text, re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), text)]
    for token in re.findall(r"[A-Za-z0-9+/]{12,}={0,2}", text):
        try:
            seen.append(base64.b64decode(token).decode("utf-8"))
        except ValueError:
            continue
    everything = "\n".join(seen).lower()
    return [secret for secret in person.secrets() if _stands(secret, everything)]


def _stands(secret: str, text: str) -> bool:
    if secret not in text:
        return False
    return (
        not secret.replace(".", "").isdigit() or re.search(rf"(?<![\d.]){re.escape(secret)}(?![\d.])", text) is not None
    )


def everything_in(asked: Asked) -> str:
    return json.dumps(
        [asked.target, repr(asked.options), [repr(each) for each in asked.captures.items()]], ensure_ascii=False
    )


def same_but_for_names(before: Asked, after: Asked, redaction: Redaction) -> None:
    """What is said of the redacted machine is what was said of the machine, redacted."""
    assert said(after.report()) == [redaction.text(line) for line in said(before.report())]


@pytest.mark.parametrize(
    ("name", "lan"), [(name, "81.2.69") for name in NAMES] + [(name, "192.168.178") for name in NAMES[::6]]
)
def test_a_redacted_machine_gives_the_same_findings(name: str, lan: str) -> None:
    person = Person(lan=lan)
    before = planted(name, person)
    assert {person.user, person.host} <= set(left(everything_in(before), person))
    after, redaction = redacted(before)
    assert left(everything_in(after), person) == []
    same_but_for_names(before, after, redaction)
    if lan == "192.168.178":
        assert [each.target.text for each in (before.report(), after.report())] == [before.target] * 2


_LETTERS = st.text("abcdefghijklmnopqrstuvwxyzäöüßéñçøłč", min_size=4, max_size=10)
_PEOPLE = st.builds(
    Person,
    user=_LETTERS | st.sampled_from(("max.mustermann", "o'neill", "mark", "flask", "Anna", "user1", "jo-ann", "li")),
    host=_LETTERS.map(lambda text: text.encode("ascii", "ignore").decode() + "-pc")
    | st.sampled_from(("cafe", "server", "host1")),
    domain=st.sampled_from(("fernwald-schule.de", "intra.acme-werke.co.uk", "lan", "flask.local")),
    mac=st.binary(min_size=6, max_size=6).map(lambda octets: bytes((octets[0] & 0xFC, *octets[1:])).hex(":")),
    lan=st.sampled_from(
        ("81.2.69", "192.168.0", "10.1.2", "203.0.112", "100.63.255", "192.169.7", "1.0.0", "223.255.255")
    ),
)


# Nothing is made smaller here: each try is two whole diagnoses.
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
@given(st.sampled_from(NAMES), _PEOPLE, st.binary(min_size=8, max_size=8))
def test_whoever_it_is(name: str, person: Person, key: bytes) -> None:
    assume(int(person.mac.replace(":", ""), 16) & 0xFFFFFF)
    before = planted(name, person)
    after, redaction = redacted(before, key)
    # A name that is an ordinary word, or very short, is replaced where only a name can stand, and not in sentences.
    if re.fullmatch(r"[a-z.-]{3,}", person.user) and person.user not in ordinary():
        same_but_for_names(before, after, redaction)
    assert shape(after.report()) == shape(before.report())
    there_anyway = set(left(everything_in(recorded(name)), person))
    telling = {each for each in person.secrets() if len(each) > 3 and each not in ordinary()} - _KEPT - there_anyway
    assert telling & set(left(everything_in(after), person)) == set()


_KEPT = {"lan", "user1", "host1", "intra"}
"""Names that stand for nobody, or are made of what substitutes are made of."""


def test_the_person_is_really_planted_everywhere() -> None:
    person = Person()
    assert set(left(everything_in(planted("loopback-only-bind--flask-run-debug", person)), person)) == set(
        person.secrets()
    )


def test_nothing_is_left_in_the_file_either(tmp_path: Path) -> None:
    person = Person()
    before = planted("loopback-only-bind--flask-run-debug", person)
    after, _ = redacted(before)
    path = tmp_path / "bundle.zip"
    save(path, Kept(after.captures, "linux", 1.0, True), after.captures, after.target, redacted=True)
    with zipfile.ZipFile(path) as archive:
        for each in archive.namelist():
            assert left(each + "\n" + archive.read(each).decode(), person) == []
    assert BundleSource(path).redacted
    assert BundleSource(path).captures == after.captures


def test_two_machines_of_one_case_share_their_substitutes() -> None:
    one = planted("loopback-only-bind--flask-run-debug", Person())
    two = planted("healthy--ufw-allow", Person())
    redaction = Redaction(KEY)
    for each in (one, two):
        redaction.learn(each.captures, each.target)
    names = []
    for each in (one, two):
        platform = redaction.captures(each.captures)["platform"]
        assert isinstance(platform, Capture)
        names.append(re.findall(r"(?m)^hostname=(.*)", platform.text))
    assert names[0] == names[1] and names[0][0].startswith("host")
