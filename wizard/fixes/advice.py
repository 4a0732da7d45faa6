"""What a person has to do where nothing here can: named by program, with what to look for. The facts stay as they are."""

from __future__ import annotations

import re

from wizard.fixes.written import Written
from wizard.knowledge.debugger import debugger_state
from wizard.knowledge.recognise import Launch, recognise_title
from wizard.knowledge.values import join_address, option_values
from wizard.model.facts import Facts
from wizard.model.remedy import Do, Rebind, Risk


def only(why: str, started: Launch, intent: Rebind, facts: Facts) -> Written:
    """Advice alone: what has to listen where, why it is not done here, and what usually sets it."""
    framework = started.recognised.framework if started.recognised else recognise_title(started.root.argv)
    name = framework.title if framework else started.root.name
    place = join_address(str(intent.address), intent.move_to or intent.port)
    said = [why] if why else []
    if framework and framework.advice:
        said.append(_filled(framework.advice, started, intent))
    elif framework and framework.address_options:
        said.append(
            f"Start {name} again as before, with `{framework.address_options[0]}` so that it listens on {place}."
        )
    else:
        said.append(
            f"Have {name} listen on {place}: look for `host`, `bind`, `listen` or {_written_as(intent)} "
            "in its options, its configuration or its source, and start it again."
        )
    return Written(f"Have {name} listen on {intent.address}", (Do(" ".join(said)),), (), facts)


def debugger(started: Launch, intent: Rebind, facts: Facts, after: Facts) -> Written:
    """Refuses to bind: the debugger cannot be shown to be off."""
    state = debugger_state(started.root, after)
    name = started.recognised.framework.title if started.recognised else started.root.name
    text = (
        f"{name} is not put on the network: it may offer Werkzeug's debugger, which runs any code for whoever opens the "
        f"page. {state.why} Switch debug mode off (`debug=False`, FLASK_DEBUG=0, no DebuggedApplication), check again, "
        f"and the address can be changed to {intent.address}."
    )
    return Written("Switch the debugger off first", (Do(text),), (), facts, risk=Risk.HIGH)


def _written_as(intent: Rebind) -> str:
    return "`127.0.0.1` or `localhost`" if intent.address.version == 4 else "`::1` or `localhost`"


def _filled(advice: str, started: Launch, intent: Rebind) -> str:
    """The advice with this case's own address and ports (docker-proxy names the port inside on its command line)."""
    inside = option_values(started.root.argv, ("-container-port",))
    words = {
        "CONTAINER_PORT": inside[-1].text if inside else "CONTAINER_PORT",
        "ADDRESS": str(intent.address),
        "PORT": str(intent.move_to or intent.port),
    }
    return re.sub("CONTAINER_PORT|ADDRESS|PORT", lambda match: words[match[0]], advice)
