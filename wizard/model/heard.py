"""What the other device saw, as it was told here: by a code that the wizard printed there, or by the words on its screen."""

from __future__ import annotations

from msgspec import Struct

from wizard.model.facts import Address


class Heard(Struct, frozen=True):
    """One attempt as the other device saw it. Empty words and None: it did not say.

    `transport` is as in `client_sees.transport`. `by` is who ended the attempt: `target` (the address that was dialled),
    `router` (some other address), `self` (the device's own kernel or rules), `nobody` (silence). `detail` is one of
    `DETAILS`. `took` is one of `DURATIONS`. `target_bits` are the low 12 bits of the address that was dialled, `client_bits`
    the low 16 of the device's own. `client` is its whole address where the code holds it, or where the two ends are in one
    network and the rest is known here. `code` is the code as the device printed it; empty for a symptom.
    """

    transport: str
    by: str = ""
    detail: str = ""
    took: str = ""
    family: int | None = None
    tls: bool | None = None
    same_network: bool | None = None
    prefix: int | None = None
    """The length of the prefix of the device's own network; of IPv6 in steps of four."""
    port: int | None = None
    target_bits: int | None = None
    client_bits: int | None = None
    client: Address | None = None
    code: str = ""

    @property
    def connects(self) -> bool:
        """The TCP connection was made, whatever came of it."""
        return self.transport in ("connected", "reset", "empty", "tls-error", "http-error")


TRANSPORTS = (
    "connected", "refused", "timeout", "unreachable", "prohibited", "reset", "empty", "tls-error", "unresolved",
    "proxy-error", "http-error", "error",
)  # fmt: skip
"""In the order of their numbers in a code: only ever add at the end."""

WHO = ("", "target", "router", "self", "nobody")

DETAILS = (
    "",
    # An ICMP error, of either family, in the words of nft's reject.
    "net-unreachable", "host-unreachable", "proto-unreachable", "port-unreachable", "net-prohibited", "host-prohibited",
    "admin-prohibited", "policy-fail", "reject-route", "ttl-exceeded", "too-big", "other-icmp",
    # The device's own kernel would not send: errno(3).
    "EACCES", "EINVAL", "EHOSTUNREACH", "ENETUNREACH", "EPERM", "EADDRNOTAVAIL", "other-errno",
    # It connected.
    "http-ok", "http-redirect", "http-client-error", "http-server-error", "host-refused", "redirects-to-itself",
    "not-http", "certificate-authority", "certificate-name", "certificate-date", "certificate-other", "silent",
)  # fmt: skip

DURATIONS = ("", "at once", "about a second", "about two seconds", "about three seconds", "longer")
LIMITS = (0.3, 1.6, 2.6, 3.6)
"""Seconds up to which the first four durations reach: an ICMP error behind a rate limit comes after one second, a refusal on
Windows after two, a missing ARP answer after three."""
