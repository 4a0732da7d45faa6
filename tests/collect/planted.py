"""Recorded machines with a person planted in them: a user, names, cards and addresses in every place where they may stand."""

from __future__ import annotations

import base64
import json
import re
import tomllib
from collections.abc import Callable
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from wizard.collect.bundle import BundleSource, Kept
from wizard.diagnose import Options, diagnose
from wizard.model.capture import Capture, Unknown
from wizard.model.remedy import Edit, Plan, Run
from wizard.model.report import Report
from wizard.present.quoting import command

SCENARIOS = Path(__file__).parents[1] / "scenarios"
NAMES = tuple(sorted(each.parent.name for each in SCENARIOS.glob("*/expect.toml")))
_WINDOWS_HOME = re.compile(r"(C:\\{1,2}Users\\{1,2})[^\\\"|;]+")
Captures = dict[str, Capture | Unknown]


class Person(Struct, frozen=True):
    """What is planted. `lan` are the first three bytes of the network in which the recorded machine stands."""

    user: str = "katharina"
    host: str = "kathis-notebook"
    domain: str = "fernwald-schule.de"
    mac: str = "52:54:00:5e:c2:e7"
    lan: str = "81.2.69"
    token: str = "hunter2hunter2"

    def secrets(self) -> tuple[str, ...]:
        """What must not be found anywhere afterwards, in lower case."""
        card = self.mac.lower()
        plain = [
            self.user,
            self.host,
            self.domain.split(".")[0],
            card,
            card.replace(":", ""),
            card.replace(":", "-"),
            self.token,
        ]
        if ip_address(f"{self.lan}.1").is_global:
            plain += [f"{self.lan}.{last}" for last in (1, 2, 77)]
        return tuple(each.lower() for each in plain)


class Asked(Struct, frozen=True):
    """A machine's answers, and what was asked about it."""

    captures: Captures
    target: str
    options: Options
    platform: str = "linux"
    privileged: bool = True

    def report(self) -> Report:
        """The diagnosis."""
        return diagnose(
            self.target, Kept(dict(self.captures), self.platform, 1_790_000_000.0, self.privileged), self.options
        )


@cache
def recorded(name: str) -> Asked:
    """A scenario as it was recorded."""
    told = tomllib.loads((SCENARIOS / name / "expect.toml").read_text(encoding="utf-8"))
    given = dict(zip(told["options"][::2], told["options"][1::2], strict=True))
    options = Options(vantage=given.get("--from", ""), side=given.get("--side", ""), symptom=given.get("--symptom", ""))
    bundle = BundleSource(SCENARIOS / name)
    return Asked(bundle.captures, str(told["target"]), options, bundle.platform, bundle.privileged)


def planted(name: str, person: Person) -> Asked:
    """The scenario, on this person's machine."""
    asked = recorded(name)
    moved = {}
    for probe, answer in asked.captures.items():
        new = _moved(probe, person)
        moved[new] = _planted(probe, answer, person) if isinstance(answer, Capture) else answer
    moved["hosts"] = Capture(
        "hosts", f"127.0.0.1 localhost\n127.0.1.1 {person.host}.{person.domain} {person.host}\n", "/etc/hosts"
    )
    moved["resolv-conf"] = Capture(
        "resolv-conf", f"search {person.domain}\nnameserver 192.168.1.1\n", "/etc/resolv.conf"
    )
    moved["proxy"] = Capture("proxy", f"no_proxy=localhost,{person.host}.{person.domain}\n", "proxy")
    options = replace(asked.options, vantage=_moved(asked.options.vantage, person))
    return replace(asked, captures=moved, target=_moved(asked.target, person), options=options)


def _moved(text: str, person: Person) -> str:
    """The machine's network and folders become this person's."""
    text = text.replace("10.77.0.", f"{person.lan}.").replace("/srv/site", f"/home/{person.user}/site")
    return _WINDOWS_HOME.sub(lambda match: match[1] + person.user, text)


def _planted(probe: str, answer: Capture, person: Person) -> Capture:
    text = answer.text
    if probe.startswith(("ip-", "attempts", "foreign", "processes", "docker", "nft-json")) and text.startswith(
        ("{", "[")
    ):
        text = _in_json(text, lambda each: _moved(each, person))
    else:
        text = _moved(text, person)
    text = re.sub(r"(?m)^hostname=.*", lambda _: f"hostname={person.host}", text)
    change = _CHANGES.get(probe)
    return replace(
        answer,
        probe=_moved(answer.probe, person),
        text=change(text, person) if change and text.strip() else text,
        source=_moved(answer.source, person),
        errors=answer.errors + f"\nask {person.user}@{person.host}.{person.domain}",
    )


