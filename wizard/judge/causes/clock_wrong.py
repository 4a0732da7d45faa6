"""The clock of the device that connects is wrong, so good certificates look expired or not yet valid.

A Raspberry Pi or a VM without a clock of its own, a laptop with an empty battery, a phone with the date
set by hand. Every https page fails, not only this one.

What it looks like: `ERR_CERT_DATE_INVALID` on every site, often with "Your clock is behind" or "ahead".

See it by hand:
  Linux    timedatectl; curl -sI http://192.168.1.100/ | grep -i '^date'
  macOS    date; sntp time.apple.com
  Windows  w32tm /query /status

Fix: let the clock be set from the network: sudo timedatectl set-ntp true

Undo: sudo timedatectl set-ntp false

Often mistaken for: `certificate-out-of-date`: then it is this one certificate.
"""

from __future__ import annotations

from wizard.judge.causes._certificate import DAY, clocks_agree, disbelieved, skew
from wizard.judge.causes._way import not_here
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="clock-wrong",
    stage=Stage.APPLICATION,
    title="The clock of the device that connects is wrong",
    outranks=("certificate-out-of-date",),
    catalogue=("H6", "I5"),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    attempt = disbelieved(journey)
    if attempt is None:
        return not_here(journey, "No certificate is in the way.")
    if attempt.certificate not in ("date", "not-yet"):
        return ruled_out("The certificate's dates are not what is wrong.", attempt.origin)
    ahead = skew(facts, attempt)
    if ahead is None or clocks_agree(facts, attempt):
        return ruled_out("The server's clock does not say another day.", attempt.origin)
    days = max(1, round(abs(ahead) / DAY))
    way = "ahead of" if ahead > 0 else "behind"
    advice = Advise("Let the clock that is wrong be set from the network: `sudo timedatectl set-ntp true` there.")
    told = f"{days} day{'s' if days > 1 else ''} {way} the server's"
    said = f"This machine's clock is {told}, and so the certificate's dates do not fit."
    return found(said, attempt.origin, fix=(advice,), certainty=Certainty.LIKELY)
