"""The registry's rule strings, and the odd ones among them."""

from __future__ import annotations

import pytest

from wizard.firewalls.windows import registry, rule_string, stores
from wizard.model.windows import Direction, Ports, ProfileName, RuleAction, Store

HARDENING = (
    r"V2.0|Action=Block|Dir=In|LPort=1-553,555-8553,8555-65535|Protocol=tcp|App=%PROGRAMFILES%\wmp.exe|Svc=Wmp|Name=h|"
)


def test_repeated_keys_are_alternatives() -> None:
    rule = rule_string.parse(
        "x", "v2.30|Action=Allow|Dir=In|Protocol=6|Profile=Private|Profile=Domain|LPort=80|LPort2_10=8000-8010|Name=a|"
    )
    assert rule.local_ports == Ports(((80, 80), (8000, 8010)))
    assert rule.profiles == (ProfileName.DOMAIN, ProfileName.PRIVATE)
    assert rule.enabled and not rule.unsure


def test_the_hardening_form_has_words_lists_and_capitals() -> None:
    rule = rule_string.parse("WMP", HARDENING, Store.HARDENING)
    assert rule.protocol == 6 and rule.direction is Direction.IN and rule.action is RuleAction.BLOCK
    assert rule.local_ports.spans == ((1, 553), (555, 8553), (8555, 65535))
    assert rule.enabled and not rule.unsure


@pytest.mark.parametrize(
    ("text", "service", "protocol"),
    [
        ("V2.0|Action=Block|Dir=out|Svc==DisplayEnhancementService|Name=n|", "DisplayEnhancementService", None),
        ("V2.0|Action=Allow|Dir=Out|Protocol=tcp|rport=3268,389|app=%SystemRoot%\\x.exe|Name=n|", "", 6),
    ],
)
def test_real_oddities_are_survived(text: str, service: str, protocol: int | None) -> None:
    rule = rule_string.parse("n", text)
    assert (rule.service, rule.protocol, rule.unsure) == (service, protocol, ())


@pytest.mark.parametrize(
    "condition",
    [
        "Protocol=banana|",
        "Protocol=6|LPort=http|",
        "Protocol=6|LPort=70000|",
        "RA4=example.com|",
        "RA4=1.2.3.4-1.2.3.1|",
        "RA4=ExampleKeyword|",
        "Profile=Home|",
        "NewKey=1|",
        "App=a.exe|App=b.exe|",
        "garbage|",
    ],
)
def test_what_is_not_understood_makes_the_rule_unsure(condition: str) -> None:
    assert rule_string.parse("x", f"v2.99|Action=Allow|Active=TRUE|Dir=In|{condition}Name=x|").unsure


def test_words_for_action_and_direction_that_nobody_knows_stay_unknown() -> None:
    rule = rule_string.parse("x", "v3.1|Action=Permit|Dir=Through|Active=MAYBE|Name=x|")
    assert (rule.action, rule.direction, rule.enabled) == (RuleAction.UNKNOWN, Direction.UNKNOWN, None)


STORES = [
    (r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules", Store.LOCAL),
    (r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall\FirewallRules", Store.POLICY),
    (r"HKLM\SYSTEM\ControlSet001\Services\SharedAccess\Parameters\FirewallPolicy\Mdm\FirewallRules", Store.MDM),
    (
        r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\RestrictedServices\AppIso"
        r"\FirewallRules",
        Store.APP,
    ),
    (
        r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\RestrictedServices\Static\System",
        Store.HARDENING,
    ),
    (r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Defaults\FirewallPolicy\FirewallRules", None),
]


@pytest.mark.parametrize(("key", "store"), STORES)
def test_the_key_tells_the_store(key: str, store: Store | None) -> None:
    text = (
        f"\r\n{key.replace('HKLM', 'HKEY_LOCAL_MACHINE')}\r\n    a b    REG_SZ    v2.30|Action=Allow|Dir=In|Name=n|\r\n"
    )
    rules = stores.parse(text).value
    assert [(each.store, each.identifier) for each in rules] == ([(store, "a b")] if store else [])


REG = r"""Windows Registry Editor Version 5.00

[-HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules]
"gone"="v2.30|Action=Allow|Dir=In|Name=gone|"

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules]
"TCP Query User{1}C:\\py \"x\"\\python.exe"="v2.10|Action=Block|Active=TRUE|Dir=In|App=C:\\py\\python.exe|Name=p|"
"wide"=hex(2):76,00,32,00,2e,00,31,00,30,00,7c,00,41,00,63,00,74,00,69,00,6f,00,6e,00,\
  3d,00,42,00,6c,00,6f,00,63,00,6b,00,7c,00,44,00,69,00,72,00,3d,00,49,00,6e,00,7c,00,00,00
"number"=dword:0000001f
"""


def test_an_exported_file_is_unescaped() -> None:
    values, unread = registry.values(REG)
    assert not unread
    assert [each.name for each in values] == ['TCP Query User{1}C:\\py "x"\\python.exe', "wide", "number"]
    assert values[0].text.endswith("App=C:\\py\\python.exe|Name=p|")
    assert values[1].text == "v2.10|Action=Block|Dir=In|" and values[2].number == 31
    parsed = stores.parse(REG)
    assert [each.action for each in parsed.value] == [RuleAction.BLOCK, RuleAction.BLOCK]
    assert len(parsed.unread) == 1  # a number is no rule


def test_connection_security_rules_are_no_firewall_rules() -> None:
    assert not rule_string.is_rule("v2.33|Action=SecureServer|Name=Auth|Active=TRUE|Auth1Set={E5}|")
