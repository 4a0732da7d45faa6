"""The second look, once it is known what for: the name, one real attempt, the source files that a remedy would edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from wizard.collect.source import Source
from wizard.diagnose import from_here
from wizard.errors import WizardError
from wizard.fixes.rebind import source_files_wanted
from wizard.judge import answers, sockets, vantage
from wizard.judge.walk import walk
from wizard.model.capture import Capture, Probe, Unknown
from wizard.model.diagnosis import Side, Target
from wizard.model.facts import Address, AttemptOutcome, Facts, Listener
from wizard.model.journey import Ending, Journey
from wizard.parse import assemble
from wizard.parse.attempts import parse as parse_attempts

if TYPE_CHECKING:
    from wizard.collect.attempts import Wish
    from wizard.model.options import Options

Answer = Capture | Unknown
Tell = Callable[[str], None]
LONGEST_ATTEMPT = 4.0
"""Seconds that a connection attempt may take: silence on Linux's SYN retries at 1 and 3 seconds (tcp(7)) is silence then."""
_NOT_ASKED = Unknown("not asked: --no-probe sends nothing on the network")


def probes_of(platform: str) -> tuple[Probe, ...]:
    """The table of what is asked on a platform."""
    if platform == "linux":
        from wizard.collect.probes_linux import PROBES

        return PROBES
    if platform == "windows":
        from wizard.collect import probes_windows

        return probes_windows.PROBES
    if platform == "macos":
        from wizard.collect import probes_macos

        return probes_macos.PROBES
    why = f"There is no table of probes for {platform!r}."
    raise WizardError(
        "platform-not-supported", why, hint="run it on Linux, Windows or macOS, or open a bundle with --bundle"
    )


def resolve(name: str, source: Source, options: Options) -> Answer:
    """What this machine's resolver makes of a name: live, or as the bundle kept it."""
    kept = _kept(source, "resolution")
    if kept is not None:
        return kept
    if not options.probe:
        return _NOT_ASKED
    from wizard.collect import attempts

    return attempts.resolve(name)


def look(facts: Facts, target: Target, source: Source, options: Options, tell: Tell | None = None) -> dict[str, Answer]:
    """The attempts and files that this target calls for, as captures. `tell` hears of each attempt as it ends."""
    if target.side is Side.CLIENT:
        return _from_here(facts, target, source, options, tell)
    return _attempts(facts, target, source, options, tell) | _files(facts, target, source)


def _from_here(facts: Facts, target: Target, source: Source, options: Options, tell: Tell | None) -> dict[str, Answer]:
    """This machine is the one that cannot get through: the way out, the attempts, and what is to be seen after them."""
    if not source.live:
        return from_here.kept(source, "desktop-proxy", "ways-out", "wire") | _attempts(
            facts, target, source, options, tell
        )
    found = from_here.unsent(target, source)
    facts = assemble.with_more(facts, found)
    if not options.probe:
        return found | _attempts(facts, target, source, options, tell)
    packets = from_here.Packets(target, min(5.0, options.seconds or 5.0)) if source.platform == "linux" else None
    found |= _attempts(facts, target, source, options, tell) | from_here.afterwards(source)
    return found | (packets.gather(assemble.with_more(facts, found)) if packets else {})


def _kept(source: Source, name: str) -> Answer | None:
    """A bundle's stored answer; None for a live machine, which can be asked."""
    if source.live:
        return None
    return source.gather([Probe(name, name)]).get(name, Unknown("the bundle does not hold it", what=name))


def _attempts(
    facts: Facts, target: Target, source: Source, options: Options, tell: Tell | None = None
) -> dict[str, Answer]:
    kept = _kept(source, "attempts")
    if kept is not None:
        return {"attempts": kept}
    wishes = wanted(facts, target, options.seconds or LONGEST_ATTEMPT) if options.probe else ()
    if not wishes:
        return {"attempts": Capture("attempts", "", errors="not asked")}
    from wizard.collect import attempts

    first = attempts.many(wishes, tell)
    unclear = [
        replace(each, send=_OTHER_PROTOCOL[each.send or "http"])
        for each in wishes
        if not each.through_proxy and _unclear(each, first)
    ]
    if target.side is Side.CLIENT:
        unclear += from_here.asked_for_small_packets(wishes, first)
        unclear += from_here.once_more(facts, wishes, first)
    if not unclear:
        return {"attempts": first}
    again = attempts.many(unclear, tell)
    return {"attempts": replace(first, text=first.text + again.text, seconds=first.seconds + again.seconds)}


