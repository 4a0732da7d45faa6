"""The journey as places."""

from __future__ import annotations

from tests.present import reports
from wizard.model.journey import Journey
from wizard.model.report import Report
from wizard.present.strip import strip
from wizard.present.tone import Tone


def _shown(report: Report) -> list[tuple[str, Tone]]:
    return [(hop.label, hop.tone) for hop in strip(report.journey, report.target, report.vantage_interface)]


def test_the_place_where_it_stops_and_the_place_it_was_meant_for() -> None:
    assert _shown(reports.loopback_flask())[-3:] == [("ufw", Tone.GOOD), ("5000", Tone.BAD), ("flask", Tone.QUIET)]


def test_what_lies_behind_a_firewall_that_stops_it_is_not_reached() -> None:
    assert _shown(reports.ufw_and_loopback())[-3:] == [("ufw", Tone.BAD), ("5000", Tone.QUIET), ("program", Tone.QUIET)]


def test_an_unknown_place_is_unsure() -> None:
    assert ("firewall", Tone.UNSURE) in _shown(reports.undetermined())


def test_a_way_that_arrives_has_no_other_tone_than_good() -> None:
    assert {tone for _, tone in _shown(reports.reachable())} == {Tone.GOOD}


def test_a_stop_that_is_not_among_the_steps_ends_the_strip() -> None:
    report = reports.loopback_flask()
    journey = Journey(report.journey.packet, report.journey.steps[:-1], report.journey.stop)
    assert strip(journey, report.target) == strip(report.journey, report.target)


def test_no_steps_no_strip() -> None:
    report = reports.reachable()
    assert strip(Journey(report.journey.packet), report.target) == ()
