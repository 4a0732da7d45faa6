"""What the other device saw is not what this machine gives it.

The wizard knows what the device's packet meets here. If the device tells of another end (its code, or
the error on its screen), then another machine answered, its packets never came here, or something was
changed between its attempt and this check.

What it looks like: this machine would let the device in, and it shows `ERR_CONNECTION_TIMED_OUT`; or
this machine drops its packets, and it shows `ERR_CONNECTION_REFUSED` at once.

See it by hand:
  Linux    sudo wizard watch 5000              then reload on the device: does it arrive here at all?
           ip neigh                             two devices with this machine's address
  macOS    arp -a                              on the device: is the hardware address this machine's?
  Windows  arp -a

Fix: open the address that this machine has now, on the device; try again there, and run both checks
once more. Where nothing arrives, look at what lies between (Wi-Fi isolation, a router, a VPN).

Undo: nothing was changed.

Often mistaken for: a mistake of the wizard's: the other device's own words are evidence, and they
were taken elsewhere or earlier.
"""

from __future__ import annotations

from wizard.judge import heard as heard_view
from wizard.judge.causes._way import dialled, not_here, stop_of
from wizard.judge.causes.address_not_of_this_machine import is_name
from wizard.model.diagnosis import (
    Ask,
    Certainty,
    RootCause,
    Severity,
    Side,
    Stage,
    Target,
    Verdict,
    cannot_tell,
    found,
    ruled_out,
)
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="client-saw-otherwise",
    stage=Stage.REACHABILITY,
    title="The other device saw something else than this machine gives it",
    catalogue=("G3", "G4", "A3", "A8"),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.SAW_OTHERWISE)
    watch = Ask(("wizard", "watch", str(target.port)), "nothing arrives while the device tries", "here", root=True)
    advice = Advise(_advice(target, facts, journey))
    if stop is not None:
        view = heard_view.compare(facts, target, journey)
        said = view.means if view and view.agrees is False else "The device saw another end than this machine gives it."
        return found(said, fix=(advice,), certainty=Certainty.LIKELY, ask=watch)
    if heard_view.of_target(target) is None or target.side is Side.CLIENT:
        return (
            not_here(journey, "Nobody said what the other device saw.")
            if journey.unknowns
            else ruled_out("Nobody said what the other device saw.")
        )
    view = heard_view.compare(facts, target, journey)
    if view is None or view.agrees is None:
        return cannot_tell(
            view.means if view else "What the device saw cannot be compared.", f"wizard watch {target.port}"
        )
    if view.agrees:
        return ruled_out(view.means)
    return found(view.means, fix=(advice,), certainty=Certainty.LIKELY, severity=Severity.WARNING, ask=watch)


def _advice(target: Target, facts: Facts, journey: Journey) -> str:
    address = dialled(facts, journey)
    where = f" http://{address}:{target.port}/" if address and not is_name(target.host) else " the page"
    return (
        f"Open{where} on the device once more while this machine watches "
        f"(`sudo wizard watch {target.port}`); then run both checks again."
    )
