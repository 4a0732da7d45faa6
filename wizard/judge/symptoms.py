"""What people say they saw, and which transport result that is (CAUSES: from the words on the screen to the stage).

ERR_CONNECTION_REFUSED · NS_ERROR_NET_TIMEOUT · curl: (7) · "took too long to respond" · errno 111
"""

from __future__ import annotations

import re

from wizard.model.diagnosis import Symptom

_CODES: dict[str, str] = {
    "ERR_CONNECTION_REFUSED": "refused",
    "NS_ERROR_CONNECTION_REFUSED": "refused",
    "ECONNREFUSED": "refused",
    "WSAECONNREFUSED": "refused",
    "ERR_CONNECTION_TIMED_OUT": "timeout",
    "ERR_TIMED_OUT": "timeout",
    "NS_ERROR_NET_TIMEOUT": "timeout",
    "ETIMEDOUT": "timeout",
    "WSAETIMEDOUT": "timeout",
    "ERR_ADDRESS_UNREACHABLE": "unreachable",
    "EHOSTUNREACH": "unreachable",
    "ENETUNREACH": "unreachable",
    "ERR_INTERNET_DISCONNECTED": "unreachable",
    "ERR_NETWORK_ACCESS_DENIED": "prohibited",
    "EACCES": "prohibited",
    "ERR_CONNECTION_RESET": "reset",
    "NS_ERROR_NET_RESET": "reset",
    "ECONNRESET": "reset",
    "ERR_EMPTY_RESPONSE": "empty",
    "ERR_CONNECTION_CLOSED": "empty",
    "NS_ERROR_NET_INTERRUPT": "reset",
    "ERR_SSL_PROTOCOL_ERROR": "tls-error",
    "ERR_SSL_VERSION_OR_CIPHER_MISMATCH": "tls-error",
    "SSL_ERROR_RX_RECORD_TOO_LONG": "tls-error",
    "ERR_CERT_AUTHORITY_INVALID": "tls-error",
    "ERR_CERT_COMMON_NAME_INVALID": "tls-error",
    "ERR_CERT_DATE_INVALID": "tls-error",
    "ERR_NAME_NOT_RESOLVED": "unresolved",
    "NS_ERROR_UNKNOWN_HOST": "unresolved",
    "DNS_PROBE_FINISHED_NXDOMAIN": "unresolved",
    "ERR_PROXY_CONNECTION_FAILED": "proxy-error",
    "ERR_TUNNEL_CONNECTION_FAILED": "proxy-error",
    "NS_ERROR_PROXY_CONNECTION_REFUSED": "proxy-error",
    "ERR_INVALID_HTTP_RESPONSE": "http-error",
    "ERR_HTTP_RESPONSE_CODE_FAILURE": "http-error",
    "ERR_UNSAFE_PORT": "connected",
    "ERR_ADDRESS_INVALID": "unreachable",
}

_WORDS: tuple[tuple[str, str], ...] = (
    (r"refused|unable to connect|can.t establish a connection", "refused"),
    (r"took too long|timed? ?-?out", "timeout"),
    (r"unreachable|no route to host|host is down", "unreachable"),
    (r"permission denied|access denied|prohibited", "prohibited"),
    (r"\breset\b", "reset"),
    (r"didn.t send any data|empty (reply|response)", "empty"),
    (r"\b(ssl|tls|certificate)\b", "tls-error"),
    (r"not resolved?|could not resolve|can.t find the server|name or service not known|nxdomain", "unresolved"),
    (r"\bproxy\b", "proxy-error"),
)

_CURL_EXIT = {
    0: "connected", 1: "http-error", 5: "proxy-error", 6: "unresolved", 7: "refused", 22: "http-error", 28: "timeout",
    35: "tls-error", 52: "empty", 56: "reset", 60: "tls-error", 97: "proxy-error",
}  # fmt: skip

_ERRNO = {
    111: "refused", 61: "refused", 10061: "refused", 110: "timeout", 60: "timeout", 10060: "timeout", 113: "unreachable",
    101: "unreachable", 65: "unreachable", 51: "unreachable", 10065: "unreachable", 10051: "unreachable",
    13: "prohibited", 10013: "prohibited", 104: "reset", 54: "reset", 10054: "reset",
}  # fmt: skip

TRANSPORTS = (
    "connected", "refused", "timeout", "unreachable", "prohibited", "reset", "empty", "tls-error", "unresolved",
    "proxy-error", "http-error",
)  # fmt: skip

_CODE = re.compile(r"\b(?:" + "|".join(sorted(_CODES, key=len, reverse=True)) + r")\b", re.IGNORECASE)
_CURL = re.compile(r"\bcurl:? ?\(?(\d{1,2})\)?", re.IGNORECASE)
_NUMBER = re.compile(r"\b(?:errno|winerror|error)[ :=#]*(\d{2,5})\b", re.IGNORECASE)


def read(text: str) -> Symptom | None:
    """The symptom in `text`, or None if it names none. Codes outrank prose; a bare number is curl's exit code."""
    if match := _CODE.search(text):
        return Symptom(_CODES[match[0].upper()], match[0].upper())
    if text.strip().lower() in TRANSPORTS:
        return Symptom(text.strip().lower(), text.strip().lower())
    if text.strip().isdigit() and int(text) in _CURL_EXIT:
        return Symptom(_CURL_EXIT[int(text)], f"curl ({int(text)})")
    for pattern, transport in _WORDS:
        if match := re.search(pattern, text, re.IGNORECASE):
            return Symptom(transport, match[0])
    if (match := _CURL.search(text)) and int(match[1]) in _CURL_EXIT:
        return Symptom(_CURL_EXIT[int(match[1])], f"curl ({match[1]})")
    if (match := _NUMBER.search(text)) and int(match[1]) in _ERRNO:
        return Symptom(_ERRNO[int(match[1])], f"errno {match[1]}")
    return None


def known() -> tuple[str, ...]:
    """Every word and code that `--symptom` takes, for an error message."""
    return TRANSPORTS + tuple(_CODES)
