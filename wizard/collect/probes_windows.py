"""What is asked of a Windows machine. Every probe only reads, and none needs an administrator; one who is sees more.

psutil answers first where Python runs. A bundle of collect.ps1 or collect.cmd has the commands' answers under the same names:
where several could tell one fact, wizard.parse.windows.assemble takes the first that answered.

PowerShell's objects are asked for as JSON, enumerations as words (`"$($_.Action)"`): Windows PowerShell 5.1 would write
numbers. `reg query` ends with 1 where a key is not there, so the key above Group Policy's is listed first.
"""

from __future__ import annotations

from wizard.model.capture import Probe

FIREWALL = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
POLICIES = r"HKLM\SOFTWARE\Policies\Microsoft"
INTERNET = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings"
HOSTS = r"C:\Windows\System32\drivers\etc\hosts"
WSL_CREATOR = "{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}"
"""The id under which the Hyper-V firewall knows WSL (microsoft/WSL)."""

_SHELL = ("powershell", "-NoProfile", "-NonInteractive", "-Command")
_UTF_8 = "try { [Console]::OutputEncoding = [Text.Encoding]::UTF8 } catch { }; "


def _command(name: str, asks: str, *argv: str, **more: object) -> Probe:
    shown = " ".join(f'"{word}"' if " " in word else word for word in argv)
    return Probe(name, asks, argv=argv, **{"remedy": shown, "seconds": 15.0, **more})  # type: ignore[arg-type]


def _cmdlet(name: str, asks: str, cmdlet: str, properties: str, **more: object) -> Probe:
    """The objects of a cmdlet as JSON. A property that is an enumeration is written as `word:Property`."""
    columns = ",".join(map(_column, properties.split()))
    script = f"{_UTF_8}{cmdlet} | Select-Object {columns} | ConvertTo-Json -Depth 3 -Compress"
    return Probe(
        name,
        asks,
        argv=(*_SHELL, script),
        **{"remedy": cmdlet, "seconds": 30.0, **more},  # type: ignore[arg-type]
    )


def _column(text: str) -> str:
    word, colon, name = text.partition(":")
    return f'@{{n="{name}";e={{"$($_.{name})"}}}}' if colon else word


def _reader(name: str, asks: str, reader: str, **more: object) -> Probe:
    return Probe(name, asks, reader=reader, **{"remedy": "wizard check, as an administrator", **more})  # type: ignore[arg-type]


_SOCKETS = (
    _reader("psutil-listeners", "who listens on which port", "psutil_listeners"),
    _command("netstat", "who listens, and who is connected", "netstat", "-ano"),
    _cmdlet(
        "get-nettcpconnection",
        "who listens on which port",
        "Get-NetTCPConnection -State Listen",
        "LocalAddress LocalPort RemoteAddress RemotePort word:State OwningProcess",
        instead_of="netstat",
    ),
    _reader("processes", "the processes that run", "psutil_processes"),
    _cmdlet(
        "win32-process",
        "the processes that run",
        "Get-CimInstance Win32_Process",
        "ProcessId ParentProcessId Name ExecutablePath CommandLine CreationDate",
        instead_of="processes",
    ),
    _command(
        "tasklist", "which services a process hosts", "tasklist", "/svc", "/fo", "csv", "/nh", instead_of="sc-queryex"
    ),
    _command("sc-queryex", "which services run", "sc", "queryex", "type=", "service", "state=", "all"),
    _cmdlet(
        "win32-service",
        "which services run",
        "Get-CimInstance Win32_Service",
        "ProcessId Name State StartMode",
        instead_of="sc-queryex",
    ),
)

_NETWORK = (
    _reader("psutil-interfaces", "the interfaces and addresses", "psutil_interfaces"),
    _cmdlet(
        "get-netadapter",
        "the interfaces' hardware",
        "Get-NetAdapter -IncludeHidden",
        "Name InterfaceDescription word:Status MacAddress ifIndex InterfaceGuid InterfaceType MtuSize Virtual",
    ),
    _cmdlet(
        "get-netipaddress",
        "the interfaces and addresses",
        "Get-NetIPAddress",
        "IPAddress PrefixLength InterfaceAlias InterfaceIndex word:AddressState",
        instead_of="psutil-interfaces",
    ),
    _command("ipconfig", "the interfaces and addresses", "ipconfig", "/all", instead_of="get-netipaddress"),
    _cmdlet(
        "get-netconnectionprofile",
        "which profile each network has",
        "Get-NetConnectionProfile",
        "Name InterfaceAlias InterfaceIndex word:NetworkCategory",
    ),
    _cmdlet(
        "get-netroute",
        "the routes",
        "Get-NetRoute",
        "DestinationPrefix NextHop InterfaceAlias ifIndex RouteMetric InterfaceMetric",
    ),
    _command("route-print", "the routes", "route", "print", instead_of="get-netroute"),
    _cmdlet(
        "get-netneighbor",
        "the neighbour table",
        "Get-NetNeighbor",
        "IPAddress InterfaceAlias LinkLayerAddress word:State",
    ),
    _command("arp", "the neighbour table", "arp", "-a", instead_of="get-netneighbor"),
    _cmdlet(
        "get-dnsclientserveraddress",
        "the name servers",
        "Get-DnsClientServerAddress",
        "InterfaceAlias ServerAddresses",
    ),
)

