"""The kernel settings that decide about packets, as sysctl(8) prints them.

    net.ipv4.ip_forward = 0
    net.ipv4.conf.eth0/100.rp_filter = 2

An interface's own dot is written as a slash, as sysctl(8) does. A setting that this kernel does not have is not listed.
"""

from __future__ import annotations

from wizard.collect import proc

_ROOT = "/proc/sys/net"
_SINGLE = """
core/somaxconn
ipv4/icmp_ratelimit ipv4/ip_forward ipv4/ip_local_port_range ipv4/ip_local_reserved_ports ipv4/ip_nonlocal_bind
ipv4/ip_unprivileged_port_start ipv4/tcp_abort_on_overflow ipv4/tcp_max_syn_backlog ipv4/tcp_syncookies
ipv4/tcp_l3mdev_accept ipv4/fwmark_reflect ipv4/tcp_fwmark_accept
ipv6/bindv6only ipv6/ip_nonlocal_bind
netfilter/nf_conntrack_max netfilter/nf_conntrack_count netfilter/nf_conntrack_tcp_loose
"""
_EACH_INTERFACE_4 = "rp_filter accept_local forwarding src_valid_mark arp_ignore arp_filter route_localnet log_martians"
_EACH_INTERFACE_6 = "disable_ipv6 forwarding force_forwarding accept_ra autoconf"
SINGLE = tuple(_SINGLE.split())
EACH_INTERFACE = (("ipv4", tuple(_EACH_INTERFACE_4.split())), ("ipv6", tuple(_EACH_INTERFACE_6.split())))


def read() -> str:
    """The settings, one a line."""
    paths = [*SINGLE]
    for family, names in EACH_INTERFACE:
        paths += [f"{family}/conf/{interface}/{name}" for interface in _interfaces(family) for name in names]
    return "".join(filter(None, map(_line, paths)))


def _interfaces(family: str) -> list[str]:
    # None without IPv6 in this kernel: then none of its settings exist.
    return sorted(proc.names(f"{_ROOT}/{family}/conf") or ())


def _line(path: str) -> str:
    value = proc.read(f"{_ROOT}/{path}")
    if value is None:
        return ""
    # Dots and slashes change places: what was a dot is part of a name.
    name = path.translate(str.maketrans("./", "/."))
    return f"net.{name} = {value.decode('ascii', 'replace').strip()}\n"
