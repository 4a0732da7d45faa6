"""How packets to an address would leave this machine: the kernel's own answer (`ip route get`, which sends nothing)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from wizard.collect import commands
from wizard.collect.files import text_of
from wizard.model.capture import Capture, Unknown

SECONDS = 3.0
_REMEDY = "ip route get"


def ask(addresses: Iterable[str]) -> Capture | Unknown:
    """The capture `ways-out`: one JSON object for each address, in their order."""
    wanted = list(dict.fromkeys(addresses))
    ended: dict[str, commands.Ended] = {}

    def keep(result: commands.Ended) -> None:
        ended[result.command.name] = result

    batch = commands.batch(
        commands.Command(each, ("ip", "-j", "-6" if ":" in each else "-4", "route", "get", *_words(each)), SECONDS)
        for each in wanted
    )
    batch.wait(keep)
    if wanted and all(each.trouble for each in ended.values()):
        return Unknown("ip could not be asked", f"{_REMEDY} {wanted[0]}", "the way out to the target")
    lines = [json.dumps({"address": each, **_told(ended[each])}) for each in wanted if each in ended]
    return Capture("ways-out", "".join(line + "\n" for line in lines), _REMEDY)


def _words(address: str) -> tuple[str, ...]:
    """`fe80::1%eth0` is asked for as `fe80::1 dev eth0`."""
    bare, _, zone = address.partition("%")
    return (bare, "dev", zone) if zone else (bare,)


def _told(result: commands.Ended) -> dict[str, object]:
    try:
        answer = json.loads(text_of(result.output) or "[]")
    except ValueError:
        answer = []
    errors = text_of(result.errors).strip().splitlines()
    return {"answer": answer, "error": errors[0][:200] if errors else ""}
