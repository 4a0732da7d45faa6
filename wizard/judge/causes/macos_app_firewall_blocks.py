"""The Mac's application firewall does not let this program be reached.

macOS's own firewall (System Settings, Network, Firewall) decides by program, not by port: a program
with an entry "Block incoming connections", or one that nobody signed and nobody has allowed yet,
gets nothing from the network. The window that asks appears only to somebody who sits in front of
the screen; a program started over ssh is refused without a word. Each rebuild of an unsigned
program is another program to it, and so is the Python inside a framework or a new version. Loopback
is never filtered, so a test on the Mac itself proves nothing.

What it looks like: the page loads for a long time, then `ERR_CONNECTION_TIMED_OUT` (known from
people who measured it; not measured by us).

See it by hand:
  macOS    /usr/libexec/ApplicationFirewall/socketfilterfw --getglobalstate
           /usr/libexec/ApplicationFirewall/socketfilterfw --listapps      the program's line: Allow or Block
           codesign -dv --verbose=2 PROGRAM                                how it is signed

Fix: let this program in, by the file that really holds the port (of `flask run` the Python inside the framework):
  macOS    sudo /usr/libexec/ApplicationFirewall/socketfilterfw --add PROGRAM
           sudo /usr/libexec/ApplicationFirewall/socketfilterfw --unblockapp PROGRAM
Look at the list again afterwards: an entry that collides with another is dropped without a word. On
a managed Mac only its administrator can. The firewall need not be switched off.

Undo: `--blockapp PROGRAM` where it was blocked, `--remove PROGRAM` where it had no entry.

Often mistaken for: `loopback-only-bind` (there the page is refused at once), and `firewall-drops-port`, which is pf's.
"""

from __future__ import annotations

from wizard.judge import sockets
from wizard.judge.causes._firewall import evidence, near_misses
from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.macos import programs
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey
from wizard.model.macos import MacFacts
from wizard.model.remedy import Advise, AllowProgram, Intent

ENGINE = "macos-application-firewall"
CAUSE = RootCause(
    ref="macos-app-firewall-blocks",
    stage=Stage.FIREWALL,
    title="The Mac's application firewall blocks this program",
    outranks=("firewall-drops-port",),
    catalogue=("E25", "E26", "E27"),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.FILTER_DROPPED)
    by = stop.decision.by if stop is not None and stop.decision is not None else None
    if stop is None or by is None or by.engine != ENGINE:
        return not_here(journey, "No application firewall stops it.")
    return found(
        f"{by.front_end_words[:1].upper()}{by.front_end_words[1:]}.",
        *evidence(by),
        fix=(_fix(facts, target, journey),),
        certainty=Certainty.LIKELY,
        near_misses=near_misses(stop.decision),
    )


def _fix(facts: Facts, target: Target, journey: Journey) -> Intent:
    mac = facts.macos
    if not isinstance(mac, MacFacts) or isinstance(mac.application_firewall, Unknown):
        raise AssertionError("an application firewall that was not read decides nothing")
    if mac.managed:
        return Advise("This Mac's firewall is an administrator's: ask them to let the program in.")
    listeners = () if isinstance(facts.listeners, Unknown) else facts.listeners
    port = journey.translated.port if journey.translated else target.port
    taken = sockets.lookup(listeners, target.proto, journey.packet.destination, port, journey.packet.interface)
    process = programs.owner(facts, taken[0] if taken else None)
    path = process.exe if process is not None and process.exe else ""
    entry = programs.entry(mac.application_firewall, path) if path else None
    return AllowProgram(entry.path if entry else path, entry is not None, mac.application_firewall.block_all is True)
