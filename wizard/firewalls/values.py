"""Names and numbers that firewalls print: protocols, services, flags, types; and addresses as integers.

Sources: the symbol tables of nftables (src/proto.c, src/ct.c, src/meta.c, src/datatype.c) and of iptables' extensions.
Addresses become integers because rules compare them as such: a prefix is an interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_network

from wizard.model.ruleset import Span

PROTOCOLS: Mapping[str, int] = {
    "ip": 0,
    "hopopt": 0,
    "icmp": 1,
    "igmp": 2,
    "ipencap": 4,
    "ipip": 4,
    "tcp": 6,
    "egp": 8,
    "igp": 9,
    "udp": 17,
    "dccp": 33,
    "ipv6": 41,
    "ipv6-route": 43,
    "ipv6-frag": 44,
    "rsvp": 46,
    "gre": 47,
    "esp": 50,
    "ipv6-crypt": 50,
    "ah": 51,
    "ipv6-auth": 51,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "icmp6": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "eigrp": 88,
    "ospf": 89,
    "ospfigp": 89,
    "pim": 103,
    "comp": 108,
    "ipcomp": 108,
    "vrrp": 112,
    "carp": 112,
    "l2tp": 115,
    "sctp": 132,
    "mh": 135,
    "ipv6-mh": 135,
    "mobility-header": 135,
    "udplite": 136,
}

SERVICES: Mapping[str, int] = {
    "ftp-data": 20,
    "ftp": 21,
    "ssh": 22,
    "telnet": 23,
    "smtp": 25,
    "time": 37,
    "nicname": 43,
    "whois": 43,
    "tacacs": 49,
    "domain": 53,
    "bootps": 67,
    "bootpc": 68,
    "tftp": 69,
    "gopher": 70,
    "finger": 79,
    "http": 80,
    "www": 80,
    "www-http": 80,
    "kerberos": 88,
    "pop3": 110,
    "pop-3": 110,
    "sunrpc": 111,
    "rpcbind": 111,
    "portmapper": 111,
    "auth": 113,
    "ident": 113,
    "nntp": 119,
    "ntp": 123,
    "epmap": 135,
    "loc-srv": 135,
    "netbios-ns": 137,
    "netbios-dgm": 138,
    "netbios-ssn": 139,
    "imap": 143,
    "imap2": 143,
    "snmp": 161,
    "snmptrap": 162,
    "snmp-trap": 162,
    "bgp": 179,
    "irc": 194,
    "ldap": 389,
    "https": 443,
    "snpp": 444,
    "microsoft-ds": 445,
    "isakmp": 500,
    "exec": 512,
    "login": 513,
    "syslog": 514,
    "printer": 515,
    "dhcpv6-client": 546,
    "dhcpv6-server": 547,
    "rtsp": 554,
    "nntps": 563,
    "submission": 587,
    "ipp": 631,
    "ldaps": 636,
    "domain-s": 853,
    "rsync": 873,
    "ftps-data": 989,
    "ftps": 990,
    "telnets": 992,
    "imaps": 993,
    "pop3s": 995,
    "socks": 1080,
    "openvpn": 1194,
    "ms-sql-s": 1433,
    "ms-sql-m": 1434,
    "l2f": 1701,
    "l2tp": 1701,
    "pptp": 1723,
    "radius": 1812,
    "radius-acct": 1813,
    "ssdp": 1900,
    "cisco-sccp": 2000,
    "nfs": 2049,
    "zookeeper": 2181,
    "docker": 2375,
    "docker-s": 2376,
    "squid-http": 3128,
    "mysql": 3306,
    "ms-wbt-server": 3389,
    "iscsi-target": 3260,
    "svn": 3690,
    "epmd": 4369,
    "ipsec-nat-t": 4500,
    "sip": 5060,
    "sips": 5061,
    "sip-tls": 5061,
    "xmpp-client": 5222,
    "xmpp-server": 5269,
    "mdns": 5353,
    "llmnr": 5355,
    "hostmon": 5355,
    "postgresql": 5432,
    "amqps": 5671,
    "amqp": 5672,
    "rfb": 5900,
    "vnc-server": 5900,
    "x11": 6000,
    "redis": 6379,
    "kubernetes-apiserver": 6443,
    "ircd": 6667,
    "ircs-u": 6697,
    "http-alt": 8080,
    "webcache": 8080,
    "https-alt": 8443,
    "puppet": 8140,
    "jetdirect": 9100,
    "hkp": 11371,
    "git": 9418,
    "munin": 4949,
    "zabbix-agent": 10050,
    "zabbix-trapper": 10051,
    "webmin": 10000,
    "memcache": 11211,
    "mongodb": 27017,
    "wireguard": 51820,
}

CT_STATES: Mapping[str, int] = {"invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64}
CT_STATUS: Mapping[str, int] = {
    "expected": 1,
    "seen-reply": 2,
    "assured": 4,
    "confirmed": 8,
    "snat": 16,
    "dnat": 32,
    "dying": 512,
}
TCP_FLAGS: Mapping[str, int] = {
    "fin": 1,
    "syn": 2,
    "rst": 4,
    "psh": 8,
    "ack": 16,
    "urg": 32,
    "ecn": 64,
    "ece": 64,
    "cwr": 128,
}
PACKET_TYPES: Mapping[str, int] = {"host": 0, "unicast": 0, "broadcast": 1, "multicast": 2, "other": 3, "otherhost": 3}
DIRECTIONS: Mapping[str, int] = {"original": 0, "reply": 1}
NF_PROTO: Mapping[str, int] = {"ipv4": 2, "ipv6": 10}
ETHER_TYPES: Mapping[str, int] = {
    "ip": 0x800,
    "arp": 0x806,
    "ip6": 0x86DD,
    "vlan": 0x8100,
    "8021q": 0x8100,
    "8021ad": 0x88A8,
}
ADDRESS_TYPES: Mapping[str, int] = {
    "unspec": 0,
    "unicast": 1,
    "local": 2,
    "broadcast": 3,
    "anycast": 4,
    "multicast": 5,
    "blackhole": 6,
    "unreachable": 7,
    "prohibit": 8,
    "throw": 9,
    "nat": 10,
    "xresolve": 11,
}
LINK_TYPES: Mapping[str, int] = {
    "ether": 1,
    "ppp": 512,
    "ipip": 768,
    "ipip6": 769,
    "loopback": 772,
    "sit": 776,
    "ipgre": 778,
}
ICMP_TYPES: Mapping[str, int] = {
    "echo-reply": 0,
    "destination-unreachable": 3,
    "source-quench": 4,
    "redirect": 5,
    "echo-request": 8,
    "router-advertisement": 9,
    "router-solicitation": 10,
    "time-exceeded": 11,
    "parameter-problem": 12,
    "timestamp-request": 13,
    "timestamp-reply": 14,
    "info-request": 15,
    "info-reply": 16,
    "address-mask-request": 17,
    "address-mask-reply": 18,
}
DSCP: Mapping[str, int] = {
    **{f"cs{n}": 8 * n for n in range(8)},
    **{f"af{c}{d}": 8 * c + 2 * d for c in (1, 2, 3, 4) for d in (1, 2, 3)},
    "be": 0,
    "df": 0,
    "lephb": 1,
    "va": 44,
    "ef": 46,
}
DAYS: Mapping[str, int] = {
    day: n for n, day in enumerate(("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"))
}
PRIORITIES: Mapping[str, int] = {
    "raw": -300,
    "mangle": -150,
    "dstnat": -100,
    "filter": 0,
    "security": 50,
    "srcnat": 100,
}
REJECT_CODES_4: Mapping[int, str] = {
    0: "net-unreachable",
    1: "host-unreachable",
    2: "prot-unreachable",
    3: "port-unreachable",
    9: "net-prohibited",
    10: "host-prohibited",
    13: "admin-prohibited",
}
REJECT_CODES_6: Mapping[int, str] = {
    0: "no-route",
    1: "admin-prohibited",
    3: "addr-unreachable",
    4: "port-unreachable",
    5: "policy-fail",
    6: "reject-route",
}


def ipv4(text: str) -> int:
    """`192.168.1.5` as an integer; raises ValueError."""
    first, second, third, fourth = map(int, text.split("."))
    if not (0 <= first <= 255 and 0 <= second <= 255 and 0 <= third <= 255 and 0 <= fourth <= 255):
        raise ValueError(f"not an IPv4 address: {text}")
    return first << 24 | second << 16 | third << 8 | fourth


def ipv6(text: str) -> int:
    """`fe80::1` as an integer; raises ValueError."""
    return int(IPv6Address(text.partition("%")[0]))


def address(text: str) -> int:
    """An address of either family as an integer; raises ValueError."""
    return ipv6(text) if ":" in text else ipv4(text)


def prefix(base: int, length: int, width: int) -> Span:
    """The interval of a prefix: `width` is 32 or 128 (or 16, 8 for other keys)."""
    if not 0 <= length <= width:
        raise ValueError(f"no prefix of {length} bits")
    host = (1 << (width - length)) - 1
    return Span(base & ~host, base | host)


def network(text: str) -> Span:
    """`10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `fd00::/8` or a bare address as an interval; raises ValueError."""
    found = ip_network(text, strict=False)
    return Span(int(found.network_address), int(found.broadcast_address))


def mac(text: str) -> int:
    """`00:11:22:33:44:55` as an integer; raises ValueError."""
    parts = text.replace("-", ":").split(":")
    if len(parts) != 6:
        raise ValueError(f"not a hardware address: {text}")
    return int("".join(part.zfill(2) for part in parts), 16)


def number(text: str) -> int:
    """A decimal, hexadecimal (`0x1f`) or octal (`017`) number as C reads it; raises ValueError."""
    bare = text.strip()
    if len(bare) > 1 and bare[0] == "0" and bare.isdigit():
        return int(bare, 8)
    return int(bare, 0)


def port(text: str) -> int:
    """A port by number or by the name of its service; raises ValueError."""
    found = SERVICES.get(text.lower())
    value = int(text) if found is None else found
    if not 0 <= value <= 65535:
        raise ValueError(f"not a port: {text}")
    return value


def protocol(text: str) -> int:
    """A protocol by number or name; raises ValueError."""
    found = PROTOCOLS.get(text.lower())
    return int(text, 0) if found is None else found
