"""The server's certificate is for another name than the one in the URL.

A certificate for localhost or for the domain, opened by the LAN address; a name with and without www;
a default certificate of the proxy in front. An address has to be in the certificate as an IP address
(subjectAltName IP), a name as a name.

What it looks like: `ERR_CERT_COMMON_NAME_INVALID`; curl exit code 60, "no alternative certificate
subject name matches".

See it by hand:
  Linux    openssl s_client -connect 192.168.1.100:5000 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName
  macOS    openssl s_client -connect 192.168.1.100:5000 </dev/null 2>/dev/null | openssl x509 -noout -text
  Windows  curl.exe -v https://192.168.1.100:5000/

Fix: open the URL with a name that the certificate has, or make one that has this one too:
  mkcert 192.168.1.100 myserver.lan localhost

Undo: use the old certificate again.

Often mistaken for: `captive-portal`, which answers with a certificate of its own;
`certificate-not-trusted`.
"""

from __future__ import annotations

from wizard.judge.causes._certificate import disbelieved
from wizard.judge.causes._way import not_here
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.journey import Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="certificate-for-another-name",
    stage=Stage.APPLICATION,
    title="The certificate is for another name",
    catalogue=("I4",),
)


def check(target: Target, journey: Journey) -> Verdict:
    attempt = disbelieved(journey)
    if attempt is None:
        return not_here(journey, "No certificate is in the way.")
    if attempt.certificate != "name":
        return ruled_out(f"It is not the name that is wrong: {attempt.certificate_says}.", attempt.origin)
    name = target.host or str(journey.packet.destination)
    advice = (
        f"Make a certificate that names {name} too (mkcert {name} localhost), or open the URL with a name that it has."
    )
    said = f"The certificate is not for {name} ({attempt.certificate_says.rstrip('.')})."
    return found(said, attempt.origin, fix=(Advise(advice),))
