"""The server's certificate has expired, or is not valid yet.

Certificates of Let's Encrypt live for ninety days, self-made ones often for a year; a renewal that
fails is noticed on the day on which it ends. A certificate that was renewed and never loaded by the
running server looks the same.

What it looks like: `ERR_CERT_DATE_INVALID`; curl exit code 60, "certificate has expired".

See it by hand:
  Linux    openssl s_client -connect 192.168.1.100:443 </dev/null 2>/dev/null | openssl x509 -noout -dates
  macOS    openssl s_client -connect 192.168.1.100:443 </dev/null 2>/dev/null | openssl x509 -noout -dates
  Windows  curl.exe -v https://192.168.1.100/

Fix: renew it (certbot renew; mkcert NAME) and have the server load it (systemctl reload nginx). If the
date on the device is wrong, see clock-wrong.

Undo: nothing: an expired certificate is of no use.

Often mistaken for: `clock-wrong`: then every site is out of date.
"""

from __future__ import annotations

from wizard.judge.causes._certificate import clocks_agree, disbelieved
from wizard.judge.causes._way import not_here
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="certificate-out-of-date",
    stage=Stage.APPLICATION,
    title="The certificate has expired, or is not valid yet",
    catalogue=("I5",),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    attempt = disbelieved(journey)
    if attempt is None:
        return not_here(journey, "No certificate is in the way.")
    if attempt.certificate not in ("date", "not-yet"):
        return ruled_out(f"It is not the date that is wrong: {attempt.certificate_says}.", attempt.origin)
    agree = clocks_agree(facts, attempt)
    when = "has expired" if attempt.certificate == "date" else "is not valid yet"
    advice = Advise(
        "Renew the certificate on the server, and have the server load it (certbot renew; systemctl reload nginx)."
    )
    return found(
        f"The certificate of {target.host or journey.packet.destination} {when}.",
        attempt.origin,
        fix=(advice,),
        certainty=Certainty.PROVED if agree else Certainty.LIKELY,
    )
