"""What the client gets where a walk ends: transport result, errno, curl's exit code, Chrome's code.

Measured on a Linux client with Chromium 156 (its net log). The errno of an ICMP message is icmp_err_convert
(net/ipv4/icmp.c) and icmpv6_err_convert (net/ipv6/icmp.c), Chrome's code is MapSystemError and MapConnectError
(net/base/net_errors_posix.cc, net/socket).
"""

from __future__ import annotations

from wizard.model.journey import ClientSees, Ending, Journey, Stop

CONNECTED = ClientSees("connected", None, None, 0)
_REFUSED = ClientSees("refused", "ERR_CONNECTION_REFUSED", "ECONNREFUSED", 7)
_TIMEOUT = ClientSees("timeout", "ERR_CONNECTION_TIMED_OUT", "ETIMEDOUT", 28)
_HOST_UNREACHABLE = ClientSees("unreachable", "ERR_ADDRESS_UNREACHABLE", "EHOSTUNREACH", 7)
_NET_UNREACHABLE = ClientSees("unreachable", "ERR_ADDRESS_UNREACHABLE", "ENETUNREACH", 7)
_PROHIBITED = ClientSees("prohibited", "ERR_NETWORK_ACCESS_DENIED", "EACCES", 7)
_NO_PROTOCOL = ClientSees("unreachable", "ERR_NOT_IMPLEMENTED", "ENOPROTOOPT", 7)

_REJECTIONS = {
    "tcp-reset": _REFUSED,
    "icmp-port-unreachable": _REFUSED,
    "icmpv6-port-unreachable": _REFUSED,
    "icmp-host-unreachable": _HOST_UNREACHABLE,
    "icmp-host-prohibited": _HOST_UNREACHABLE,
    "icmp-admin-prohibited": _HOST_UNREACHABLE,
    "icmp-net-unreachable": _NET_UNREACHABLE,
    "icmp-net-prohibited": _NET_UNREACHABLE,
    "icmp-proto-unreachable": _NO_PROTOCOL,
    "icmpv6-no-route": _NET_UNREACHABLE,
    "icmpv6-addr-unreachable": _HOST_UNREACHABLE,
    "icmpv6-admin-prohibited": _PROHIBITED,
    "icmpv6-policy-fail": _PROHIBITED,
    "icmpv6-reject-route": _PROHIBITED,
}

# What connect() itself answers, whoever said so: MapSystemError and MapConnectError (net/base/net_errors_posix.cc,
# net/socket/tcp_socket_posix.cc), measured with Chromium 156. EINVAL is what a blackhole route gives.
_ERRNOS = {
    "ECONNREFUSED": _REFUSED,
    "ETIMEDOUT": _TIMEOUT,
    "EHOSTUNREACH": _HOST_UNREACHABLE,
    "EHOSTDOWN": ClientSees("unreachable", "ERR_ADDRESS_UNREACHABLE", "EHOSTDOWN", 7),
    "ENETUNREACH": _NET_UNREACHABLE,
    "EACCES": _PROHIBITED,
    "EPERM": ClientSees("prohibited", "ERR_NETWORK_ACCESS_DENIED", "EPERM", 7),
    "ENOPROTOOPT": _NO_PROTOCOL,
    "EPROTO": ClientSees("unreachable", "ERR_FAILED", "EPROTO", 7),
    "EINVAL": ClientSees("unreachable", "ERR_INVALID_ARGUMENT", "EINVAL", 7),
    "EADDRNOTAVAIL": ClientSees("unreachable", "ERR_ADDRESS_INVALID", "EADDRNOTAVAIL", 7),
    "EAFNOSUPPORT": ClientSees("unreachable", "ERR_ADDRESS_UNREACHABLE", "EAFNOSUPPORT", 7),
    "ENETDOWN": ClientSees("unreachable", "ERR_INTERNET_DISCONNECTED", "ENETDOWN", 7),
    "ECONNRESET": ClientSees("reset", "ERR_CONNECTION_RESET", "ECONNRESET", 56),
    "ECONNABORTED": ClientSees("reset", "ERR_CONNECTION_ABORTED", "ECONNABORTED", 7),
}