_FIREWALL = (
    _command("reg-firewall", "the firewall's rules and profiles", "reg", "query", FIREWALL, "/s"),
    _command("reg-policies", "whether policy speaks of the firewall", "reg", "query", POLICIES),
    _command(
        "reg-firewall-policy",
        "the firewall rules of Group Policy",
        "reg",
        "query",
        rf"{POLICIES}\WindowsFirewall",
        "/s",
        only_after=("reg-policies", "WindowsFirewall"),
    ),
    _cmdlet(
        "get-netfirewallprofile",
        "what each profile does",
        "Get-NetFirewallProfile -PolicyStore ActiveStore",
        "Name word:Enabled word:DefaultInboundAction word:DefaultOutboundAction word:AllowInboundRules "
        "word:AllowLocalFirewallRules word:NotifyOnListen",
    ),
    _command(
        "netsh-profiles",
        "what each profile does",
        "netsh",
        "advfirewall",
        "show",
        "allprofiles",
        instead_of="get-netfirewallprofile",
    ),
    _command(
        "netsh-currentprofile",
        "which profile is in force",
        "netsh",
        "advfirewall",
        "show",
        "currentprofile",
        instead_of="get-netconnectionprofile",
    ),
    _command(
        "netsh-rules",
        "the firewall's rules",
        "netsh",
        "advfirewall",
        "firewall",
        "show",
        "rule",
        "name=all",
        "verbose",
        instead_of="reg-firewall",
        seconds=60.0,
    ),
    _cmdlet(
        "security-products",
        "whether another maker's firewall is installed",
        "Get-CimInstance -Namespace root/SecurityCenter2 -ClassName FirewallProduct",
        "displayName productState",
    ),
)

_PORTS = (
    _command(
        "excluded-ports-4",
        "the reserved ports",
        "netsh",
        "interface",
        "ipv4",
        "show",
        "excludedportrange",
        "protocol=tcp",
    ),
    _command(
        "excluded-ports-6",
        "the reserved ports of IPv6",
        "netsh",
        "interface",
        "ipv6",
        "show",
        "excludedportrange",
        "protocol=tcp",
    ),
    _command("dynamic-ports-4", "the dynamic ports", "netsh", "interface", "ipv4", "show", "dynamicport", "tcp"),
    _command("netsh-portproxy", "what is relayed", "netsh", "interface", "portproxy", "show", "all"),
    _command(
        "http-servicestate", "who uses http.sys", "netsh", "http", "show", "servicestate", "view=requestq", "verbose=no"
    ),
    _command("http-urlacl", "who may use which URL", "netsh", "http", "show", "urlacl"),
    _command("http-iplisten", "where http.sys listens", "netsh", "http", "show", "iplisten"),
)

_WSL = (
    _command("wsl-running", "which Linux runs here", "wsl", "--list", "--running", "--quiet"),
    # Asked only of a Linux that runs: any other would be started by the question.
    _command(
        "wsl-addresses", "the addresses of Linux", "wsl", "-e", "hostname", "-I", only_after=("wsl-running", "\n")
    ),
    _command(
        "wsl-listeners",
        "who listens in Linux",
        "wsl",
        "-e",
        "cat",
        "/proc/net/tcp",
        "/proc/net/tcp6",
        only_after=("wsl-running", "\n"),
    ),
    Probe(
        "wslconfig",
        "how WSL is connected",
        argv=(*_SHELL, f"{_UTF_8}if (Test-Path $HOME\\.wslconfig) {{ Get-Content $HOME\\.wslconfig }}"),
        seconds=15.0,
        remedy="type %UserProfile%\\.wslconfig",
    ),
    _cmdlet(
        "hyperv-firewall",
        "what the Hyper-V firewall does for WSL",
        f"Get-NetFirewallHyperVVMSetting -PolicyStore ActiveStore -Name '{WSL_CREATOR}'",
        "Name word:Enabled word:DefaultInboundAction word:LoopbackEnabled word:AllowHostPolicyMerge",
        only_after=("wslconfig", "irrored"),
    ),
    _cmdlet(
        "hyperv-rules",
        "the rules of the Hyper-V firewall",
        f"Get-NetFirewallHyperVRule -PolicyStore ActiveStore -VMCreatorId '{WSL_CREATOR}'",
        "Name DisplayName word:Enabled word:Direction word:Action Protocol LocalPorts",
        only_after=("wslconfig", "irrored"),
    ),
)

_NAMES = (
    Probe("hosts", "the hosts file", path=HOSTS, only_if=HOSTS, remedy=f"type {HOSTS}"),
    _command("reg-internet-settings", "the proxy settings", "reg", "query", INTERNET),
    _command("winhttp-proxy", "the system's proxy", "netsh", "winhttp", "show", "proxy"),
    _command("code-page", "the console's code page", "cmd", "/c", "chcp"),
    _reader("variables", "where Windows keeps its folders", "windows_variables", remedy="set"),
    _reader("windows-version", "which Windows this is", "windows_version", remedy="ver"),
)

PROBES: tuple[Probe, ...] = (*_SOCKETS, *_NETWORK, *_FIREWALL, *_PORTS, *_WSL, *_NAMES)
