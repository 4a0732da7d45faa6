"""What is asked where this machine is the one that cannot get through: the way out, every address at once, the proxy.

Nothing is sent but to the target's own addresses and, where programs here would ask one, to the proxy.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING

from msgspec.structs import replace

from wizard.collect.source import Source
from wizard.judge import answers, client, proxies, vantage
from wizard.judge.causes._way import url
from wizard.model.capture import Capture, Probe, Unknown
from wizard.model.diagnosis import Target
from wizard.model.facts import Address, Attempt, AttemptOutcome, Facts
from wizard.model.journey import Ending
from wizard.parse import resolution
from wizard.parse.attempts import parse as parse_attempts

if TYPE_CHECKING:
    from wizard.collect.attempts import Wish

Answer = Capture | Unknown
Tell = Callable[[str], None]


def unsent(target: Target, source: Source) -> dict[str, Answer]:
    """The kernel's way to each address, and the desktop's proxy; asking sends nothing."""
    if source.platform != "linux":
        return {}
    from wizard.collect import desktop_proxy
    from wizard.collect import ways_out as asking

    found: dict[str, Answer] = {"desktop-proxy": desktop_proxy.look()}
    return found | ({"ways-out": asking.ask(map(str, target.addresses))} if target.addresses else {})


def wanted(facts: Facts, target: Target, seconds: float, host_header: str) -> tuple[Wish, ...]:
    """An attempt for each address of the target, in a browser's order, and one through the proxy that a browser asks."""
    from wizard.collect.attempts import Wish

    send = "tls" if target.scheme == "https" else "http"
    order = client.happy_eyeballs(target.addresses)
    direct = tuple(Wish(str(each), target.port, seconds, send, host_header, target.path) for each in order)
    return direct + _through_proxy(facts, target, seconds, send)


def _through_proxy(facts: Facts, target: Target, seconds: float, send: str) -> tuple[Wish, ...]:
    asked = proxies.asked_for(target, facts)
    if asked is None or asked.scheme not in ("http", "https"):
        return ()
    address = _address_of(asked.host)
    if not address:
        return ()
    from wizard.collect.attempts import Wish

    host = target.host or (str(target.addresses[0]) if target.addresses else "")
    shown = f"[{host}]" if ":" in host else host
    path = target.path if send == "tls" else url(target, host)
    return (Wish(address, asked.port, seconds, send, f"{shown}:{target.port}", path, through_proxy=True),)


def _address_of(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    from wizard.collect import attempts

    answer = attempts.resolve(host)
    found = resolution.parse(answer.text).value if isinstance(answer, Capture) else None
    return str(found.addresses[0]) if found and found.addresses else ""


def asked_for_small_packets(wishes: tuple[Wish, ...], answer: Capture) -> tuple[Wish, ...]:
    """Once more, asking for small packets, where a connection was made and the answer did not come, or not all of it: on a
    path with a hole for big packets that one gets through."""
    made = [each for each in parse_attempts(answer.text).value if _waits(each)]
    stuck = {(str(each.address), each.port) for each in made}
    return tuple(
        replace(each, small_segments=True)
        for each in wishes
        if (each.address, each.port) in stuck and not each.through_proxy
    )


def once_more(facts: Facts, wishes: tuple[Wish, ...], answer: Capture) -> tuple[Wish, ...]:
    """Again, where another machine said at once that the host is not to be reached: a rule says so again at once, while a
    router that has just asked its network in vain asks anew, and that takes seconds."""
    quick = {
        (str(each.address), each.port)
        for each in parse_attempts(answer.text).value
        if client.who.icmp_words(each) == "host-unreachable" and not client.who.found_nobody(each)
        if each.icmp is not None and each.icmp.offender is not None and not vantage.is_own(facts, each.icmp.offender)
    }
    return tuple(each for each in wishes if (each.address, each.port) in quick and not each.through_proxy)


def _waits(attempt: Attempt) -> bool:
    connected = attempt.outcome is AttemptOutcome.CONNECTED and not attempt.through_proxy
    return (
        connected and attempt.ended in ("open", "answered") and not answers.is_whole(attempt) and not _speaks(attempt)
    )


def _speaks(attempt: Attempt) -> bool:
    """It said something that is no HTTP answer: nothing is missing of that."""
    return bool(attempt.banner) and attempt.status is None


def afterwards(source: Source) -> dict[str, Answer]:
    """The neighbour table once more: whether anybody answered for the address shows only after an attempt."""
    from wizard.collect.probes_linux import PROBES

    if source.platform != "linux":
        return {}
    return source.gather([each for each in PROBES if each.name == "ip-neighbours"])


class Packets:
    """What single packets to the target show. They are sent while an attempt still waits, so that nobody waits twice."""

    _PATIENCE = 1.0
    """An attempt that has not ended after so many seconds will most likely not tell who stands in the way."""

    def __init__(self, target: Target, seconds: float) -> None:
        self._target, self._seconds = target, seconds
        self._tried = threading.Event()
        self._answers: dict[str, Answer] = {}
        self._thread = threading.Thread(target=self._early, name="packets", daemon=True)
        self._thread.start()

    def _early(self) -> None:
        if self._target.addresses and not self._tried.wait(self._PATIENCE):
            self._look(client.happy_eyeballs(self._target.addresses)[0])

    def _look(self, address: Address) -> None:
        # Only where it is needed: as root it loads scapy; and only Linux has what it asks with.
        try:
            from wizard.collect.wire import look
        except ImportError:
            self._answers[str(address)] = Unknown("single packets are sent on Linux only", what="the way to the target")
            return
        self._answers[str(address)] = look(str(address), self._target.port, self._seconds)

    def gather(self, facts: Facts) -> dict[str, Answer]:
        """The capture `wire`, where the attempts left open who stands in the way."""
        self._tried.set()
        self._thread.join(self._seconds + 5)
        address = _open(facts, self._target)
        if address is None or self._thread.is_alive():
            return {}
        if str(address) not in self._answers:
            self._look(address)
        return {"wire": self._answers[str(address)]}


def _open(facts: Facts, target: Target) -> Address | None:
    """The address of which it is not known who refuses, or does not answer; None where an attempt told."""
    stop = client.walk(facts, target).stop
    attempt = stop.detail if stop is not None else None
    if stop is None or not isinstance(attempt, Attempt):
        return None
    unclear = stop.ending in (Ending.NO_ANSWER_THERE, Ending.SILENT, Ending.ANSWER_LOST)
    by_reset = stop.ending is Ending.REFUSED_THERE and attempt.icmp is None and facts.privileged
    return attempt.address if unclear or by_reset else None


def kept(source: Source, *names: str) -> dict[str, Answer]:
    """What a bundle holds of these captures."""
    held = source.gather([Probe(name, name) for name in names])
    return {name: answer for name, answer in held.items() if isinstance(answer, Capture)}
