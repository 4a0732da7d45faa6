"""Two ends, one verdict: what the client's side saw, put into a code there and set against what the server's side finds here.

A typed browser error is the weakest form of the same: it says how the attempt ended, and nothing of who ended it.
"""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address

from msgspec import Struct
from msgspec.structs import replace

from wizard.judge import answers, client, sees, vantage
from wizard.judge.client import way_out, who
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Side, Stage, Target
from wizard.model.facts import Address, Attempt, AttemptOutcome, Facts
from wizard.model.heard import Heard
from wizard.model.journey import Action, ClientSees, Ending, Journey, Step, Stop
from wizard.model.packet import bracketed

_LOW_12, _LOW_16 = (1 << 12) - 1, (1 << 16) - 1


def told(facts: Facts, target: Target, journey: Journey) -> Heard | None:
    """What this machine, as the client, saw: what goes into its code. None where nothing was tried."""
    direct, _ = client.made(facts, target)
    attempt = next((each for each in direct if each.address == journey.packet.destination), None)
    seen = sees.client_sees(journey)
    if attempt is None or not seen.transport:
        return None
    home = way_out.network_of(facts, attempt.address)
    own = attempt.source or client.own_address(facts, target)
    near = way_out.in_one_network(facts, attempt.address)
    return Heard(
        transport=seen.transport,
        by=who.SELF if journey.stop and journey.stop.ending is Ending.OWN_RULES else who.ended(facts, attempt),
        detail=_detail(journey, attempt),
        took=who.took(attempt.seconds),
        family=attempt.address.version,
        tls=target.scheme == "https",
        same_network=near,
        prefix=home[0].prefixlen if home else _own_prefix(facts, own),
        port=target.port,
        target_bits=int(attempt.address) & _LOW_12,
        client_bits=int(own) & _LOW_16 if own else None,
        client=own if not near and isinstance(own, IPv4Address) else None,
    )


def _own_prefix(facts: Facts, own: Address | None) -> int | None:
    network = vantage.network_of(facts, own) if own else None
    return network.prefixlen if network else None


_CERTIFICATES = {
    "authority": "certificate-authority",
    "name": "certificate-name",
    "date": "certificate-date",
    "not-yet": "certificate-date",
    "other": "certificate-other",
}
_ENDINGS = {
    Ending.REDIRECTED_AWAY: "redirects-to-itself",
    Ending.APPLICATION_REFUSED: "host-refused",
    Ending.SILENT: "silent",
}


def _detail(journey: Journey, attempt: Attempt) -> str:
    if attempt.outcome is not AttemptOutcome.CONNECTED:
        if words := who.icmp_words(attempt):
            return words
        quiet = attempt.outcome in (AttemptOutcome.REFUSED, AttemptOutcome.TIMEOUT)
        return "" if quiet else attempt.errno if attempt.errno in _KNOWN_ERRNOS else "other-errno"
    if attempt.certificate:
        return _CERTIFICATES.get(attempt.certificate, "certificate-other")
    if journey.stop is not None and journey.stop.ending in _ENDINGS:
        return _ENDINGS[journey.stop.ending]
    if attempt.status is None:
        return "not-http" if attempt.banner else ""
    return {2: "http-ok", 3: "http-redirect", 4: "http-client-error", 5: "http-server-error"}.get(
        attempt.status // 100, ""
    )


_KNOWN_ERRNOS = ("EACCES", "EINVAL", "EHOSTUNREACH", "ENETUNREACH", "EPERM", "EADDRNOTAVAIL")


def of_target(target: Target) -> Heard | None:
    """What the other device saw, as far as the target says: its code, else the symptom."""
    if target.heard is not None:
        return target.heard
    return Heard(target.symptom.transport) if target.symptom is not None else None


def with_client(facts: Facts, target: Target, heard: Heard) -> Heard:
    """With the device's whole address where it can be known: the code has its low bits, and this machine its own network's
    upper ones."""
    if heard.client is not None or not heard.same_network or heard.client_bits is None or heard.family is None:
        return heard
    for own in (each for each in target.addresses if each.version == heard.family):
        network = vantage.network_of(facts, own)
        if network is None or network.max_prefixlen - network.prefixlen > 16:
            continue
        device = ip_address((int(network.network_address) & ~_LOW_16) | heard.client_bits)
        if device in network and not vantage.is_own(facts, device):
            return replace(heard, client=device)
    return heard


