"""The URL says https://, and the server speaks plain HTTP.

The browser's first bytes are a TLS greeting; the server takes them for a malformed request.
Browsers come to https by themselves where a site asked for it once (HSTS), for whole top-level
domains (.dev, .app), and in HTTPS-first mode.

What it looks like: `ERR_SSL_PROTOCOL_ERROR`, `SSL_ERROR_RX_RECORD_TOO_LONG`, curl exit code 35
"wrong version number"; the server's log says "Bad request version".

See it by hand:
  Linux    curl -v http://192.168.1.100:5000/   answers
           curl -vk https://192.168.1.100:5000/ wrong version number
  macOS    curl -v http://192.168.1.100:5000/
  Windows  curl.exe -v http://192.168.1.100:5000/

Fix: open the http:// URL. Or give the server a certificate (`flask run --cert=adhoc`, `uvicorn
--ssl-keyfile k --ssl-certfile c`, mkcert). For a name under HSTS: use another name, or the address.

Undo: nothing was changed.

Often mistaken for: `certificate-not-trusted`, where TLS is spoken; `hsts-forces-https`, where
nobody typed the s.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._way import asked, dialled, instead, not_here, stop_of
from wizard.judge.causes.address_not_of_this_machine import is_name
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey

CAUSE = RootCause(
    ref="https-asked-of-http",
    stage=Stage.APPLICATION,
    title="The URL says https, the server speaks http",
    outranks=("closes-without-answer",),
    catalogue=("I1", "A6"),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.WRONG_PROTOCOL)
    if stop is None:
        return not_here(journey, "The server speaks what the URL says.")
    secure, plain = asked(facts, stop, "tls"), asked(facts, stop, "http")
    if target.scheme != "https" or (secure is not None and secure.tls == "ok"):
        return ruled_out("The URL does not ask a plain server for TLS.")
    if plain is not None and plain.status is None:
        return ruled_out("What answers is neither TLS nor HTTP.", plain.origin)
    host = None if is_name(target.host) and not answers.is_self(target.host) else dialled(facts, journey)
    said = f": {secure.tls}" if secure and secure.tls else ""
    return found(
        f"The server on port {target.port} does not speak TLS{said}.",
        *(each.origin for each in (secure, plain) if each),
        fix=(instead(target, address=host, scheme="http"),),
        certainty=Certainty.PROVED if plain else Certainty.LIKELY,
    )
