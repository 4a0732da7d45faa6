"""Whatever a file holds, every reader of Windows' texts comes back: real files of any kind, and hostile text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.firewalls.windows import netsh, powershell, profiles, registry, rule_string, stores
from wizard.knowledge.code_pages import decode
from wizard.model.windows import RuleAction
from wizard.parse.windows import (
    arp,
    cmdlets,
    commandline,
    http_sys,
    ipconfig,
    netstat,
    ports,
    processes,
    proxy,
    route_print,
    wsl,
)

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
FOLDERS = (
    "fw-registry netsh-rules netsh-rules-l10n netsh-prof getnetfirewallrule get-nettcpconnection netstat-win "
    "excludedportrange portproxy win-gpo win-ipconfig win-netadapter win-netip win-route test-netconnection"
)
FILES = [path for folder in FOLDERS.split() for path in sorted((DATA / folder).glob("*"))] if DATA.is_dir() else []
READERS = (
    netsh.parse,
    powershell.parse,
    profiles.from_netsh,
    profiles.from_powershell,
    lambda text: profiles.from_registry([(text, "reg")]),
    lambda text: profiles.current(text, text),
    registry.values,
    stores.parse,
    arp.parse,
    cmdlets.listeners,
    cmdlets.networks,
    lambda text: cmdlets.interfaces(text, text),
    cmdlets.routes,
    cmdlets.neighbours,
    cmdlets.security_products,
    cmdlets.server_addresses,
    commandline.split,
    lambda text: http_sys.parse(text, text, text),
    ipconfig.parse,
    ipconfig.gateways,
    netstat.parse,
    netstat.parse_connections,
    ports.excluded,
    ports.dynamic,
    ports.proxies,
    processes.parse,
    processes.services,
    processes.parse_tasklist,
    processes.tasklist_services,
    proxy.parse,
    route_print.parse,
    lambda text: wsl.parse(dict.fromkeys(("running", "addresses", "listeners", "config", "setting", "rules"), text)),
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_reader_survives_every_file(path: Path) -> None:
    """A capture may hold anything, also another command's output."""
    text = decode(path.read_bytes(), 850)[:60_000]
    for read in READERS:
        read(text)  # type: ignore[operator]


PIECES = (
    "v2.30|Action=Allow|Dir=In|", "Protocol=", "LPort=", "RA4=", "|", "=", "-", "/", "%", "HKEY_LOCAL_MACHINE\\x",
    "    REG_SZ    ", "Rule Name: x", "-" * 30, "Action: Allow", "[", "{", '"', "\\", ":", "：", "TCP", "0.0.0.0:5",
    "fe80::1%", "255.255.255.0", "١٢", "\n", "\r\n", " ", "    ", "\x00", "\u202e", "9" * 30, "::1/129", "1.2.3.4-5",
    "ipv4 ipv6", '{"Name": [1]}', "#TYPE", "null",
)  # fmt: skip
PROPERTIES = (
    "Name", "Enabled", "Profile", "Action", "Direction", "Protocol", "LocalPort", "LocalPorts", "RemoteAddress", "IPAddress",
    "PrefixLength", "InterfaceAlias", "InterfaceIndex", "MtuSize", "State", "LocalAddress", "OwningProcess", "NextHop",
    "DestinationPrefix", "RouteMetric", "ProcessId", "CommandLine", "CreationDate", "productState", "displayName",
    "ServerAddresses", "NetworkCategory", "LinkLayerAddress", "DefaultInboundAction", "InterfaceGuid", "Status",
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=30).map("".join)


@settings(max_examples=150, deadline=None)
@given(texts)
def test_no_reader_raises_on_hostile_text(text: str) -> None:
    for read in READERS:
        read(text)  # type: ignore[operator]


simple = (
    st.none() | st.booleans() | st.integers() | st.sampled_from(PIECES) | st.sampled_from(("1.2.3.4", "24", "::", "2"))
)
values = simple | st.lists(simple, max_size=2) | st.dictionaries(st.sampled_from(("value", "Value")), simple)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(PROPERTIES), values, max_size=9) | simple, max_size=4))
def test_no_reader_raises_on_hostile_objects(told: list[object]) -> None:
    text = json.dumps(told)
    for read in READERS:
        read(text)  # type: ignore[operator]


@settings(max_examples=150, deadline=None)
@given(texts)
def test_what_was_added_to_a_rule_never_makes_it_sure_of_more(more: str) -> None:
    """A rule string with anything behind it is read, and either says so or is unsure; its action never becomes another."""
    rule = rule_string.parse("x", f"v2.30|Action=Block|Active=TRUE|Dir=In|{more}")
    assert rule.action is RuleAction.BLOCK


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(categories=["L"]), min_size=1, max_size=12))
def test_a_word_for_the_action_that_nobody_knows_is_never_allow(word: str) -> None:
    rows = (
        "Enabled: Yes\nDirection: In\nProfiles: Domain,Private,Public\nGrouping:\nLocalIP: Any\nRemoteIP: Any\n"
        f"Protocol: Any\nEdge traversal: No\nAction: {word}\n"
    )
    (rule,) = netsh.parse(f"Rule Name: x\n{'-' * 70}\n{rows}").value
    known = netsh.words.ACTIONS.get(word.casefold(), RuleAction.UNKNOWN)
    assert rule.action is known