# Joining


class Together(Struct, frozen=True):
    """The two views beside each other. `agrees` is None where they cannot be compared; `means` says what follows."""

    agrees: bool | None
    means: str


def compare(facts: Facts, target: Target, journey: Journey) -> Together | None:
    """Whether what the device saw is what this machine gives it; None where nobody said what it saw."""
    heard = of_target(target)
    if heard is None or target.side is Side.CLIENT:
        return None
    if wrong := _another_target(facts, target, heard):
        return Together(False, wrong)
    seen = sees.client_sees(journey)
    if journey.stop is not None and journey.stop.ending is Ending.SAW_OTHERWISE:
        return Together(False, _OTHERWISE)
    if journey.stop is None and [each.what for each in journey.unknowns] == [_ARRIVAL]:
        seen = sees.CONNECTED
    if not seen.transport or not seen.certain:
        return Together(None, f"The device {in_words(heard)}; what this machine gives it is not known for sure.")
    if _same_end(heard, seen, journey):
        return Together(True, f"The device {in_words(heard)}: just what this machine gives it.")
    return Together(False, f"The device {in_words(heard)}, but {_given(seen)}. {_meaning(heard, seen)}")


_ARRIVAL = "whether the device's packets arrive here"
_OTHERWISE = "Nothing here stands in the device's way, and yet it did not get through."


def _another_target(facts: Facts, target: Target, heard: Heard) -> str:
    """The device asked for something else than was asked about here."""
    if heard.port is not None and heard.port != target.port:
        return f"The device asked for port {heard.port}, and this check is about port {target.port}."
    bits = heard.target_bits
    if bits is None or isinstance(facts.interfaces, Unknown):
        return ""
    own = [each for each in vantage.own_addresses(facts) if heard.family in (None, each.version)]
    if any(int(each) & _LOW_12 == bits for each in (*own, *target.addresses)):
        return ""
    return f"The device asked for an address that ends in {_ending(bits, heard.family)}; this machine has none such."


def _ending(bits: int, family: int | None) -> str:
    return f"…{bits:03x}" if family == 6 else f".{bits & 255}"


def _same_end(heard: Heard, seen: ClientSees, journey: Journey) -> bool:
    if heard.transport != seen.transport:
        alike = {heard.transport, seen.transport}
        return alike in ({"unreachable", "prohibited"}, {"empty", "reset"}, {"connected", "http-error"})
    rejected = journey.stop.reject_with if journey.stop else None
    if heard.transport != "refused" or not heard.by or journey.stop is None:
        return True
    by_reset = rejected in (None, "tcp-reset")
    return heard.by == who.TARGET and by_reset == (heard.detail == "")


def in_words(heard: Heard) -> str:
    """`is refused (a reset) by the address that it asked for, at once`."""
    verb = _VERBS.get(heard.transport, heard.transport)
    answer = ""
    if heard.detail and not heard.connects:
        answer = f" ({heard.detail})" if heard.detail in _KNOWN_ERRNOS else f" (ICMP {heard.detail})"
    elif heard.transport == "refused" and heard.by == who.TARGET:
        answer = " (a reset)"
    elif heard.detail:
        answer = f" ({heard.detail})"
    by = _SENDERS.get(heard.by, "") if not heard.connects else ""
    return f"{verb}{answer}{by}{f', {heard.took}' if heard.took and not heard.connects else ''}"


_VERBS = {
    "connected": "got through",
    "refused": "was refused",
    "timeout": "waited in vain",
    "unreachable": "was told that there is no way",
    "prohibited": "was told that this is not permitted",
    "reset": "got through and was cut off",
    "empty": "got through and heard nothing",
    "tls-error": "got through and did not agree on encryption",
    "unresolved": "found no address for the name",
    "proxy-error": "was failed by its proxy",
    "http-error": "got through to an error page",
    "error": "could not even send",
}
_SENDERS = {
    who.TARGET: " by the address that it asked for",
    who.ROUTER: " by another machine on the way",
    who.SELF: " by its own kernel or rules",
}