def _in_json(text: str, change: Callable[[str], str]) -> str:
    lines = [text] if text.startswith("[") or "\n{" not in text.strip() else text.splitlines()
    return "\n".join(json.dumps(_walk(json.loads(line), change)) for line in lines if line.strip()) + "\n"


def _walk(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_walk(each, change) for each in value]
    if isinstance(value, dict):
        return {change(key): _walk(each, change) for key, each in value.items()}
    return value


def _processes(text: str, person: Person) -> str:
    lines = [json.loads(line) for line in text.splitlines()]
    for told in lines:
        if told["user"] == "root" and "site" in str(told["cwd"]):
            told["user"], told["uid"] = person.user, 1000
    blob = base64.b64encode(f"owner={person.user} at {person.lan}.77".encode()).decode()
    words = [
        "vim",
        f"--user={person.user}",
        f"--password={person.token}",
        "--api-key",
        person.token,
        blob,
        f"notes of {person.user.title()}",
    ]
    words += [
        f"https://{person.host}.{person.domain}/x?token={person.token}",
        f"/home/{person.user}",
        person.mac.upper().replace(":", "-"),
    ]
    words += [f"wlx{person.mac.replace(':', '')}", f"{person.user}@{person.domain}"]
    lines.append(
        {**lines[-1], "pid": 999_999, "parent": 1, "name": "vim", "argv": words, "cwd": f"/home/{person.user}"}
    )
    return "".join(json.dumps(told) + "\n" for told in lines)


def _attempts(text: str, person: Person) -> str:
    lines = [json.loads(line) for line in text.splitlines()]
    for told in lines:
        if "\r\n\r\n" in str(told.get("banner")):
            head, _, body = told["banner"].partition("\r\n\r\n")
            more = f"\r\nX-Served-By: {person.host}\r\nSet-Cookie: session={person.token}"
            told["banner"] = f"{head}{more}\r\n\r\n{body}<p>{person.user} {person.mac}</p>".encode().decode("latin-1")
    return "".join(json.dumps(told) + "\n" for told in lines)


def _cards(text: str, person: Person) -> str:
    told = json.loads(text)
    for each in told:
        if each.get("link_type") == "ether":
            each["address"] = person.mac
    return json.dumps(told, separators=(",", ":")) + "\n"


def _neighbours(text: str, person: Person) -> str:
    told = [
        *json.loads(text),
        {"dst": f"{person.lan}.77", "dev": "veth-s", "lladdr": person.mac, "state": ["REACHABLE"]},
    ]
    return json.dumps(told, separators=(",", ":")) + "\n"


def _nft(text: str, person: Person) -> str:
    told = json.loads(text)
    for each in told["nftables"]:
        if "rule" in each:
            each["rule"]["comment"] = f"{person.user}: {person.host} ({person.mac})"
    return json.dumps(told) + "\n"


_CHANGES: dict[str, Callable[[str, Person], str]] = {
    "processes": _processes,
    "attempts": _attempts,
    "ip-addresses": _cards,
    "ip-neighbours": _neighbours,
    "nft-json": _nft,
}


def said(report: Report) -> list[str]:
    """All that a report finds and advises, line by line."""
    sees = report.client_sees
    lines = [report.verdict.value, report.sentence, f"{sees.transport} {sees.browser}", str(report.firewall_innocent)]
    for finding in (*report.findings, *report.ruled_out, *report.cannot_tell):
        verdict = finding.verdict
        lines += [finding.ref, verdict.outcome, verdict.certainty, verdict.summary, *verdict.near_misses]
    for plan in (*report.plan, *report.alternatives):
        lines += _plan(plan)
    for step in report.journey.steps:
        lines.append(f"{step.hop} {step.name} {step.action} {step.by}")
    return lines


def shape(report: Report) -> list[tuple[object, ...]]:
    """What a report finds and advises, without any words of the machine's."""
    lines: list[tuple[object, ...]] = [(report.verdict, report.client_sees, report.firewall_innocent)]
    lines += [
        (each.ref, each.verdict.outcome, each.verdict.certainty) for each in (*report.findings, *report.ruled_out)
    ]
    for plan in (*report.plan, *report.alternatives):
        kinds = [type(each).__name__ for each in (*plan.steps, None, *plan.undo, None, *plan.verify)]
        lines.append((plan.finding, plan.risk, plan.persists, plan.proved, *kinds))
    return lines


def _plan(plan: Plan) -> list[str]:
    lines = [plan.finding, plan.title, plan.risk, plan.opens_to, plan.persists, str(plan.proved), *plan.warnings]
    for step in (*plan.steps, *plan.undo, *plan.verify):
        if isinstance(step, Run):
            lines.append(f"{step.root} {step.where} {step.background} {command(step)}")
        elif isinstance(step, Edit):
            lines.append(f"{step.file} {step.line} {step.before} {step.after}")
        else:
            lines.append(step.text)
    return lines
