"""Reads what socketfilterfw says of the application firewall. Its words changed over the years:

--getglobalstate      Firewall is enabled. (State = 1)              0 off, 1 on, 2 block all
--getblockall         Block all DISABLED!                           Firewall has block all state set to disabled.
--getstealthmode      Stealth mode disabled                         Firewall stealth mode is off
--getallowsigned      Automatically allow built-in signed software ENABLED.
                      Automatically allow downloaded signed software ENABLED.
--listapps            ALF: total number of apps = 2                 Total number of apps = 2
                      1 :  /opt/homebrew/bin/node                   1 : /usr/bin/python3
                                ( Block incoming connections )                          (Allow incoming connections)
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from wizard.model.capture import Origin, Parsed
from wizard.model.macos import ApplicationFirewall, AppRule

_STATE = re.compile(r"State\s*=\s*(\d)")
_ON = re.compile(r"\b(?:enabled|is on)\b", re.IGNORECASE)
_OFF = re.compile(r"\b(?:disabled|is off)\b", re.IGNORECASE)
_COUNT = re.compile(r"(?:ALF:\s*)?[Tt]otal number of apps\s*=\s*(\d+)")
_APP = re.compile(r"\s*\d+\s*:\s+(/.*?)\s*$")
_VERDICT = re.compile(r"\s*\(\s*(Allow|Block) incoming connections\s*\)\s*$")


def parse(texts: Mapping[str, str], source: str = "socketfilterfw") -> Parsed[ApplicationFirewall | None]:
    """`texts` by option without its dashes: getglobalstate, getblockall, getstealthmode, getallowsigned, listapps.

    None where the state itself was not told in words that are known."""
    said = texts.get("getglobalstate", "")
    state = _STATE.search(said)
    enabled = state[1] != "0" if state else _switch(said)
    if enabled is None:
        return Parsed(None, (Origin(source, 1, said.strip()[:200]),))
    apps, complete, unread = _apps(texts.get("listapps", ""), source)
    block_all = _switch(texts.get("getblockall", ""))
    signed = [_switch(line) for line in texts.get("getallowsigned", "").splitlines() if line.strip()]
    firewall = ApplicationFirewall(
        enabled,
        True if state and state[1] == "2" else block_all,
        _switch(texts.get("getstealthmode", "")),
        signed[0] if signed else None,
        signed[1] if len(signed) > 1 else None,
        apps,
        complete,
        Origin(f"{source} --getglobalstate", 1, said.strip()),
    )
    return Parsed(firewall, unread)


def _switch(text: str) -> bool | None:
    on, off = bool(_ON.search(text)), bool(_OFF.search(text))
    return None if on == off else on


def _apps(text: str, source: str) -> tuple[tuple[AppRule, ...], bool, tuple[Origin, ...]]:
    found: list[AppRule] = []
    unread: list[Origin] = []
    count: int | None = None
    path, at = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _COUNT.match(line):
            count = int(match[1])
        elif match := _APP.match(line):
            path, at = match[1], number
        elif (match := _VERDICT.match(line)) and path:
            shown = f"{path} ({match[1]} incoming connections)"
            found.append(AppRule(path, match[1] == "Allow", Origin(f"{source} --listapps", at, shown)))
            path = ""
        elif line.strip():
            unread.append(Origin(f"{source} --listapps", number, line.strip()))
    return tuple(found), count is not None and count == len(found), tuple(unread)
