"""Windows Firewall's rules as real machines told them: all are read, none is lost. Skipped where the outputs do not lie
beside the project; each file that is missing is skipped by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wizard.firewalls.windows import netsh, powershell, profiles, rule_string, stores
from wizard.model.windows import Direction, ProfileName, RuleAction, WindowsRule

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
RULE = re.compile(r"[vV]\d+\.\d+\|Action=(?!SecureServer)[^\"\r\n]*")


def files(*folders: str, pattern: str = "*") -> list[Path]:
    """The gathered outputs of these folders; none where there are none."""
    return sorted(path for folder in folders for path in (DATA / folder).glob(pattern)) if DATA.is_dir() else []


def text(path: Path) -> str:
    data = path.read_bytes()
    return data.decode("utf-16") if data.startswith(b"\xff\xfe") else data.decode("utf-8-sig", "replace")


by_name = {"ids": lambda path: path.name}


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the gathered outputs in ../shared/data")
def test_the_data_is_there() -> None:
    assert files("fw-registry") and files("netsh-rules") and files("netsh-rules-l10n") and files("getnetfirewallrule")


@pytest.mark.parametrize("path", files("fw-registry"), **by_name)  # type: ignore[arg-type]
def test_every_rule_string_of_a_registry_is_read(path: Path) -> None:
    whole = text(path)
    strings = [each.replace("\\\\", "\\") for each in RULE.findall(whole)]
    assert strings
    if path.suffix == ".cmd":  # a script of `reg add` lines, nothing that a machine printed
        rules = [rule_string.parse("", each) for each in strings]
    else:
        parsed = stores.parse(whole)
        assert not parsed.unread
        rules = list(parsed.value)
    assert len(rules) == len(strings)
    assert all(each.action is not RuleAction.UNKNOWN and each.direction is not Direction.UNKNOWN for each in rules)
    assert [each.name for each in rules if each.name] == [
        name for each, rule in zip(strings, rules, strict=True) if (name := _named(each) or rule.identifier)
    ]
    # What is unsure is so for a reason that Windows alone can settle: a feature that must be active (TTK).
    assert all(why.lower().startswith("ttk") for each in rules for why in each.unsure)


def _named(string: str) -> str:
    match = re.search(r"\|Name=([^|]*)", string)
    return match[1] if match else ""


FULL = {"win11_en_full_504rules.txt": 504, "win11_en_full_566rules.txt": 566}


@pytest.mark.parametrize("path", files("netsh-rules", pattern="win11*"), **by_name)  # type: ignore[arg-type]
def test_a_whole_listing_of_netsh_is_read(path: Path) -> None:
    parsed = netsh.parse(text(path))
    assert not parsed.unread and len(parsed.value) == FULL[path.name]
    for each in parsed.value:
        assert each.unsure == (netsh.HIDDEN,)
        assert each.action is not RuleAction.UNKNOWN and each.direction is not Direction.UNKNOWN
        assert each.enabled is not None


def test_a_listing_says_the_same_without_its_labels() -> None:
    """By structure alone: every label replaced by one that nobody knows."""
    for path in files("netsh-rules", pattern="win11*"):
        whole = text(path)
        labelled = netsh.parse(whole).value
        blind = netsh.parse(
            re.sub(r"(?m)^(\w[\w ]*):", lambda match: f"x{len(match[1])}{match[1][::-1]}:", whole)
        ).value
        assert [_what(each) for each in blind] == [_what(each) for each in labelled]


def _what(rule: WindowsRule) -> tuple[object, ...]:
    return (
        rule.name,
        rule.action,
        rule.direction,
        rule.enabled,
        rule.profiles,
        rule.protocol,
        rule.local_ports,
        rule.remote_addresses,
        rule.unsure,
    )


LANGUAGES = {
    "de_dayz_verbose": ("allow", "out", 17),
    "de_vagrantwinnfsd": ("allow", "out", None),
    "es_bloquear_http": ("unknown", "out", 6),
    "es_chrome_mdns": ("unknown", "in", 17),
    "es_test_fixture": ("allow", "in", 6),
    "fr_obliguard": ("block", "in", None),
    "ja_netbelt_verbose": ("unknown", "in", None),
    "ja_wsl_ssh_2222": ("allow", "in", 6),
    "ptbr_axon_verbose": ("unknown", "in", None),
    "ptbr_lastro": ("allow", "in", 6),
    "ru_printflow": ("allow", "in", 6),
    "ru_rdp": ("allow", "in", None),
    "zhcn_ccbridge": ("allow", "in", 6),
    "zhcn_clawdesk": ("allow", "in", None),
}


@pytest.mark.parametrize("path", files("netsh-rules-l10n"), **by_name)  # type: ignore[arg-type]
def test_a_rule_in_another_language_is_read(path: Path) -> None:
    """An action that was cut off is unknown, never allow; what a record lacks makes it unsure."""
    parsed = netsh.parse(text(path))
    assert len(parsed.value) == 1 and not parsed.unread
    rule = parsed.value[0]
    assert (rule.action, rule.direction, rule.protocol) == LANGUAGES[path.stem]
    assert (rule.enabled and rule.unsure) or "verbose" in path.stem


@pytest.mark.parametrize("path", files("netsh-rules", pattern="*part*"), **by_name)  # type: ignore[arg-type]
def test_a_piece_of_a_listing_loses_no_line(path: Path) -> None:
    """Lines before the first heading are returned unread; records after it are read."""
    whole = text(path)
    parsed = netsh.parse(whole)
    first = next((at for at, line in enumerate(whole.splitlines()) if line.startswith("Rule Name:")), None)
    before = whole.splitlines()[:first]
    assert len(parsed.unread) == sum(1 for line in before if re.match(r"\w[^:]*:", line))


@pytest.mark.parametrize("path", files("getnetfirewallrule"), **by_name)  # type: ignore[arg-type]
def test_every_object_of_powershell_is_read(path: Path) -> None:
    parsed = powershell.parse(text(path))
    rows = 366 if path.suffix == ".csv" else 1
    assert len(parsed.value) == rows and not parsed.unread
    assert all(
        each.identifier and each.action is RuleAction.ALLOW and each.enabled is not None for each in parsed.value
    )
    if path.suffix == ".csv":
        assert all(why.startswith("DynamicTarget") for each in parsed.value for why in each.unsure)
    else:
        assert parsed.value[0].unsure  # its filters were not joined


@pytest.mark.parametrize("path", files("netsh-prof"), **by_name)  # type: ignore[arg-type]
def test_profiles_are_read_or_returned(path: Path) -> None:
    parsed = profiles.from_netsh(text(path))
    assert bool(parsed.value) != bool(parsed.unread)
    if path.stem == "en_allprofiles_state_off":
        assert [each.enabled for each in parsed.value.values()] == [False, False, False]
    if path.stem == "de_state_verified":
        assert [each.enabled for each in parsed.value.values()] == [True, True, True]


@pytest.mark.parametrize("path", files("fw-registry", pattern="*.reg"), **by_name)  # type: ignore[arg-type]
def test_profiles_of_a_registry_are_read(path: Path) -> None:
    parsed = profiles.from_registry([(text(path), path.name)])
    assert set(parsed.value) == set(ProfileName)
    assert all(each.enabled is not None and each.inbound_allowed is not None for each in parsed.value.values())
