"""The exposure of a Windows machine: which senders get where, as its rules tell them apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import build_windows as build
from wizard.firewalls.windows import stores
from wizard.judge.exposure import exposure
from wizard.model.exposure import From, Reached

SOME = "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5000|RA4=203.0.113.0/24|RA4=198.51.100.7|Name=partners|"
REG = Path(__file__).resolve().parents[4] / "shared" / "data" / "fw-registry" / "gorstak_v2.33_7411rules.reg"


def test_a_rule_for_a_few_addresses_opens_to_some_elsewhere() -> None:
    (found,) = exposure(build.facts(SOME)).listeners
    reach = {(each.place, each.verdict) for each in found.reach}
    assert (From.ELSEWHERE, Reached.SOME) in reach
    told = [source for each in found.reach for source in each.sources]
    assert {"203.0.113.0/24", "198.51.100.7/32"} <= set(map(str, told))


def test_a_block_rule_for_a_few_leaves_the_others_in() -> None:
    block = "v2.30|Action=Block|Active=TRUE|Dir=In|RA4=203.0.113.0/24|Name=no|"
    (found,) = exposure(build.facts(build.ALLOW, block)).listeners
    assert (From.ELSEWHERE, Reached.SOME) in {(each.place, each.verdict) for each in found.reach}


@pytest.mark.skipif(not REG.exists(), reason="needs ../shared/data")
def test_thousands_of_rules_are_no_thousands_of_classes() -> None:
    rules = stores.parse(REG.read_text(errors="replace")).value
    assert exposure(build.facts(build.rule(), *rules)).listeners
