"""The code that carries what one end saw to the other: there and back, and what a slip of the ear makes of it."""

from __future__ import annotations

import re
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from wizard.errors import WizardError
from wizard.judge.heard_code import decode, encode
from wizard.model.heard import DETAILS, DURATIONS, TRANSPORTS, WHO, Heard

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NEAR = Heard("refused", "target", "port-unreachable", "at once", 4, False, True, 24, 5000, 0xA64, 0x0117)
FAR = replace(NEAR, same_network=False, client=ip_address("10.88.0.2"), client_bits=2)


def heards() -> st.SearchStrategy[Heard]:
    def made(family: int, same: bool, prefix: int, address: int, **rest: object) -> Heard:
        far = family == 4 and not same
        client = ip_address(address) if far else None
        bits = prefix % 33 if family == 4 else prefix // 4 * 4
        values = {"family": family, "same_network": same, "prefix": bits or None, "client": client}
        return Heard(**values, client_bits=address & 0xFFFF, **rest)  # type: ignore[arg-type]

    return st.builds(
        made,
        family=st.sampled_from((4, 6)),
        same=st.booleans(),
        prefix=st.integers(0, 128),
        address=st.integers(0, 2**32 - 1),
        transport=st.sampled_from(TRANSPORTS),
        by=st.sampled_from(WHO),
        detail=st.sampled_from(DETAILS),
        took=st.sampled_from(DURATIONS),
        tls=st.booleans(),
        port=st.integers(1, 65535),
        target_bits=st.integers(0, 4095),
    )


@given(heards())
def test_there_and_back(heard: Heard) -> None:
    code = encode(heard)
    assert re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){3,4}[0-9A-HJKMNP-TV-Z]{4}", code)
    assert decode(code) == replace(heard, code=code)


@given(heards(), st.integers(0, 19), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found_in_its_group(heard: Heard, place: int, wrong: str) -> None:
    bare = encode(heard).replace("-", "")
    place %= len(bare)
    if bare[place] == wrong:
        return
    with pytest.raises(WizardError) as caught:
        decode(bare[:place] + wrong + bare[place + 1 :])
    assert f"group {place // 4 + 1}:" in caught.value.what
    assert bare[place // 4 * 4 :][:4] in caught.value.hint
    assert caught.value.code == 2


@given(heards(), st.integers(0, 18))
def test_two_neighbours_in_the_wrong_order_are_noticed(heard: Heard, place: int) -> None:
    bare = encode(heard).replace("-", "")
    place %= len(bare) - 1
    if bare[place] == bare[place + 1]:
        return
    with pytest.raises(WizardError):
        decode(bare[:place] + bare[place + 1] + bare[place] + bare[place + 2 :])


@pytest.mark.parametrize("heard", [NEAR, FAR], ids=["near", "far"])
def test_case_blanks_and_lookalikes_do_not_matter(heard: Heard) -> None:
    code = encode(heard)
    meant = decode(code)
    for said in (
        code.lower(),
        code.replace("-", ""),
        code.replace("-", " "),
        f" {code} ",
        code.replace("-", " - "),
        code.replace("0", "O"),
        code.replace("0", "o").replace("1", "l"),
        code.replace("1", "I"),
        code.replace("V", "u"),
    ):
        assert decode(said) == meant


def test_a_code_of_another_network_holds_the_whole_address() -> None:
    assert decode(encode(FAR)).client == ip_address("10.88.0.2")
    assert len(encode(FAR)) == 24 and len(encode(NEAR)) == 19


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "0 characters"),
        ("0J89-C172-5680", "12 characters"),
        ("0J89-C17-5680-8QVM", "look at group 2"),
        ("0J89-C172-5680-8QV!", "'!'"),
        ("refused", "7 characters"),
        ("ZZZZ-ZZZZ-ZZZZ-ZZZZ", "not right"),
    ],
)
def test_what_is_no_code_is_said_so(text: str, says: str) -> None:
    with pytest.raises(WizardError) as caught:
        decode(text)
    assert caught.value.ref == "bad-code" and says in caught.value.what and caught.value.hint
