"""What Windows' commands print, in several languages, becomes the same facts."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_interface

import pytest

from wizard.knowledge.code_pages import code_page_of, decode
from wizard.model.facts import Proto
from wizard.model.windows import PortRange
from wizard.parse.windows import (
    arp,
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

NETSTAT = """
{title}

  {proto}  {local}         {remote}          {state}           PID
  TCP    0.0.0.0:135            0.0.0.0:0              {listening}       832
  TCP    [::]:3000              [::]:0                 {listening}       8120
  TCP    [fe80::1%12]:445       [::]:0                 {listening}       4
  TCP    192.168.1.5:49711      104.18.2.1:443         {established}     4444
  UDP    0.0.0.0:5353           *:*                                    2345
"""
TONGUES = [
    ("Active Connections", "LISTENING", "ESTABLISHED"),
    ("Aktive Verbindungen", "ABHÖREN", "HERGESTELLT"),
    ("Conexões ativas", "OUVINDO", "ESTABELECIDA"),
    ("アクティブな接続", "LISTENING", "ESTABLISHED"),
    ("Активные подключения", "LISTENING", "ESTABLISHED"),
]


@pytest.mark.parametrize(("title", "listening", "established"), TONGUES)
def test_netstat_goes_by_the_rows_shape(title: str, listening: str, established: str) -> None:
    text = NETSTAT.format(
        title=title,
        proto="Proto",
        local="Local",
        remote="Remote",
        state="State",
        listening=listening,
        established=established,
    ).replace("\n", "\r\n")
    found = netstat.parse(text)
    assert not found.unread
    assert [(each.proto, str(each.address), each.port, each.v6only) for each in found.value] == [
        (Proto.TCP, "0.0.0.0", 135, None),
        (Proto.TCP, "::", 3000, True),
        (Proto.TCP, "fe80::1", 445, True),
        (Proto.UDP, "0.0.0.0", 5353, None),
    ]
    assert found.value[2].scope == "12"
    owners = found.value[2].owners
    assert owners is not None and (owners[0].name, owners[0].pid) == ("System", 4)
    assert [each.remote_port for each in netstat.parse_connections(text).value] == [443]


def test_netstat_with_programs_names_them() -> None:
    text = (
        "  TCP    0.0.0.0:135   0.0.0.0:0   LISTENING   1712\r\n  RpcSs\r\n [svchost.exe]\r\n"
        "  TCP    0.0.0.0:445   0.0.0.0:0   LISTENING   4\r\n Can not obtain ownership information\r\n"
    )
    names = [owner.name for each in netstat.parse(text).value for owner in each.owners or ()]
    assert names == ["svchost.exe", "System"]


def test_netstat_without_numbers_is_returned_unread() -> None:
    found = netstat.parse("  TCP    10.0.0.5:https   router:0   ESTABLISHED\r\n")
    assert not found.value and len(found.unread) == 1


IPCONFIG = {
    "en": (
        "Ethernet adapter Ethernet 2:",
        "IPv4 Address. . . . . . . . . . .",
        "Subnet Mask",
        "Default Gateway",
        "(Preferred)",
    ),
    "de": (
        "Ethernet-Adapter Ethernet 2:",
        "IPv4-Adresse  . . . . . . . . . .",
        "Subnetzmaske",
        "Standardgateway",
        "(Bevorzugt)",
    ),
    "fr": (
        "Carte Ethernet Ethernet 2 :",
        "Adresse IPv4. . . . . . . . . . .",
        "Masque de sous-réseau",
        "Passerelle",
        "(préféré)",
    ),
    "ja": (
        "イーサネット アダプター Ethernet 2:",
        "IPv4 アドレス . . . . . . . . . .",
        "サブネット マスク",
        "ゲートウェイ",
        "(優先)",
    ),
}


@pytest.mark.parametrize("tongue", IPCONFIG)
def test_ipconfig_goes_by_masks_and_ipv6(tongue: str) -> None:
    heading, label, mask, gateway, preferred = IPCONFIG[tongue]
    link = label.replace("IPv4", "Link-local IPv6")
    text = "\r\n".join([
        "", "Windows IP", "", "   Host Name . . . . . . . . . . . . : PC", "", heading, "",
        "   Description . . . . . . . . . . . : Intel(R)",
        "   Physical Address. . . . . . . . . : 52-54-00-12-34-56",
        f"   {link}: fe80::5054:ff:fe12:3456%16{preferred}",
        f"   {label}: 192.168.1.100{preferred}",
        f"   {mask} . . . . . . . . . . . : 255.255.255.0",
        f"   {gateway} . . . . . . . . . : 192.168.1.1",
        "   DNS . . . . . . . . . . . : 9.9.9.9", "",
    ])  # fmt: skip
    (interface,) = (each for each in ipconfig.parse(text).value if each.addresses)
    assert interface.name == "Ethernet 2" and interface.index == 16 and interface.mac == "52:54:00:12:34:56"
    assert interface.addresses == (ip_interface("fe80::5054:ff:fe12:3456/64"), ip_interface("192.168.1.100/24"))
    assert ipconfig.gateways(text) == (ip_address("192.168.1.1"),)


def test_routes_get_their_device_by_address_or_number() -> None:
    interfaces = ipconfig.parse(
        "Ethernet adapter LAN:\r\n\r\n   Link-local IPv6 Address . . . : fe80::1%9\r\n"
        "   IPv4 Address. . . : 192.168.31.221\r\n   Subnet Mask . . . : 255.255.255.0\r\n"
    ).value
    text = (
        "          0.0.0.0          0.0.0.0     192.168.31.1   192.168.31.221     30\r\n"
        "     192.168.31.0    255.255.255.0     Auf Verbindung    192.168.31.221    286\r\n"
        "  9    286 fe80::244e:2f1e:2096:62b2/128\r\n                                    On-link\r\n"
    )
    found = route_print.parse(text, interfaces).value
    assert [(str(each.destination), each.device, each.gateway) for each in found] == [
        ("0.0.0.0/0", "LAN", ip_address("192.168.31.1")),
        ("192.168.31.0/24", "LAN", None),
        ("fe80::244e:2f1e:2096:62b2/128", "LAN", None),
    ]
    table = "Schnittstelle: 192.168.31.221 --- 0x9\r\n  192.168.31.1   60-38-e0-6e-32-ba   dynamisch\r\n"
    assert [(each.device, each.mac) for each in arp.parse(table, interfaces).value] == [("LAN", "60:38:e0:6e:32:ba")]


def test_reserved_and_dynamic_ports() -> None:
    text = (
        "协议 tcp 端口排除范围\r\n\r\n开始端口    结束端口\r\n----------    --------\r\n"
        "      5357        5357\r\n     50000       50059     *\r\n"
    )
    told = [(each.first, each.last, each.administered) for each in ports.excluded(text).value]
    assert told == [(5357, 5357, False), (50000, 50059, True)]
    dynamic = ports.dynamic("Protokoll tcp\r\n----\r\nStartport      : 49152\r\nAnzahl von Ports : 16384\r\n").value
    assert [(each.first, each.last) for each in dynamic] == [(49152, 65535)]
    assert 5357 in PortRange(5357, 5400)


def test_relays_from_both_forms() -> None:
    table = (
        "Écouter sur ipv4 :          Connecter à ipv6 :\r\n\r\nAdresse  Port  Adresse  Port\r\n------- ----\r\n"
        "*               3000        fd00::5         3001\r\n"
    )
    kept = (
        "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\PortProxy\\v4tov6\\tcp\r\n"
        "    */3000    REG_SZ    fd00::5/3001\r\n"
    )
    for text in (table, kept):
        (proxy_,) = ports.proxies(text).value
        assert (proxy_.kind, proxy_.listen_address, proxy_.listen_port) == ("v4tov6", None, 3000)
        assert (proxy_.connect_address, proxy_.connect_port) == ("fd00::5", 3001)


def test_http_sys() -> None:
    state = (
        "Request queue name: Request queue is unnamed.\r\n    Number of active processes attached: 1\r\n    Process IDs:\r\n"
        "        6140\r\n    URL groups:\r\n        Registered URLs:\r\n            HTTP://+:5000/SITE/\r\n"
    )
    urlacl = (
        "    Reserved URL            : http://+:5985/wsman/\r\n"
        "        User: NT SERVICE\\WinRM\r\n            Listen: Yes\r\n"
    )
    told = http_sys.parse(state, urlacl, "IP addresses:\r\n    127.0.0.1\r\n").value
    assert [(each.url, each.pids) for each in told.registrations] == [("HTTP://+:5000/SITE/", (6140,))]
    assert [(each.url, each.users) for each in told.reservations] == [("http://+:5985/wsman/", ("NT SERVICE\\WinRM",))]
    assert told.listens_on == (ip_address("127.0.0.1"),)


def test_services_from_three_sources() -> None:
    sc = (
        "\r\nSERVICE_NAME: mpssvc\r\nDISPLAY_NAME: Firewall: of Windows\r\n        TYPE               : 30  WIN32\r\n"
        "        STATE              : 4  RUNNING\r\n        WIN32_EXIT_CODE    : 0  (0x0)\r\n"
        "        PID                : 2044\r\n"
    )
    assert processes.services(sc).value == (("mpssvc", 2044, "running"),)
    cim = '[{"ProcessId": 2044, "Name": "mpssvc", "State": "Running", "StartMode": "Auto"}]'
    assert processes.services(cim).value == (("mpssvc", 2044, "running"),)
    tasks = '"svchost.exe","2044","BFE,mpssvc"\r\n"python.exe","4242","Nicht zutreffend"\r\n"cmd.exe","7","N/A"\r\n'
    assert processes.tasklist_services(tasks).value == {2044: ("BFE", "mpssvc"), 4242: (), 7: ()}
    assert processes.parse_tasklist(tasks).value[4242].name == "python.exe"


@pytest.mark.parametrize(
    ("date", "started"),
    [
        ("/Date(1795000000500)/", 1795000000.5),
        ("2026-11-21T14:00:00.5000000+01:00", 1795266000.5),
        ("yesterday", None),
        (None, None),
    ],
)
def test_a_process_has_its_start(date: str | None, started: float | None) -> None:
    told = [{"ProcessId": 4, "Name": "x.exe", "CommandLine": None, "ExecutablePath": None, "CreationDate": date}]
    (process,) = processes.parse(json.dumps(told)).value.values()
    assert (process.started, process.argv, process.exe) == (started, (), None)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (r'"C:\Program Files\py\python.exe" -m flask run', (r"C:\Program Files\py\python.exe", "-m", "flask", "run")),
        (r"python app.py --name \"x\"", ("python", "app.py", "--name", '"x"')),
        (r'a.exe "b c\\" d\e "f""g"', ("a.exe", "b c\\", r"d\e", "fg")),
        ('"x.exe" ""', ("x.exe", "")),
        ("", ()),
    ],
)
def test_command_lines_split_as_the_c_runtime_does(line: str, words: tuple[str, ...]) -> None:
    assert commandline.split(line) == words


def test_proxies_of_internet_settings() -> None:
    text = (
        "HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\r\n"
        "    ProxyEnable    REG_DWORD    0x1\r\n    ProxyServer    REG_SZ    10.0.0.1:3128\r\n"
        "    ProxyOverride    REG_SZ    *.corp;<local>\r\n"
    )
    told = proxy.parse(text).value
    assert told.proxies == {"http": "http://10.0.0.1:3128", "https": "http://10.0.0.1:3128"}
    assert told.bypass == ("*.corp", "<local>")
    assert not proxy.parse(text.replace("0x1", "0x0")).value.proxies


def test_wsl() -> None:
    listening = (
        "   0: 00000000:1388 00000000:0000 0A 0:0 0:0 0 1000 0 1 1\n"
        "   1: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 1000 0 2 1\n"
    )
    told = wsl.parse({
        "running": "Ubuntu\r\n", "addresses": "172.20.1.5 fe80::1 fd00::5 \n", "listeners": listening,
        "config": "[wsl2]\r\nnetworkingMode=Mirrored # new\r\n",
        "setting": '{"Enabled": "True", "DefaultInboundAction": "Block"}',
    })  # fmt: skip
    assert (told.mode, told.running, told.ports, told.loopback_ports) == ("mirrored", ("Ubuntu",), (5000,), (8080,))
    assert told.addresses == (ip_address("172.20.1.5"), ip_address("fd00::5"))
    assert told.hyperv_inbound_allowed is False
    assert wsl.parse({}).mode == "nat" and wsl.parse({}).hyperv_inbound_allowed is None


WORDS = {437: "Verbose é", 850: "ABHÖREN", 866: "Входящие", 932: "規則名", 936: "规则名称", 1252: "Domänen€"}


@pytest.mark.parametrize("page", WORDS)
def test_code_pages(page: int) -> None:
    data = WORDS[page].encode("gb18030" if page == 936 else f"cp{page}")
    assert decode(data, page) == WORDS[page]
    assert decode(WORDS[page].encode(), page) == WORDS[page]
    assert decode(WORDS[page].encode("utf-16"), page) == WORDS[page]


def test_utf_16_without_a_mark_and_broken_bytes() -> None:
    assert decode("Ubuntu\r\n".encode("utf-16-le")) == "Ubuntu\r\n"
    assert decode(b"a\x9fb") == "a\\x9fb"
    assert decode(b"a\x81b", 99999) == "a\\x81b"
    assert decode(b"", 850) == ""


@pytest.mark.parametrize(
    ("text", "page"),
    [("Active code page: 437\r\n", 437), ("Aktive Codepage: 850.\r\n", 850), ("活动代码页: 936", 936), ("", None)],
)
def test_the_code_page_in_any_language(text: str, page: int | None) -> None:
    assert code_page_of(text) == page