_ENDINGS = {
    Ending.ARRIVED: CONNECTED,
    Ending.NAME_UNRESOLVED: ClientSees("unresolved", "ERR_NAME_NOT_RESOLVED", None, 6),
    Ending.INTERFACE_DOWN: _HOST_UNREACHABLE,
    Ending.FILTER_DROPPED: _TIMEOUT,
    Ending.SOURCE_FILTERED: _TIMEOUT,
    Ending.NO_ROUTE: _NET_UNREACHABLE,
    Ending.NO_LISTENER: _REFUSED,
    Ending.QUEUE_FULL: _TIMEOUT,
    Ending.REPLY_DROPPED: _TIMEOUT,
    Ending.REPLY_NO_ROUTE: _TIMEOUT,
    Ending.FORWARDED_NOWHERE: _TIMEOUT,
    Ending.NO_ANSWER_THERE: _HOST_UNREACHABLE,
    Ending.OWN_RULES: _TIMEOUT,
    Ending.NO_PORT_LEFT: ClientSees("unreachable", "ERR_ADDRESS_INVALID", "EADDRNOTAVAIL", 7),
    Ending.PROXY_REFUSED: ClientSees("proxy-error", "ERR_PROXY_CONNECTION_FAILED", None, 7),
    Ending.SAW_OTHERWISE: _TIMEOUT,
    Ending.ANSWER_LOST: ClientSees("timeout", None, None, 28),
    Ending.NOT_BELIEVED: ClientSees("tls-error", "ERR_CERT_AUTHORITY_INVALID", None, 60),
    Ending.REDIRECTED_AWAY: ClientSees("refused", "ERR_CONNECTION_REFUSED", "ECONNREFUSED", 0),
    Ending.SILENT: ClientSees("timeout", None, None, 28),
    Ending.CLOSED: ClientSees("empty", "ERR_EMPTY_RESPONSE", None, 52),
    Ending.ANOTHER_PROGRAM: CONNECTED,
    Ending.APPLICATION_REFUSED: ClientSees("http-error", None, None, 0),
}


# Chrome's code for what connect() says (MapConnectError): the errno is the kernel's answer to an ordinary program.
_ERRNOS = {
    "ECONNREFUSED": _REFUSED,
    "ETIMEDOUT": _TIMEOUT,
    "EHOSTUNREACH": _HOST_UNREACHABLE,
    "ENETUNREACH": _NET_UNREACHABLE,
    "EACCES": _PROHIBITED,
    "ENOPROTOOPT": _NO_PROTOCOL,
    "EPERM": ClientSees("prohibited", "ERR_ACCESS_DENIED", "EPERM", 7),
    "EINVAL": ClientSees("unreachable", "ERR_INVALID_ARGUMENT", "EINVAL", 7),
    "EADDRNOTAVAIL": ClientSees("unreachable", "ERR_ADDRESS_INVALID", "EADDRNOTAVAIL", 7),
    "ENETDOWN": ClientSees("unreachable", "ERR_INTERNET_DISCONNECTED", "ENETDOWN", 7),
    "ECONNRESET": ClientSees("reset", "ERR_CONNECTION_RESET", "ECONNRESET", 7),
}


def of_errno(name: str) -> ClientSees:
    """What a program gets whose connect() ended with this error."""
    return _ERRNOS.get(name, ClientSees("unreachable", "ERR_CONNECTION_FAILED", name or None, 7))


CERTIFICATES = {
    "authority": "ERR_CERT_AUTHORITY_INVALID",
    "name": "ERR_CERT_COMMON_NAME_INVALID",
    "date": "ERR_CERT_DATE_INVALID",
    "not-yet": "ERR_CERT_DATE_INVALID",
    "other": "ERR_CERT_INVALID",
}
"""Chrome names the gravest of several faults (MapCertStatusToNetError, net/cert/cert_status_flags.cc): the authority before
the name before the dates, which is the order in which OpenSSL stops too (X509_verify_cert)."""


def certificate(disbelief: str) -> ClientSees:
    """What a client makes of a certificate that it does not believe."""
    return ClientSees("tls-error", CERTIFICATES.get(disbelief, "ERR_CERT_INVALID"), None, 60)


def client_sees(journey: Journey) -> ClientSees:
    """What the client gets at the end of `journey`; `certain` is False if something before the stop is unknown. Where no
    stop is known and the way is not either, that is not known (an empty transport)."""
    if journey.stop is None and journey.unknowns:
        return ClientSees("", certain=False)
    seen = CONNECTED if journey.stop is None else journey.stop.sees or of_stop(journey.stop)
    return ClientSees(seen.transport, seen.browser, seen.errno, seen.curl, certain=not journey.unknowns)


def of_stop(stop: Stop) -> ClientSees:
    """The table's answer for one stop; a rejection goes by what is sent back."""
    if stop.reject_with is not None:
        return rejection(stop.reject_with)
    return _ENDINGS.get(stop.ending, ClientSees("timeout"))


def rejection(reject_with: str) -> ClientSees:
    """What a client makes of `icmp-host-prohibited`, `tcp-reset`, ... while it connects."""
    return _REJECTIONS.get(reject_with, _HOST_UNREACHABLE)
