"""The journey as a strip of places: device, the interface, the firewall, the port, the program; and where it stops.

device ── wlan0 ── ufw ✓ ── 5000 ╳ flask
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from wizard.model.diagnosis import Side, Stage, Target
from wizard.model.facts import Listener
from wizard.model.journey import Action, Journey, Step
from wizard.present.hostile import harmless
from wizard.present.tone import Tone

PLACES = ("device", "network", "interface", "firewall", "port", "program")
_TONE = {Action.PASS: Tone.GOOD, Action.TRANSLATE: Tone.GOOD, Action.UNKNOWN: Tone.UNSURE, Action.STOP: Tone.BAD}
_RANK = {Action.PASS: 0, Action.TRANSLATE: 1, Action.UNKNOWN: 2, Action.STOP: 3}


class Hop(Struct, frozen=True):
    """One place of the strip. `tone` QUIET: the packet does not get there. `steps` are what happened there, in words."""

    place: str
    label: str
    tone: Tone
    steps: tuple[str, ...] = ()

    @property
    def stops(self) -> bool:
        """The journey ends at this place."""
        return self.tone is Tone.BAD


def strip(journey: Journey, target: Target, interface: str = "") -> tuple[Hop, ...]:
    """The places in the packet's order; those behind the stop are there too, so that one sees what it was meant for."""
    gathered = _gather(whole_way(journey))
    if not gathered:
        return ()
    hops = [Hop(place, _label(place, steps, target, journey), _tone(steps), _words(steps)) for place, steps in gathered]
    if not any(place == "device" for place, _ in gathered):
        hops.insert(0, Hop("device", "device", Tone.GOOD))
    return (*hops, *_not_reached(gathered[-1][0], target, journey, interface))


def forming(tones: Mapping[Stage, Tone], port: int | None) -> tuple[Hop, ...]:
    """The strip while the stages are still being asked: a place is QUIET until a stage has said something about it."""
    door = f"port {port}" if port else "port"
    return (
        Hop("device", "device", Tone.GOOD),
        Hop("network", "network", _worst(tones, Stage.ROUTE)),
        Hop("firewall", "firewall", _worst(tones, Stage.FIREWALL)),
        Hop("port", door, _worst(tones, Stage.PROCESS, Stage.BIND, Stage.CONFLICT)),
        Hop("program", "program", _worst(tones, Stage.APPLICATION)),
    )


def _worst(tones: Mapping[Stage, Tone], *stages: Stage) -> Tone:
    told = {tones[stage] for stage in stages if stage in tones}
    return next((tone for tone in (Tone.BAD, Tone.UNSURE, Tone.CAREFUL, Tone.GOOD) if tone in told), Tone.QUIET)


def whole_way(journey: Journey) -> tuple[Step, ...]:
    """Every step, the one that stops it included; an answer that finds its way back is not worth a place."""
    stop = journey.stop
    steps = journey.steps if stop is None or stop.step in journey.steps else (*journey.steps, stop.step)
    return tuple(step for step in steps if step.hop != "reply" or step.action is not Action.PASS)


def _gather(steps: tuple[Step, ...]) -> list[tuple[str, list[Step]]]:
    """Neighbouring steps at one place are one place."""
    gathered: list[tuple[str, list[Step]]] = []
    for step in steps:
        if gathered and gathered[-1][0] == step.hop:
            gathered[-1][1].append(step)
        else:
            gathered.append((step.hop, [step]))
    return gathered


def _tone(steps: list[Step]) -> Tone:
    return _TONE[max((step.action for step in steps), key=_RANK.__getitem__)]


def _words(steps: list[Step]) -> tuple[str, ...]:
    return tuple(harmless(step.name + (f" ({step.by})" if step.by else "")) for step in steps)


def _label(place: str, steps: list[Step], target: Target, journey: Journey) -> str:
    if place == "port":
        return str(journey.translated.port if journey.translated else target.port)
    if place == "program":
        return _program(journey) or "program"
    if place == "firewall":
        return _firewall(steps)
    return harmless(place)


def _firewall(steps: list[Step]) -> str:
    """The firewall in charge where a step names one in a single word, as in `by="ufw"`."""
    deciding = max(steps, key=lambda step: _RANK[step.action])
    for step in (deciding, *steps):
        name = step.by.partition(":")[0]
        if name and " " not in name:
            return harmless(name)
    return "firewall"


def _program(journey: Journey) -> str:
    """Whose socket it is, or would be: the listener that takes the connection, or the one that it fails to reach."""
    if journey.program:
        return harmless(journey.program)
    candidates: tuple[Listener, ...] = journey.stop.listeners if journey.stop else ()
    if journey.delivered_to:
        candidates = (journey.delivered_to, *candidates)
    for listener in candidates:
        if listener.owners:
            return harmless(listener.owners[0].name)
    return ""


_CLIENT_PLACES = ("device", "proxy", "interface", "firewall", "network", "port", "program")


def _beyond(last: str, target: Target) -> tuple[Hop, ...]:
    """From the client's side the own firewall comes before the network, and the port is the other machine's."""
    position = _CLIENT_PLACES.index(last) if last in _CLIENT_PLACES else _CLIENT_PLACES.index("interface")
    labels = {"network": "network", "port": str(target.port), "program": "program"}
    return tuple(Hop(place, labels[place], Tone.QUIET) for place in _CLIENT_PLACES[position + 1 :] if place in labels)


def _not_reached(last: str, target: Target, journey: Journey, interface: str) -> tuple[Hop, ...]:
    """The places behind the last one: known by their order, or (after a place of its own name) by the interface's."""
    if target.side is Side.CLIENT:
        return _beyond(last, target)
    position = PLACES.index(last) if last in PLACES else PLACES.index("interface")
    labels = {
        "interface": harmless(interface),
        "firewall": "firewall",
        "port": str(target.port),
        "program": _program(journey) or "program",
    }
    return tuple(Hop(place, labels[place], Tone.QUIET) for place in PLACES[position + 1 :] if labels.get(place))
