"""The server speaks TLS, and refuses the browser's handshake: they have no version or cipher in common,
or the server knows no certificate for the name.

Browsers speak TLS 1.2 and 1.3 only. An old appliance, printer or router offers 1.0 or 1.1; a server
with a short list of ciphers, or one that picks the certificate by the name and does not know this
one (an address instead of a name), ends the handshake with an alert.

What it looks like: `ERR_SSL_VERSION_OR_CIPHER_MISMATCH`, `ERR_SSL_UNRECOGNIZED_NAME_ALERT`; curl exit
code 35.

See it by hand:
  Linux    openssl s_client -connect 192.168.1.100:5000 -servername shop.lan     the alert, by its name
           curl -vk https://192.168.1.100:5000/
  macOS    openssl s_client -connect 192.168.1.100:5000 -servername shop.lan
  Windows  curl.exe -vk https://192.168.1.100:5000/

Fix: switch TLS 1.2 or newer on in the server (nginx: ssl_protocols TLSv1.2 TLSv1.3;), give it a
current OpenSSL and its default ciphers, or open it by the name that its certificate is for.

Undo: take the line out again.

Often mistaken for: `https-asked-of-http`, where the other side speaks no TLS at all;
`certificate-not-trusted`, where the handshake goes through.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._way import asked, not_here, stop_of
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="tls-not-agreed",
    stage=Stage.APPLICATION,
    title="The server refuses the browser's TLS",
    outranks=("closes-without-answer", "https-asked-of-http"),
    catalogue=("I6", "H7"),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.WRONG_PROTOCOL)
    if stop is None:
        return not_here(journey, "The server speaks what the URL says.")
    secure = asked(facts, stop, "tls")
    code = answers.tls_refusal(secure) if secure is not None and target.scheme == "https" else ""
    if secure is None or not code:
        return ruled_out("No TLS alert came back.", *stop.step.evidence)
    if code == "ERR_SSL_UNRECOGNIZED_NAME_ALERT":
        advice = "Open it by the name that its certificate is for, or give the server a certificate for this one."
    else:
        advice = "Switch TLS 1.2 or newer, and its default ciphers, on in the server."
    who = answers.who(facts, journey.delivered_to) if journey.delivered_to else f"The server on port {target.port}"
    return found(f"{who} ends the handshake with an alert: {secure.tls}.", secure.origin, fix=(Advise(advice),))
