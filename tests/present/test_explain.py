"""A cause's page."""

from __future__ import annotations

from tests.present import reports
from wizard.present import explain

DOCSTRING = """The program is running and listening, but only on a loopback address.

    Development servers do this on purpose.  No firewall rule can help: the kernel never offers
    the packet to the program.

      ss -ltn
      LISTEN 127.0.0.1:5000
    """


def test_the_page_has_title_stage_and_the_whole_docstring() -> None:
    assert explain.page(reports.LOOPBACK, DOCSTRING, width=60).splitlines() == [
        "The program only accepts connections from this machine",
        "",
        "loopback-only-bind: stage bind, stands in the way",
        "",
        "The program is running and listening, but only on a loopback",
        "address.",
        "",
        "Development servers do this on purpose.  No firewall rule",
        "can help: the kernel never offers the packet to the program.",
        "",
        "  ss -ltn",
        "  LISTEN 127.0.0.1:5000",
    ]


def test_a_page_can_be_wrapped_anew() -> None:
    narrow = explain.page(reports.LOOPBACK, DOCSTRING, width=30)
    assert explain.rewrapped(narrow, 60) == explain.page(reports.LOOPBACK, DOCSTRING, width=60).rstrip("\n")


def test_the_first_paragraph_is_one_line() -> None:
    assert explain.first_paragraph("One\n    two.\n\n    Three.") == "One two."
    assert explain.first_paragraph("") == ""
