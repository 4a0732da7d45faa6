"""What is asked of a Linux machine. Every probe only reads, and says when it must not run.

Reading can change a machine: `iptables -L` (legacy) loads modules and creates the table it lists; `nft` loads nf_tables
where it is not loaded yet. So the legacy pair is asked only where the kernel lists legacy tables, and nft only where
nf_tables is there already: where it is not, no such rule can exist.
"""

from __future__ import annotations

from wizard.model.capture import Probe

NF_TABLES = "/sys/module/nf_tables"
NETLINK_HOOK = "/sys/module/nfnetlink_hook"
LEGACY_4 = "/proc/net/ip_tables_names"
LEGACY_6 = "/proc/net/ip6_tables_names"


def _command(name: str, asks: str, line: str, **more: object) -> Probe:
    remedy = f"sudo {line}" if more.get("needs_root") else line
    return Probe(name, asks, argv=tuple(line.split()), **{"remedy": remedy, **more})  # type: ignore[arg-type]


def _file(name: str, asks: str, path: str, **more: object) -> Probe:
    remedy = f"sudo cat {path}" if more.get("needs_root") else f"cat {path}"
    return Probe(name, asks, path=path, **{"remedy": remedy, **more})  # type: ignore[arg-type]


def _reader(name: str, asks: str, reader: str, **more: object) -> Probe:
    return Probe(name, asks, reader=reader, **{"remedy": "sudo wizard check", **more})  # type: ignore[arg-type]


_SOCKETS = (
    _command("ss-listeners", "who listens on which port", "ss -H -ltunpe", remedy="sudo ss -H -ltunpe"),
    _command(
        "ss-connections", "the TCP connections", "ss -H -tnp state connected", remedy="sudo ss -H -tnp state connected"
    ),
    _command("ss-unix", "the listening UNIX sockets", "ss -H -lxp", remedy="sudo ss -H -lxp"),
    _reader("psutil-listeners", "who listens on which port", "psutil_listeners", instead_of="ss-listeners"),
    _file("proc-tcp", "who listens on which port", "/proc/net/tcp", instead_of="psutil-listeners"),
    _file("proc-tcp6", "who listens on which port", "/proc/net/tcp6", instead_of="psutil-listeners"),
    _reader("processes", "the processes that run", "processes"),
    _reader("foreign-listeners", "who listens in other network namespaces", "foreign_listeners", needs_root=True),
)

_NETWORK = (
    _command("ip-addresses", "the interfaces and addresses", "ip -j -d addr"),
    _command("ip-routes-4", "the IPv4 routes", "ip -j -d -4 route show table all"),
    _command("ip-routes-6", "the IPv6 routes", "ip -j -d -6 route show table all"),
    _command("ip-rules-4", "the IPv4 routing rules", "ip -j -4 rule"),
    _command("ip-rules-6", "the IPv6 routing rules", "ip -j -6 rule"),
    _command("ip-neighbours", "the neighbour table", "ip -j neigh"),
    _reader("sysctls", "the kernel's network settings", "sysctls", remedy="sysctl -a"),
)

