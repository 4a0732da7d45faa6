"""Who ended an attempt: the machine that was dialled, something on the way, this machine itself, or nobody.

Measured on Linux as an ordinary user: a reset leaves the socket's error queue empty; an ICMP error stands in it with its
sender; an unanswered ARP request is an ICMP host-unreachable that this kernel sends itself after three seconds; a route
that refuses is an error at once, with nothing in the queue.
"""

from __future__ import annotations

from wizard.judge import vantage
from wizard.model.facts import Address, Attempt, AttemptOutcome, Facts, IcmpReport
from wizard.model.heard import DURATIONS, LIMITS

TARGET, ROUTER, SELF, NOBODY = "target", "router", "self", "nobody"
_LONG_ENOUGH_FOR_ARP = 0.9
"""An own ICMP host-unreachable that comes later than this is the neighbour's silence (three tries, a second apart), unless
another attempt has waited before."""
_SILENT = ("FAILED", "INCOMPLETE")


def ended(facts: Facts, attempt: Attempt) -> str:
    """`target`, `router`, `self` or `nobody`."""
    if attempt.icmp is not None:
        return _sender(facts, attempt, attempt.icmp)
    if attempt.outcome in (AttemptOutcome.CONNECTED, AttemptOutcome.REFUSED, AttemptOutcome.RESET):
        return TARGET
    return NOBODY if attempt.outcome is AttemptOutcome.TIMEOUT or _waited(facts, attempt) else SELF


def _sender(facts: Facts, attempt: Attempt, icmp: IcmpReport) -> str:
    if icmp.offender == attempt.address:
        return TARGET
    own = icmp.local or icmp.offender is None or vantage.is_own(facts, icmp.offender)
    if not own:
        return ROUTER
    unreachable = (icmp.type, icmp.code) in ((3, 1), (1, 3))
    return NOBODY if unreachable and _waited(facts, attempt) else SELF


def found_nobody(attempt: Attempt) -> bool:
    """A machine on the way, or the one that was dialled and forwards, says late that the host is not to be reached: it has
    asked its own network for it in vain. A rule says so at once."""
    if attempt.icmp is None or attempt.icmp.local:
        return False
    return icmp_words(attempt) == "host-unreachable" and attempt.seconds > _LONG_ENOUGH_FOR_ARP


def _waited(facts: Facts, attempt: Attempt) -> bool:
    """Nobody on this network said that the address is his."""
    if attempt.errno != "EHOSTUNREACH":
        return False
    return attempt.seconds > _LONG_ENOUGH_FOR_ARP or neighbour_is_silent(facts, attempt.address)


def neighbour_is_silent(facts: Facts, address: Address) -> bool:
    """The neighbour table says that nobody answers for the address."""
    return neighbour_state(facts, address) in _SILENT


def neighbour_state(facts: Facts, address: Address) -> str:
    """The neighbour table's word for the address; empty where it has none."""
    heard = facts.neighbours if isinstance(facts.neighbours, tuple) else ()
    return next((each.state for each in heard if each.address == address), "")


def took(seconds: float) -> str:
    """One of the durations that a code can carry."""
    for limit, word in zip(LIMITS, DURATIONS[1:], strict=False):
        if seconds <= limit:
            return word
    return DURATIONS[-1]


_ICMP_4 = {
    (3, 0): "net-unreachable", (3, 1): "host-unreachable", (3, 2): "proto-unreachable", (3, 3): "port-unreachable",
    (3, 4): "too-big", (3, 9): "net-prohibited", (3, 10): "host-prohibited", (3, 13): "admin-prohibited",
    (11, 0): "ttl-exceeded",
}  # fmt: skip
_ICMP_6 = {
    (1, 0): "net-unreachable", (1, 1): "admin-prohibited", (1, 3): "host-unreachable", (1, 4): "port-unreachable",
    (1, 5): "policy-fail", (1, 6): "reject-route", (2, 0): "too-big", (3, 0): "ttl-exceeded",
}  # fmt: skip


def icmp_words(attempt: Attempt) -> str:
    """The ICMP error that ended an attempt, in the words of nft's reject; empty where there was none."""
    if attempt.icmp is None:
        return ""
    names = _ICMP_4 if attempt.address.version == 4 else _ICMP_6
    return names.get((attempt.icmp.type, attempt.icmp.code), "other-icmp")


def reject_with(attempt: Attempt) -> str:
    """The same as nft's and iptables' name of it (`icmp-port-unreachable`, `icmpv6-admin-prohibited`), `tcp-reset` for a
    reset, empty where nothing came."""
    words = icmp_words(attempt)
    if not words:
        return "tcp-reset" if attempt.outcome is AttemptOutcome.REFUSED else ""
    if attempt.address.version == 4:
        return f"icmp-{words}"
    return "icmpv6-" + {"net-unreachable": "no-route", "host-unreachable": "addr-unreachable"}.get(words, words)
