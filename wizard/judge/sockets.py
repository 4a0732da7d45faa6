"""Which listening socket takes a connection: the kernel's lookup, as the walk needs it.

Sources: __inet_lookup_listener and compute_score (net/ipv4/inet_hashtables.c), inet6_lookup_listener
(net/ipv6/inet6_hashtables.c): sockets bound to the very address come first, wildcards after; a socket bound to a device
(SO_BINDTODEVICE) takes only what arrives there and outranks one that is not; an IPv4 wildcard outranks a dual-stack one.
"""

from __future__ import annotations

from wizard.model.facts import Address, Listener, Proto


def on_port(listeners: tuple[Listener, ...], proto: Proto, port: int) -> tuple[Listener, ...]:
    """Every socket bound to this port, whatever its address."""
    return tuple(each for each in listeners if each.proto is proto and each.port == port)


def lookup(
    listeners: tuple[Listener, ...], proto: Proto, address: Address, port: int, device: str
) -> tuple[Listener, ...]:
    """The sockets that share a connection to `address`:`port` arriving on `device`: none, one, or an SO_REUSEPORT group."""
    able = [each for each in on_port(listeners, proto, port) if takes(each, address, device)]
    if not able:
        return ()
    best = max(_score(each, address) for each in able)
    return tuple(each for each in able if _score(each, address) == best)


def takes(listener: Listener, address: Address, device: str) -> bool:
    """Whether this socket may take a connection to `address` that arrives on `device`."""
    if listener.device and listener.device != device:
        return False
    if listener.scope and listener.scope != device:
        return False
    return listener.address == address or covers(listener, address)


def covers(listener: Listener, address: Address) -> bool:
    """A wildcard socket that takes the address's family. A `::` socket whose v6only is not known counts as dual-stack
    on Linux unless told otherwise (net.ipv6.bindv6only is 0 by default)."""
    if not listener.address.is_unspecified:
        return False
    if listener.address.version == address.version:
        return True
    return listener.address.version == 6 and not listener.v6only


def _score(listener: Listener, address: Address) -> tuple[bool, int]:
    specific = listener.address == address
    return specific, 2 * bool(listener.device) + (listener.address.version == address.version)