_FIREWALLS = (
    _command("nft-json", "the nftables ruleset", "nft -j list ruleset", needs_root=True, only_if=NF_TABLES),
    # nft 1.0.6 leaves the device of an ingress or egress chain out of its JSON.
    _command(
        "nft-text",
        "the nftables ruleset as text",
        "nft list ruleset",
        needs_root=True,
        only_if=NF_TABLES,
        only_after=("nft-json", 'gress"'),
    ),
    # It leaves out, too, which family a rule with `reject with tcp reset` asks for.
    _command(
        "nft-netlink",
        "the nftables ruleset in the kernel's words",
        "nft --debug=netlink list ruleset",
        needs_root=True,
        only_if=NF_TABLES,
        only_after=("nft-json", '"tcp reset"'),
    ),
    # Which of nft's chains and legacy tables at one priority comes first, nothing else tells.
    _command(
        "nft-hooks",
        "in which order the packet filters are called",
        "nft list hooks",
        needs_root=True,
        only_if=f"{NF_TABLES}+{NETLINK_HOOK}",
        only_after=("ip-tables-names", "\n"),
    ),
    _command(
        "iptables-save", "the iptables rules", "iptables-save", needs_root=True, only_if=f"{NF_TABLES} {LEGACY_4}"
    ),
    _command(
        "ip6tables-save", "the ip6tables rules", "ip6tables-save", needs_root=True, only_if=f"{NF_TABLES} {LEGACY_6}"
    ),
    _command(
        "iptables-legacy-save", "the legacy iptables rules", "iptables-legacy-save", needs_root=True, only_if=LEGACY_4
    ),
    _command(
        "ip6tables-legacy-save",
        "the legacy ip6tables rules",
        "ip6tables-legacy-save",
        needs_root=True,
        only_if=LEGACY_6,
    ),
    _file("ip-tables-names", "which legacy iptables tables exist", LEGACY_4, needs_root=True, only_if=LEGACY_4),
    _file("ip6-tables-names", "which legacy ip6tables tables exist", LEGACY_6, needs_root=True, only_if=LEGACY_6),
    _command("ipset-save", "the IP sets", "ipset save", needs_root=True, only_if="/sys/module/ip_set"),
    _file("ufw-conf", "whether ufw is switched on", "/etc/ufw/ufw.conf", only_if="/etc/ufw/ufw.conf"),
    _file("ufw-defaults", "ufw's default policies", "/etc/default/ufw", only_if="/etc/default/ufw"),
    _file("ufw-rules", "ufw's own rules", "/etc/ufw/user.rules", needs_root=True, only_if="/etc/ufw/user.rules"),
    _file(
        "ufw-rules6", "ufw's own IPv6 rules", "/etc/ufw/user6.rules", needs_root=True, only_if="/etc/ufw/user6.rules"
    ),
    _command(
        "firewalld",
        "firewalld's zones",
        "firewall-cmd --list-all-zones",
        needs_root=True,
        only_if="process:firewalld",
    ),
    _command(
        "firewalld-default-zone",
        "firewalld's default zone",
        "firewall-cmd --get-default-zone",
        needs_root=True,
        only_if="process:firewalld",
    ),
    _command(
        "firewalld-zone-files",
        "firewalld's own zone files",
        "ls /etc/firewalld/zones",
        needs_root=True,
        only_if="process:firewalld",
        only_after=("firewalld", "target:"),
    ),
    _command(
        "firewalld-panic",
        "whether firewalld is in panic mode",
        "firewall-cmd --query-panic",
        needs_root=True,
        only_if="process:firewalld",
    ),
    _command(
        "fail2ban",
        "whom fail2ban bans",
        "fail2ban-client banned",
        needs_root=True,
        only_if="/run/fail2ban/fail2ban.sock /var/run/fail2ban/fail2ban.sock",
    ),
    _reader(
        "docker",
        "the containers and their published ports",
        "docker",
        needs_root=True,
        only_if="/run/docker.sock /var/run/docker.sock /run/podman/podman.sock",
        remedy="sudo docker ps",
    ),
)

_NAMES = (
    _file("resolv-conf", "which name servers are asked", "/etc/resolv.conf", only_if="/etc/resolv.conf"),
    _file("hosts", "the hosts file", "/etc/hosts", only_if="/etc/hosts"),
    _file("nsswitch", "how names are looked up", "/etc/nsswitch.conf", only_if="/etc/nsswitch.conf"),
    _reader("proxy", "the proxy variables", "proxy", remedy="env"),
    _reader("platform", "what system this is", "platform", remedy="uname -a"),
)

PROBES: tuple[Probe, ...] = (*_SOCKETS, *_NETWORK, *_FIREWALLS, *_NAMES)
