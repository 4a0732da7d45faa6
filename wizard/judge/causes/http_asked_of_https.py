"""The URL says http://, and the server speaks TLS.

The server waits for a TLS greeting and gets a request in plain text. Some close the connection
without a word, some answer with "400 The plain HTTP request was sent to HTTPS port".

What it looks like: `ERR_EMPTY_RESPONSE` or `ERR_CONNECTION_RESET`, curl exit code 52 or 56, or a
page with status 400.

See it by hand:
  Linux    curl -vk https://192.168.1.100:5000/ answers
           openssl s_client -connect 192.168.1.100:5000
  macOS    curl -vk https://192.168.1.100:5000/
  Windows  curl.exe -vk https://192.168.1.100:5000/

Fix: open the https:// URL. A certificate that the device does not know is another question (mkcert
makes one that it can know).

Undo: nothing was changed.

Often mistaken for: `closes-without-answer`: try https before you read logs.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._way import asked, dialled, instead, not_here, stop_of
from wizard.judge.causes.address_not_of_this_machine import is_name
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey

CAUSE = RootCause(
    ref="http-asked-of-https",
    stage=Stage.APPLICATION,
    title="The URL says http, the server speaks https",
    outranks=("closes-without-answer",),
    catalogue=("I2",),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.WRONG_PROTOCOL)
    if stop is None:
        return not_here(journey, "The server speaks what the URL says.")
    secure, plain = asked(facts, stop, "tls"), asked(facts, stop, "http")
    if target.scheme != "http" or secure is None or secure.tls != "ok":
        return ruled_out("The server does not speak TLS.", *((plain.origin,) if plain else ()))
    host = None if is_name(target.host) and not answers.is_self(target.host) else dialled(facts, journey)
    return found(
        f"The server on port {target.port} speaks TLS, and the URL says http.",
        *(each.origin for each in (secure, plain) if each),
        fix=(instead(target, address=host, scheme="https"),),
    )
