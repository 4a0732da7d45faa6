"""Connection Wizard: why another device cannot reach a web app, proved, and the commands that fix it.

    from wizard import diagnose
    report = diagnose("http://192.168.1.100:5000")
    print(report.sentence, report.client_sees.browser)

Importing this package is cheap: what a function needs is imported when it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.version import __version__

if TYPE_CHECKING:
    from wizard.collect.source import Source
    from wizard.model.facts import Facts
    from wizard.model.journey import Decision
    from wizard.model.options import Options
    from wizard.model.packet import Packet
    from wizard.model.report import Report
    from wizard.model.ruleset import Ruleset

__all__ = ["__version__", "diagnose", "trace"]


def diagnose(target: str, source: Source | None = None, options: Options | None = None) -> Report:
    """Find out why another device cannot reach `target` (anything a person would paste).

    `source` is a live machine (the default: this one) or a bundle (`wizard.collect.bundle.BundleSource(path)`). Raises
    `wizard.errors.WizardError` where the target is not understood; a machine that tells little gives an undetermined
    report, never an error.
    """
    from wizard.diagnose import diagnose as diagnosed

    return diagnosed(target, source, options)


def trace(ruleset: Ruleset | Facts, packet: Packet) -> Decision:
    """What a machine with these rules does with the first packet of a new connection. Pure: nothing is asked or sent.

    With a `Ruleset` alone, the destination counts as this machine's own and nothing is known of its routes; with `Facts`
    (`wizard.diagnose.collect_and_parse(source).facts`) routing, reverse path filtering and all engines are walked.
    """
    from wizard.judge.trace import trace as traced
    from wizard.model.facts import Facts as AllFacts

    return traced(ruleset if isinstance(ruleset, AllFacts) else _alone(ruleset, packet), packet)


def _alone(ruleset: Ruleset, packet: Packet) -> Facts:
    from ipaddress import ip_interface

    from wizard.model.facts import Facts, Interface

    here = Interface(packet.interface or "eth0", 2, (ip_interface(packet.destination),))
    loopback = Interface("lo", 1, (ip_interface("127.0.0.1/8"), ip_interface("::1/128")), loopback=True)
    return Facts("linux", 0.0, interfaces=(loopback, here), rulesets=(ruleset,))
