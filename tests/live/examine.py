"""Asks one broken machine everything: what its client gets, what the wizard says, whether the plan and its undo hold.

`examine(fault)` returns complaints, one line each; none means that every promise of the interface was kept.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.live.build_fault import NEIGHBOUR_PORT, Seen, broken, look, mismatches, neighbour
from tests.live.faults.entry import Fault, Plan
from tests.live.lab import SERVER, Lab, LabError

EXIT_CODE = {"reachable": 0, "blocked": 1, "undetermined": 3}
FORBIDDEN = (
    "ufw disable",
    "ufw reset",
    "flush ruleset",
    "iptables -F",
    "stop firewalld",
    "-P INPUT ACCEPT",
)


@dataclass
class Examined:
    """What came out: complaints, and what was said (for a reader who wants to know why)."""

    fault: Fault
    complaints: list[str] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    carried_out: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def says(self, *complaints: str) -> None:
        self.complaints.extend(complaints)


def examine(fault: Fault, *, own_processes: bool = True) -> Examined:
    """Build the fault, and hold the wizard's answer against what really happens."""
    outcome = Examined(fault)
    started = time.monotonic()
    with broken(fault, own_processes=own_processes) as lab:
        seen = look(lab, fault)
        outcome.says(*(f"lab: {line}" for line in mismatches(fault, seen)))
        before = lab.snapshot()
        try:
            code, outcome.report = lab.check(fault.target, *fault.options, ns=fault.ns)
        except LabError as error:
            outcome.says(f"check: {error}")
            return outcome
        outcome.says(*(f"check changed {line}" for line in differences(before, lab.snapshot())))
        outcome.says(*_diagnosis(fault, code, outcome.report, seen))
        if not fault.healthy and not outcome.complaints:
            outcome.says(*_plan(lab, fault, outcome, before, seen))
    outcome.seconds = time.monotonic() - started
    return outcome


def _diagnosis(fault: Fault, code: int, report: dict[str, Any], seen: Seen) -> Iterable[str]:
    verdict = report["verdict"]
    allowed = fault.verdicts or (("reachable",) if fault.healthy else ("blocked",))
    if verdict not in allowed:
        yield f"verdict {verdict}, expected {' or '.join(allowed)}"
    if code != EXIT_CODE[verdict]:
        yield f"exit code {code} with verdict {verdict}"
    blocking = [finding["ref"] for finding in report["findings"] if finding["severity"] == "blocking"]
    yield from _refs(fault, verdict, blocking, [finding["ref"] for finding in report["findings"]])
    if fault.silent or verdict == "undetermined":
        return
    yield from _client_sees(fault, report["client_sees"], seen)


def _refs(fault: Fault, verdict: str, blocking: Sequence[str], all_refs: Sequence[str]) -> Iterable[str]:
    if fault.healthy and not fault.verdicts and blocking:
        yield f"a healthy machine has blocking findings: {blocking}"
    if fault.refs and verdict == "blocked" and (not blocking or blocking[0] not in fault.refs):
        yield f"first blocking {blocking[:1]}, expected {' or '.join(fault.refs)}; all: {list(all_refs)}"
    if missing := [ref for ref in fault.behind if ref not in blocking]:
        yield f"behind it {missing} is not found; blocking: {list(blocking)}"
    if missing := [ref for ref in fault.mentions if ref not in all_refs]:
        yield f"{missing} is not mentioned; all: {list(all_refs)}"


def _client_sees(fault: Fault, sees: dict[str, Any], seen: Seen) -> Iterable[str]:
    if sees["transport"] != fault.transport:
        yield f"client_sees.transport {sees['transport']}, the client really gets {fault.transport}"
    if sees["curl"] != seen.answer.code:
        yield f"client_sees.curl {sees['curl']}, curl really gives {seen.answer.code}"
    if seen.answer.code == 7 and sees["errno"] != seen.connect.result:
        yield f"client_sees.errno {sees['errno']}, connect() really gives {seen.connect.result}"


# -- the plan ----------------------------------------------------------------------------------------------------------


def _plan(lab: Lab, fault: Fault, outcome: Examined, before: dict[str, str], seen: Seen) -> Iterable[str]:
    items = outcome.report["plan"]
    steps = [step for item in items for step in item["steps"]]
    runnable = [step for step in steps if "run" in step or "edit" in step]
    if not items and outcome.report["verdict"] != "reachable":
        yield "no plan at all, not even advice"
    if fault.plan is Plan.RUNS and not runnable:
        yield f"a plan that runs is expected, got advice only: {[step.get('do') for step in steps]}"
    if fault.plan is Plan.ADVICE and runnable:
        yield f"advice is expected, got commands: {runnable}"
    if not runnable or fault.plan is Plan.ADVICE:
        yield from _answers_elsewhere(lab, fault)
        return
    yield from _carry_out_and_undo(lab, fault, outcome, before, seen)


def _answers_elsewhere(lab: Lab, fault: Fault) -> Iterable[str]:
    """Advice to open another address is good only where that address answers."""
    if fault.opens and not any(lab.wait_for_page(url, seconds=2).ok for url in fault.opens):
        yield f"the lab: none of {fault.opens} answers"


