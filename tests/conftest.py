"""What holds for the whole run: lab tests that cannot run say so, are counted in the last line, and in CI are failures.

Being here, in a package, also puts the project's root on the import path: tests import `tests.build`.
A lab test is one marked `live`. With WIZARD_LAB=required in the environment its skip becomes a failure.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# A gate must not depend on how busy the machine is, nor on luck: the same examples each time. WIZARD_EXAMPLES=search looks
# for new ones.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("WIZARD_EXAMPLES", "steady"))

# A shell starts what runs in its background with Ctrl-C ignored, and that is handed down to every child: the tests of Ctrl-C
# would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

LIVE = Path(__file__).parent / "live"
BENCH = Path(__file__).parent / "bench"


def _required() -> bool:
    return os.environ.get("WIZARD_LAB") == "required"


def _fail_instead_of_skip(report: Any) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"WIZARD_LAB=required, so this may not be skipped: {reason}"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Measurements run only when they are asked for: `pytest tests/bench`."""
    return True if collection_path == BENCH and not any("bench" in arg for arg in config.args) else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("live") and _required():
        _fail_instead_of_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped and LIVE in collector.path.parents and _required():
        _fail_instead_of_skip(report)
    return report


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line of the run, after pytest's own."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return
    skipped = reporter.stats.get("skipped", [])
    lab = [report for report in skipped if "live" in getattr(report, "keywords", ()) or "live/" in report.nodeid]
    reasons = sorted({str(report.longrepr[2]).removeprefix("Skipped: ") for report in lab})
    why = f" ({'; '.join(reasons)})" if lab else ""
    reporter.write_line(f"Skipped: {len(skipped)} tests, of which {len(lab)} lab tests{why}.")