_OTHER_PROTOCOL = {"http": "tls", "tls": "http"}


def _unclear(wish: Wish, answer: Capture) -> bool:
    """It connected, and the answer may be that of a server which speaks the other protocol (http, tls)."""
    for made in parse_attempts(answer.text).value:
        if (str(made.address), made.port) == (wish.address, wish.port) and made.outcome is AttemptOutcome.CONNECTED:
            if made.sent == "tls":
                return made.tls != "ok"
            return made.status in (None, 400) and made.ended != "open"
    return False


def wanted(facts: Facts, target: Target, seconds: float = LONGEST_ATTEMPT) -> tuple[Wish, ...]:
    """What to try from here: the socket that the other device's packet meets, or the one that it misses for its bind."""
    from wizard.collect.attempts import Wish

    send = "tls" if target.scheme == "https" else "http"
    if target.side is Side.CLIENT:
        host = target.host or (str(target.addresses[0]) if target.addresses else "")
        return from_here.wanted(facts, target, seconds, _host_header(target, host))
    wishes = []
    for destination in target.addresses[:1]:
        journey = walk(facts, target, vantage.packet(facts, target, destination))
        host = target.host if target.host and not answers.is_self(target.host) else str(destination)
        header = _host_header(target, host)
        wishes += [Wish(str(door), port, seconds, send, header, target.path) for door, port in _doors(facts, journey)]
    return tuple(wishes)


def _doors(facts: Facts, journey: Journey) -> list[tuple[Address, int]]:
    stop, translated = journey.stop, journey.translated
    if journey.decision is not None and (journey.decision.outcome == "forward" or journey.decision.stage == "forward"):
        return [(journey.decision.to.address, journey.decision.to.port)]
    address = translated.address if translated else journey.packet.destination
    port = translated.port if translated else journey.packet.destination_port
    if stop is not None and stop.ending is Ending.NO_LISTENER:
        return [(each.address, each.port) for each in stop.listeners[:2] if _answers(facts, each)]
    return [(where, each.port) for where, each in _taken(facts, journey, address, port) if _answers(facts, each)]


def _taken(facts: Facts, journey: Journey, address: Address, port: int) -> list[tuple[Address, Listener]]:
    """Who would take the connection, were it let in; or else who misses it for its bind, at the address it listens on."""
    if isinstance(facts.listeners, Unknown):
        return []
    packet = journey.packet
    found = sockets.lookup(facts.listeners, packet.proto, address, port, packet.interface)
    if found:
        return [(address, found[0])]
    return [(each.address, each) for each in sockets.on_port(facts.listeners, packet.proto, port)[:2]]


def _answers(facts: Facts, listener: Listener) -> bool:
    """Asking a stopped process or a full queue only waits, and makes the queue longer."""
    process = answers.owner(facts, listener)
    stopped = process is not None and process.state in ("T", "t")
    full = (
        listener.accept_queue is not None and listener.backlog is not None and listener.accept_queue > listener.backlog
    )
    return not stopped and not full


def _host_header(target: Target, host: str) -> str:
    """The Host header that the other device's browser sends (RFC 9112 section 3.2)."""
    shown = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}.get(target.scheme)
    return shown if target.port == default else f"{shown}:{target.port}"


def _files(facts: Facts, target: Target, source: Source) -> dict[str, Answer]:
    """The files that a remedy for the target's program may edit; what is read may name further ones (manage.py names the
    settings module)."""
    if isinstance(facts.listeners, Unknown) or isinstance(facts.processes, Unknown):
        return {}
    pids = sorted({owner.pid for each in facts.listeners if each.port == target.port for owner in each.owners or ()})
    found: dict[str, Answer] = {}
    asked: set[str] = set()
    for _ in range(_MOST_ROUNDS):
        texts = {name.removeprefix("source:"): each.text for name, each in found.items() if isinstance(each, Capture)}
        known = replace(facts, sources={**facts.sources, **texts})
        wanted_now = dict.fromkeys(path for pid in pids for path in source_files_wanted(known, pid))
        new = [path for path in wanted_now if path not in asked]
        if not new:
            break
        asked.update(new)
        found |= _read(new, source)
    return found


_MOST_ROUNDS = 3


def _read(paths: list[str], source: Source) -> dict[str, Answer]:
    if not source.live:
        held = source.gather([])
        return {name: held[name] for path in paths if (name := f"source:{path}") in held}
    from wizard.collect import sources

    return sources.read(paths)
