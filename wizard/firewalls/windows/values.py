"""The values that a rule's conditions are written with, the same in all three forms but for spelling.

    80   80,443   135-139   RPC   RPC-EPMap   RPCEPMap   IPHTTPSIn   Ply2Disc   mDNS          ports
    192.168.1.0/24   10.0.0.0/255.0.0.0   fe80::/64   1.2.3.4-1.2.3.9   LocalSubnet   DNS     addresses
    6   17   TCP   UDP   ICMPv6   58                                                          protocols

Sources: [MS-GPFAS] 2.2.2.7 to 2.2.2.19; New-NetFirewallRule's parameters.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from wizard.model.windows import Addresses, AddressSpan, Ports, ProfileName

TCP, UDP = 6, 17
_PROTOCOLS = {
    "tcp": 6,
    "udp": 17,
    "icmpv4": 1,
    "icmpv6": 58,
    "icmp": 1,
    "hopopt": 0,
    "igmp": 2,
    "ipv6": 41,
    "ipv6-route": 43,
    "ipv6-frag": 44,
    "gre": 47,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "vrrp": 112,
    "pgm": 113,
    "l2tp": 115,
}
_PORT_WORDS = {
    "rpc": "RPC",
    "rpcepmap": "RPC-EPMap",
    "rpc-epmap": "RPC-EPMap",
    "iphttpsin": "IPHTTPSIn",
    "iphttpsout": "IPHTTPSOut",
    "iptlsin": "IPHTTPSIn",
    "iptlsout": "IPHTTPSOut",
    "iphttps": "IPHTTPSIn",
    "teredo": "Teredo",
    "ply2disc": "Ply2Disc",
    "playtodiscovery": "Ply2Disc",
    "mdns": "mDNS",
    "cortana_out": "CORTANA_OUT",
}
_ADDRESS_WORDS = {
    "localsubnet": (0, "LocalSubnet"),
    "localsubnet4": (4, "LocalSubnet"),
    "localsubnet6": (6, "LocalSubnet"),
    "dns": (0, "DNS"),
    "dhcp": (0, "DHCP"),
    "wins": (0, "WINS"),
    "defaultgateway": (0, "DefaultGateway"),
    "internet": (0, "Internet"),
    "intranet": (0, "Intranet"),
    "rmtintranet": (0, "RemoteIntranet"),
    "intranetremoteaccess": (0, "RemoteIntranet"),
    "ply2renders": (0, "PlayToDevice"),
    "playtodevice": (0, "PlayToDevice"),
}
PROFILES = {"domain": ProfileName.DOMAIN, "private": ProfileName.PRIVATE, "public": ProfileName.PUBLIC}


class NotUnderstood(ValueError):
    """A value that no known grammar has."""


def protocol(text: str) -> int:
    """The protocol's number. Raises NotUnderstood."""
    word = text.strip().lower()
    if word in _PROTOCOLS:
        return _PROTOCOLS[word]
    if word.isascii() and word.isdigit() and int(word) <= 255:
        return int(word)
    raise NotUnderstood(text)


def ports(texts: Iterable[str]) -> Ports:
    """The ports that all of `texts` name together. Raises NotUnderstood."""
    spans: list[tuple[int, int]] = []
    words: list[str] = []
    for text in (part.strip() for whole in texts for part in whole.split(",")):
        if not text:
            continue
        if word := _PORT_WORDS.get(text.lower()):
            words.append(word)
        else:
            spans.append(_port_span(text))
    return Ports(tuple(spans), tuple(words))


def _port_span(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    if not (first.isascii() and first.isdigit() and (not dash or last.isdigit())):
        raise NotUnderstood(text)
    low, high = int(first), int(last or first)
    if low > high or high > 65535:
        raise NotUnderstood(text)
    return low, high


def addresses(texts: Iterable[str], family: int = 0) -> Addresses:
    """The addresses that all of `texts` name together; `family` where the key tells it (RA4, RA6). Raises NotUnderstood."""
    spans: list[AddressSpan] = []
    words: list[tuple[int, str]] = []
    for text in (part.strip() for whole in texts for part in whole.split(",")):
        if not text:
            continue
        if known := _ADDRESS_WORDS.get(text.lower()):
            words.append((family or known[0], known[1]))
        else:
            spans.append(_address_span(text))
    return Addresses(tuple(spans), tuple(words))


def both(one: Addresses, other: Addresses) -> Addresses:
    """What either of two conditions names."""
    return Addresses(one.spans + other.spans, one.words + other.words)


def _address_span(text: str) -> AddressSpan:
    try:
        if "-" in text:
            first, _, last = text.partition("-")
            low, high = ip_address(_bare(first)), ip_address(_bare(last))
            if low.version != high.version or int(low) > int(high):
                raise NotUnderstood(text)
            return AddressSpan(low.version, int(low), int(high))
        network = ip_network(_bare(text), strict=False)
    except ValueError:
        raise NotUnderstood(text) from None
    return AddressSpan(network.version, int(network.network_address), int(network.broadcast_address))


def _bare(text: str) -> str:
    """Without the zone of a link-local address: `fe80::1%12`."""
    before, percent, rest = text.strip().partition("%")
    slash = rest.find("/")
    return before + (rest[slash:] if percent and slash >= 0 else "")


def is_everywhere(addresses: Addresses) -> bool:
    """Whether it names every address of both families, so that it is no condition at all."""
    whole = {(4, 0, 2**32 - 1), (6, 0, 2**128 - 1)}
    return whole <= {(each.family, each.low, each.high) for each in addresses.spans}
