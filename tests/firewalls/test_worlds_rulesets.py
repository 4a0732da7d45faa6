"""The world's own rulesets (../shared/data, where present): each is read without an exception, and no rule is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from wizard.firewalls.iptables import read as iptables
from wizard.firewalls.nftables import read as nft_json
from wizard.firewalls.nftables import text as nft_text
from wizard.model.ruleset import Engine, Family, Ruleset

DATA = Path(__file__).parents[3] / "shared" / "data"
_RULE = re.compile(r"\s*(\[\d+:\d+\]\s*)?-[AI] ")
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the collected rulesets are not here")


def files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path for path in (DATA / folder).rglob("*") if path.is_file())


def rules_in(ruleset: Ruleset) -> int:
    return sum(len(chain.rules) for table in ruleset.tables for chain in table.chains.values())


def test_every_iptables_save() -> None:
    read = 0
    for path in files("iptables-save", "verdict_corpus", "docker-doc"):
        text = path.read_text(errors="replace")
        ruleset = iptables.read(text, Family.IP, Engine.IPTABLES_LEGACY, path.name)
        written = sum(1 for line in text.splitlines() if _RULE.match(line))
        assert rules_in(ruleset) == written, path.name
        read += written
    assert read > 50_000


def test_every_nft_listing() -> None:
    read = 0
    for path in files("nft", "nft-github-corpus", "nft-tests-1.0.6"):
        read += rules_in(nft_text.read(path.read_text(errors="replace"), source=path.name))
    assert read > 4_500


def test_nfts_own_dumps_are_read_whole() -> None:
    for path in files("nft-tests-1.0.6"):
        assert not nft_text.read(path.read_text(errors="replace"), source=path.name).unread, path.name


def test_every_nft_json() -> None:
    for path in files("nft-json"):
        nft_json.read(path.read_text(errors="replace"), source=path.name)
