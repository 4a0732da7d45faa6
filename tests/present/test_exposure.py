"""The exposure as text and as JSON: 80 columns, no control characters, the promised fields."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import build
from tests.judge.test_exposure import docker, guarded
from wizard.judge.exposure import exposure
from wizard.model.capture import Unknown
from wizard.model.facts import Facts, Owner, Proto
from wizard.present import exposure_json, exposure_text


def many() -> Facts:
    hosts = ", ".join(f"192.168.1.{n}" for n in range(2, 90, 3))
    listeners = (
        build.listener("::"),
        build.listener("127.0.0.1", 5432),
        build.listener("192.168.1.100", 6379),
        build.listener(port=53, proto=Proto.UDP, owners=None),
        build.listener(port=9, owners=(Owner("\x1b[31mevil\u202e\n" * 9, 7),)),
    )
    return guarded(f"ip saddr {{ {hosts} }} accept", "udp dport 53 accept", listeners=listeners, processes={})


FACTS = {
    "many": many(),
    "docker": docker(),
    "nothing": build.facts(listeners=()),
    "unread": build.facts(rulesets=Unknown("nft \x1b[2Jsays no", "sudo nft list ruleset", "the nftables ruleset")),
}


@pytest.mark.parametrize("name", FACTS)
@pytest.mark.parametrize("unicode", [True, False])
def test_text_fits_and_is_harmless(name: str, unicode: bool) -> None:
    shown = exposure_text.render(exposure(FACTS[name]), unicode=unicode)
    lines = shown.removesuffix("\n").split("\n")
    assert shown.endswith("\n") and max(map(len, lines)) <= 80
    assert all(line.isprintable() for line in lines)


def test_text_says_who_and_why() -> None:
    shown = exposure_text.render(exposure(docker()))
    row = next(line for line in shown.splitlines() if "8080/tcp" in line)
    assert row.startswith("●") and "172.17.0.2:80" in row and row.endswith("all")
    assert "! open past the firewall" in shown
    assert "Nothing listens" in exposure_text.render(exposure(FACTS["nothing"]))
    assert "sudo nft list ruleset" in exposure_text.render(exposure(FACTS["unread"]))


def test_the_most_exposed_comes_first() -> None:
    shown = exposure_text.render(exposure(many())).splitlines()
    order = [line.split()[1] for line in shown if "/tcp" in line or "/udp" in line if line[0] in "●◐○?"]
    assert order[0] == "53/udp" and order[-1] == "5432/tcp"


def test_json_has_the_promised_fields() -> None:
    told: dict[str, Any] = json.loads(json.dumps(exposure_json.exposure(exposure(many()))))
    assert told["schema"] == "wizard.exposure/1"
    for listener in told["listeners"]:
        assert {"kind", "proto", "address", "port", "last_port", "owner", "reach", "warnings"} <= listener.keys()
        for reach in listener["reach"]:
            assert reach["from"] in ("this-machine", "network", "elsewhere")
            assert reach["verdict"] in ("all", "some", "none", "unknown")
            assert (reach["network"] is not None) is (reach["from"] == "network")
            assert bool(reach["sources"]) is (reach["verdict"] in ("all", "some"))
            assert reach["by"], "every verdict has its reason"
    web = next(each for each in told["listeners"] if each["port"] == 5000)
    lan = next(each for each in web["reach"] if each["network"] == "192.168.1.0/24")
    assert lan["verdict"] == "some" and "192.168.1.2/32" in lan["sources"]
    closed = next(each for each in lan["by"] if each["verdict"] == "closed")
    assert closed["rule"]["policy"] == "drop" and closed["client_sees"] == "timeout"
