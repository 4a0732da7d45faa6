"""The browser turns the http:// of the URL into https:// before it sends anything, because it was once
told to do so for this name.

A site that answered with Strict-Transport-Security is remembered (HSTS), and whole top-level
domains (.dev, .app and others) are on a list in every browser. A development server behind such a
name speaks plain HTTP and cannot answer a TLS greeting.

What it looks like: `ERR_SSL_PROTOCOL_ERROR`, with https:// in the address bar although http:// was
typed; curl with http:// gets the page.

See it by hand:
  Linux    curl -v http://shop.dev:5000/
  macOS    curl -v http://shop.dev:5000/
  Windows  curl.exe -v http://shop.dev:5000/
  Chrome   chrome://net-internals/#hsts, "Query HSTS/PKP domain"

Fix: use a name under .localhost or .test, or the address. A name of your own that was remembered by
mistake: delete it in chrome://net-internals/#hsts. Or serve TLS with a certificate that the device
trusts (mkcert makes one).

Undo: the browser learns it again on the next https visit.

Often mistaken for: `https-asked-of-http`, which is the same conversation, but there somebody typed
https.
"""

from __future__ import annotations

from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.walk import HSTS
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="hsts-forces-https",
    stage=Stage.NAME,
    title="The browser changes http to https by itself",
    outranks=("browser-blocks-port",),
    catalogue=("A6",),
)


def check(target: Target, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.NEVER_SENT)
    if stop is None:
        return not_here(journey, "Browsers open this name over plain HTTP.")
    if stop.detail != HSTS:
        return ruled_out("The name is not one that browsers open over TLS only.")
    top = target.host.rstrip(".").rpartition(".")[2]
    advice = f"Serve it under a name in .localhost or .test, or open the address; or serve TLS on port {target.port}."
    return found(
        f"Browsers open names in .{top} over https only, and what listens on port {target.port} speaks plain HTTP.",
        *stop.step.evidence,
        fix=(Advise(advice),),
        certainty=Certainty.LIKELY,
    )
