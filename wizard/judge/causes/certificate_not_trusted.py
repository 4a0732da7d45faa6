"""The server's certificate is signed by nobody that the device knows: self-signed, or by a private
authority.

What developers make for themselves (flask run --cert=adhoc, openssl req -x509, mkcert on another
machine, a company's own authority, a server that leaves out the certificate in between) is unknown
elsewhere.

What it looks like: `ERR_CERT_AUTHORITY_INVALID`, "Your connection is not private"; curl exit code 60.

See it by hand:
  Linux    openssl s_client -connect 192.168.1.100:5000 -servername NAME </dev/null | grep -E 'verify|issuer'
  macOS    openssl s_client -connect 192.168.1.100:5000      or in Safari: Show Details
  Windows  curl.exe -v https://192.168.1.100:5000/

Fix: have the other device trust the authority (mkcert: copy rootCA.pem of `mkcert -CAROOT` there and
install it; on Debian into /usr/local/share/ca-certificates and run update-ca-certificates), use a
certificate of a public one, or, for a test only, go on in spite of the warning.

Undo: take the authority out again (mkcert -uninstall).

Often mistaken for: `certificate-for-another-name`, `certificate-out-of-date`: the code says which;
`https-asked-of-http`, where there is no TLS at all.
"""

from __future__ import annotations

from wizard.judge.causes._certificate import disbelieved
from wizard.judge.causes._way import not_here, stop_of
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="certificate-not-trusted",
    stage=Stage.APPLICATION,
    title="The certificate is signed by nobody that the device knows",
    catalogue=("I3", "I6"),
)


def check(target: Target, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.NOT_BELIEVED)
    if stop is None:
        return not_here(journey, "No certificate is in the way.")
    attempt = disbelieved(journey)
    if attempt is not None and attempt.certificate in ("name", "date", "not-yet"):
        return ruled_out(
            f"The certificate is signed by a known authority ({attempt.certificate_says}).", *stop.step.evidence
        )
    says = f" ({attempt.certificate_says})" if attempt is not None and attempt.certificate_says else ""
    advice = "Install the authority that signed it on the device that connects (mkcert -CAROOT says where its own is)."
    return found(
        f"The certificate of {target.host or journey.packet.destination} is not signed by anybody known here{says}.",
        *stop.step.evidence,
        fix=(Advise(advice),),
    )