def _carry_out_and_undo(lab: Lab, fault: Fault, outcome: Examined, before: dict[str, str], seen: Seen) -> Iterable[str]:
    items = outcome.report["plan"]
    if fault.plan is Plan.RUNS and not all(item["proved"] for item in items):
        yield f"not proved: {[item['title'] for item in items if not item['proved']]}"
    try:
        for step in (step for item in items for step in item["steps"]):
            carry_out(lab, step, outcome.carried_out)
    except (LabError, OSError) as error:
        yield f"a step fails: {error}"
        return
    if fault.plan is Plan.RUNS or fault.opens:
        yield from _page_is_there(lab, fault, seen.neighbour)
    if not fault.undo:
        return
    try:
        for item in reversed(items):
            for step in item["undo"]:
                carry_out(lab, step, outcome.carried_out)
    except (LabError, OSError) as error:
        yield f"an undo step fails: {error}"
        return
    if (lab.folder / "pwned").exists():
        yield "a name from the machine was run as a command"
    yield from (f"undo leaves {line}" for line in differences(before, lab.snapshot()))
    yield from _fault_is_back(lab, fault, seen)


def _page_is_there(lab: Lab, fault: Fault, before: str) -> Iterable[str]:
    urls = fault.opens or (fault.url,)
    answers = [lab.wait_for_page(url, seconds=8) for url in urls]
    if not any(answer.ok for answer in answers):
        yield f"after the plan: {[(answer.code, answer.status, answer.words) for answer in answers]}"
        return
    if "werkzeug" in lab.curl(f"http://{SERVER}:5000/console").body.lower():
        yield "after the plan a debugger is on the network"
    # Nothing listens there: a refusal where silence or an ICMP was, means that the packet now gets through.
    if (now := neighbour(lab, fault)) == "ECONNREFUSED" != before:
        yield f"the plan opened port {NEIGHBOUR_PORT} too: {before}, then {now}"
    code, report = lab.check(fault.target, *fault.options, ns=fault.ns)
    if report["verdict"] not in ("reachable", *fault.verdicts):
        refs = [finding["ref"] for finding in report["findings"]]
        yield f"mended, but the wizard says {report['verdict']} (exit {code}): {refs}"


def _fault_is_back(lab: Lab, fault: Fault, seen: Seen) -> Iterable[str]:
    """After the undo the client gets what it got at first; restarted servers need their moment."""
    if fault.plan is not Plan.RUNS:
        return
    # What the client remembers of a server that answered is not part of the fault.
    lab.run("ip neigh flush all", "client", check=False)
    end = time.monotonic() + 6
    while True:
        code = lab.curl(fault.url, max_time=1.2 if seen.answer.code == 28 else 5).code
        if code == seen.answer.code:
            return
        if time.monotonic() > end:
            yield f"after the undo curl gives {code}, before it was {seen.answer.code}"
            return
        time.sleep(0.2)


def carry_out(lab: Lab, step: dict[str, Any], done: list[str]) -> None:
    """One step, word for word."""
    if "edit" in step:
        _edit(step["edit"])
        done.append(f"edit {step['edit']}")
    elif "run" in step:
        _run(lab, step)
        done.append(step["run"])
    else:
        done.append(f"(do) {step['do']}")


def _edit(edit: dict[str, Any]) -> None:
    path = Path(edit["file"])
    lines = path.read_text().split("\n")
    if lines[edit["line"] - 1] != edit["before"]:
        raise LabError(
            f"line {edit['line']} of {path.name} is {lines[edit['line'] - 1]!r}, the edit expects {edit['before']!r}"
        )
    lines[edit["line"] - 1 : edit["line"]] = edit["after"].split("\n")
    path.write_text("\n".join(lines))


def _run(lab: Lab, step: dict[str, Any]) -> None:
    command = step["run"]
    if forbidden := [words for words in FORBIDDEN if words in command]:
        raise LabError(f"{command} does what no plan may: {forbidden}")
    if step.get("shell", "sh") != "sh":
        raise LabError(f"{command} is for {step['shell']}")
    ns = "client" if step.get("where") == "client" else "server"
    if step.get("background"):
        process = lab.spawn(command, ns)
        time.sleep(0.3)
        if process.popen.poll() not in (None, 0):
            raise LabError(f"{command} ended at once: {process.output()[-800:]}")
    else:
        lab.run(command, ns)


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Where two snapshots differ: the first differing lines of each part."""
    found = []
    for name in before:
        if before[name] != after[name]:
            old, new = before[name].splitlines(), after[name].splitlines()
            gone = [line for line in old if line not in new][:4]
            come = [line for line in new if line not in old][:4]
            found.append(f"{name}: gone {gone}, come {come}")
    return found


def summary(outcome: Examined) -> str:
    """For the reader of a failure: what the wizard said, shortened, and what was carried out."""
    report = outcome.report
    short = {
        "verdict": report.get("verdict"),
        "client_sees": report.get("client_sees"),
        "findings": [(f["ref"], f["severity"], f["title"]) for f in report.get("findings", ())],
        "plan": [
            {key: item.get(key) for key in ("finding", "title", "steps", "undo", "proved")}
            for item in report.get("plan", ())
        ],
        "unread": report.get("unread"),
    }
    return json.dumps(short, indent=1, ensure_ascii=False) + "\ncarried out:\n  " + "\n  ".join(outcome.carried_out)