def _given(seen: ClientSees) -> str:
    words = {
        "connected": "would get through here",
        "refused": "would be refused here",
        "timeout": "would wait in vain here",
    }
    return f"it {words.get(seen.transport, f'would end with {seen.transport} here')}"


def _meaning(heard: Heard, seen: ClientSees) -> str:
    if heard.by == who.SELF:
        return "The device itself did not let it out, so nothing here decided."
    if heard.by == who.ROUTER:
        return "Something on the way answered in this machine's place."
    if heard.connects:
        return "Another machine answered at that address, or something was changed here since."
    if seen.transport == "connected":
        return "Something on the way stops it, another machine answers at that address, or something was changed here since."
    return "Another machine answers at that address, it is not this one's, or something was changed here since."


def join(facts: Facts, target: Target, journey: Journey) -> Journey:
    """The journey with what the device saw put to it: who rejected it, where the firewall here could not be read; where it
    ends, if nothing here stops it. A journey that stops here for sure stays as it is."""
    heard = target.heard
    if heard is None or target.side is Side.CLIENT or journey.stop is not None or heard.connects:
        return journey
    if _another_target(facts, target, heard):
        return _stopped(target, journey, heard, Ending.SAW_OTHERWISE, "device")
    if heard.by == who.TARGET and heard.detail and journey.unknowns:
        return _rejected_here(target, journey, heard)
    if heard.by == who.SELF:
        return _stopped(target, journey, heard, Ending.OWN_RULES, "device")
    if heard.by == who.ROUTER:
        return _stopped(target, journey, heard, Ending.REFUSED_THERE, "network")
    if journey.unknowns:
        return journey
    if heard.by == who.NOBODY and (heard.transport == "unreachable" or not heard.same_network):
        return _stopped(target, journey, heard, Ending.SAW_OTHERWISE, "network")
    return replace(journey, unknowns=(*journey.unknowns, _watch(target, heard)))


def _stopped(target: Target, journey: Journey, heard: Heard, ending: Ending, hop: str) -> Journey:
    said = f"the device {in_words(heard)}"
    step = Step(hop, said, Action.STOP, f"its code {heard.code}", stage=Stage.REACHABILITY.value)
    steps = (step, *journey.steps) if hop == "device" else (*journey.steps, step)
    return replace(journey, steps=steps, stop=Stop(ending, step, detail=heard, sees=of_heard(heard)))


def _rejected_here(target: Target, journey: Journey, heard: Heard) -> Journey:
    """An ICMP error from this machine's own address is its packet filter's, whether its rules could be read or not."""
    prefix = "icmpv6" if heard.family == 6 else "icmp"
    words = {"net-unreachable": "no-route", "host-unreachable": "addr-unreachable"} if heard.family == 6 else {}
    rejected = f"{prefix}-{words.get(heard.detail, heard.detail)}"
    said = f"the firewall rejects it ({rejected}), as the device heard"
    step = Step("firewall", said, Action.STOP, f"its code {heard.code}", stage=Stage.FIREWALL.value)
    return replace(journey, steps=(*journey.steps, step), stop=Stop(Ending.FILTER_REJECTED, step, rejected))


def of_heard(heard: Heard) -> ClientSees:
    """What the device got, in the words of a report."""
    if heard.detail in _KNOWN_ERRNOS:
        return sees.of_errno(heard.detail)
    if heard.transport == "refused":
        return sees.of_errno("ECONNREFUSED")
    if heard.transport == "timeout":
        return sees.of_errno("ETIMEDOUT")
    if heard.transport == "prohibited":
        return sees.of_errno("EACCES")
    if heard.transport == "unreachable":
        return sees.of_errno("ENETUNREACH" if heard.detail.startswith("net-") else "EHOSTUNREACH")
    return ClientSees(heard.transport)


def _watch(target: Target, heard: Heard) -> Unknown:
    reason = f"the device {in_words(heard)}, and nothing on this machine does that"
    return Unknown(reason, f"wizard watch {target.port}", _ARRIVAL)


def url_of(target: Target) -> str:
    """The target as it is asked about on the other side."""
    host = target.host or (bracketed(target.addresses[0]) if target.addresses else "")
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return (
        f"{target.scheme}://{shown}:{target.port}{target.path}"
        if shown and not answers.is_self(host)
        else str(target.port)
    )
