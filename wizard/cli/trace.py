"""`wizard trace`: what the firewall model says this machine does with one packet, or with many."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.cli import arguments
from wizard.errors import ExitCode, WizardError

if TYPE_CHECKING:
    import argparse

    from wizard.diagnose import Collected
    from wizard.model.facts import Facts
    from wizard.model.journey import Decision
    from wizard.model.packet import Packet
    from wizard.twin.copy import Twin

_EXAMPLES = """  sudo wizard trace --from 192.168.1.23 --to 192.168.1.100:5000
  sudo wizard trace --from fd00::2 --to [fd00::1]:5000 --in eth0 --json
  wizard trace --batch packets.jsonl --bundle machine.zip
  sudo wizard trace --from 192.168.1.23 --to 192.168.1.100:5000 --twin   this kernel's answer too
  echo '{"src": "10.0.0.2", "dst": "10.0.0.1", "dport": 80}' | sudo wizard trace --batch -
"""

_CODES = {
    "deliver": ExitCode.CLEAR,
    "forward": ExitCode.CLEAR,
    "drop": ExitCode.BLOCKED,
    "reject": ExitCode.BLOCKED,
    "unknown": ExitCode.UNDETERMINED,
}

_LEFT_OUT = {"ss-connections", "ss-unix", "processes", "foreign-listeners", "docker", "fail2ban", "hosts", "proxy"}
"""What no packet filter and no route depends on: not asked, so that the answer comes sooner."""


def main(given: list[str]) -> int:
    """One packet, or a batch; the exit code of one packet is 0 let through, 1 stopped, 3 unknown."""
    parser = arguments.Parser("wizard trace", "Ask the firewall model what this machine does with a packet.", _EXAMPLES)
    parser.add_argument("--from", dest="source", metavar="ADDRESS", help="the sender")
    parser.add_argument("--to", dest="destination", metavar="ADDRESS:PORT", help="where it is going")
    parser.add_argument("--proto", choices=("tcp", "udp"), default="tcp")
    parser.add_argument("--in", dest="interface", metavar="INTERFACE", default="", help="where it arrives")
    parser.add_argument("--sport", type=int, default=40000, metavar="N", help="the sender's port")
    parser.add_argument("--json", action="store_true", help="the decision as one JSON object")
    parser.add_argument(
        "--batch", metavar="FILE", default="", help="a packet a line in (JSON), a decision a line out; - is stdin"
    )
    parser.add_argument(
        "--twin", action="store_true", help="ask this kernel too, in a copy of the network (Linux; a private namespace)"
    )
    arguments.add_source(parser)
    parsed = parser.parse_args(given)
    if parsed.batch:
        return _batch(parsed.batch, _collected(parsed.bundle), twin=parsed.twin)
    packet = _packet(parsed)
    return _one(packet, _collected(parsed.bundle), as_json=parsed.json, twin=parsed.twin)


def _one(packet: Packet, collected: Collected, *, as_json: bool, twin: bool) -> int:
    from wizard.judge.trace import trace
    from wizard.present import trace_json, trace_text

    decision = trace(collected.facts, packet)
    with _Asking(collected, twin) as asking:
        told = asking.about(packet, decision)
    if as_json:
        sys.stdout.write(json.dumps(trace_json.decision(decision) | told) + "\n")
    else:
        sys.stdout.write(trace_text.render(decision, packet, told.get("twin")))
    return _CODES[decision.outcome]


def _collected(bundle: str) -> Collected:
    from wizard.diagnose import collect_and_parse

    source = arguments.source(bundle, left_out=_LEFT_OUT)
    return collect_and_parse(source, left_out=_LEFT_OUT)


class _Asking:
    """The copy of the network, if it is asked for; where none can be made, its answers say why."""

    def __init__(self, collected: Collected, wanted: bool) -> None:
        self._collected = collected
        self._wanted = wanted
        self._twin: Twin | None = None
        self._trouble = ""

    def __enter__(self) -> _Asking:
        if self._wanted:
            from wizard.twin.copy import NoCopy, Twin

            try:
                self._twin = Twin(self._collected.facts, self._collected.captures).__enter__()
            except NoCopy as trouble:
                self._trouble = str(trouble)
        return self

    def __exit__(self, *_: object) -> None:
        if self._twin is not None:
            self._twin.close()

    def about(self, packet: Packet, decision: Decision) -> dict[str, Any]:
        """`{"twin": {...}}` for this packet, or nothing where no copy is asked for."""
        if not self._wanted:
            return {}
        if self._twin is None:
            return {"twin": {"outcome": "unknown", "reject_with": None, "agrees": None, "trouble": self._trouble}}
        from msgspec.structs import replace

        from wizard.diagnose.rehearsal import agree
        from wizard.judge.trace import arrival

        answer = self._twin.ask(replace(packet, interface=arrival(self._collected.facts, packet)))
        told = {"outcome": answer.outcome, "reject_with": answer.reject_with, "agrees": agree(decision, answer)}
        more = {"trouble": answer.trouble} if answer.trouble else {"notes": list(self._twin.notes)}
        return {"twin": told | more}


def _packet(parsed: argparse.Namespace) -> Packet:
    source, destination, sport = parsed.source, parsed.destination, parsed.sport
    from wizard.model.facts import Proto
    from wizard.model.packet import Packet

    if not source or not destination:
        hint = "wizard trace --from 192.168.1.23 --to 192.168.1.100:5000"
        raise WizardError("packet-incomplete", "A packet needs --from and --to.", hint=hint)
    host, colon, port = destination.rpartition(":")
    if not colon or not port.isdigit() or not 1 <= int(port[:6]) <= 65535:
        raise WizardError("bad-packet", f"--to {destination[:60]!r} names no port.", hint="--to 192.168.1.100:5000")
    try:
        sender, receiver = ip_address(source.strip("[]")), ip_address(host.strip("[]"))
    except ValueError as error:
        raise WizardError("bad-packet", f"{error}.", hint="give IP addresses, IPv6 as [fd00::1]:5000") from None
    if sender.version != receiver.version:
        raise WizardError(
            "bad-packet", "--from and --to are of different families.", hint="use two of IPv4, or two of IPv6"
        )
    if not 0 < sport <= 65535:
        raise WizardError("bad-packet", f"--sport {sport} is no port.", hint="a port is a number from 1 to 65535")
    return Packet(sender, receiver, int(port), Proto(parsed.proto), sport, parsed.interface)


def _batch(name: str, collected: Collected, *, twin: bool) -> int:
    """A decision for each line, in order; a line that is no packet gets an answer that says so (and exit code 2)."""
    bad = 0
    with _opened(name) as lines, _Asking(collected, twin) as asking:
        for told, fine in _answers(lines, collected.facts, asking):
            sys.stdout.write(told)
            bad += not fine
    if bad:
        print(f"{bad} lines were no packets", file=sys.stderr)
    return ExitCode.USAGE if bad else ExitCode.CLEAR


def _opened(name: str) -> Any:
    if name == "-":
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")
        return nullcontext(sys.stdin)
    try:
        return Path(name).open(encoding="utf-8", errors="replace")
    except OSError as error:
        hint = "name a file with a JSON object a line, or - for standard input"
        raise WizardError("batch-not-readable", f"{name}: {error.strerror}.", hint=hint) from None


def _answers(lines: Iterable[str], facts: Facts, asking: _Asking) -> Iterator[tuple[str, bool]]:
    from msgspec import json as fast

    from wizard.judge.trace import trace
    from wizard.present import trace_json

    encode, decode = fast.Encoder().encode, fast.Decoder().decode
    for line in lines:
        if not line.strip():
            continue
        try:
            packet = trace_json.packet(decode(line))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            said: dict[str, Any] = {
                "outcome": "unknown",
                "reject_with": None,
                "to": None,
                "by": None,
                "path": [],
                "near_misses": [],
            }
            said |= {"assumptions": [], "error": f"no packet: {error}"}
            yield json.dumps(said) + "\n", False
            continue
        decision = trace(facts, packet, explain=True)
        yield encode(trace_json.decision(decision) | asking.about(packet, decision)).decode() + "\n", True
