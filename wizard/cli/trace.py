"""`wizard trace`: what the firewall model says this machine does with one packet, or with many."""

from __future__ import annotations

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
    from wizard.model.facts import Facts
    from wizard.model.packet import Packet

_EXAMPLES = """  sudo wizard trace --from 192.168.1.23 --to 192.168.1.100:5000
  sudo wizard trace --from fd00::2 --to [fd00::1]:5000 --in eth0 --json
  wizard trace --batch packets.jsonl --bundle machine.zip
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
    arguments.add_source(parser)
    parsed = parser.parse_args(given)
    if parsed.batch:
        return _batch(parsed.batch, _facts(parsed.bundle))
    packet = _packet(parsed.source, parsed.destination, parsed.proto, parsed.sport, parsed.interface)
    return _one(packet, _facts(parsed.bundle), as_json=parsed.json)


def _one(packet: Packet, facts: Facts, *, as_json: bool) -> int:
    from wizard.judge.trace import trace
    from wizard.present import trace_json, trace_text

    decision = trace(facts, packet)
    told = json.dumps(trace_json.decision(decision)) + "\n" if as_json else trace_text.render(decision, packet)
    sys.stdout.write(told)
    return _CODES[decision.outcome]


def _facts(bundle: str) -> Facts:
    from wizard.diagnose import collect_and_parse

    source = arguments.source(bundle, left_out=_LEFT_OUT)
    return collect_and_parse(source, left_out=_LEFT_OUT).facts


def _packet(source: str | None, destination: str | None, proto: str, sport: int, interface: str) -> Packet:
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
    return Packet(sender, receiver, int(port), Proto(proto), sport, interface)


def _batch(name: str, facts: Facts) -> int:
    """A decision for each line, in order; a line that is no packet gets an answer that says so (and exit code 2)."""
    bad = 0
    with _opened(name) as lines:
        for told, fine in _answers(lines, facts):
            sys.stdout.write(told)
            bad += not fine
    if bad:
        print(f"{bad} lines were no packets", file=sys.stderr)
    return ExitCode.USAGE if bad else ExitCode.CLEAR


def _opened(name: str) -> Any:
    if name == "-":
        return nullcontext(sys.stdin)
    try:
        return Path(name).open(encoding="utf-8", errors="replace")
    except OSError as error:
        hint = "name a file with a JSON object a line, or - for standard input"
        raise WizardError("batch-not-readable", f"{name}: {error.strerror}.", hint=hint) from None


def _answers(lines: Iterable[str], facts: Facts) -> Iterator[tuple[str, bool]]:
    from msgspec import json as fast

    from wizard.judge.trace import trace
    from wizard.present import trace_json

    encode, decode = fast.Encoder().encode, fast.Decoder().decode
    for line in lines:
        if not line.strip():
            continue
        try:
            packet = trace_json.packet(decode(line))
        except (ValueError, KeyError, TypeError) as error:
            said = {"outcome": "unknown", "reject_with": None, "to": None, "by": None, "error": f"no packet: {error}"}
            yield json.dumps(said) + "\n", False
            continue
        yield encode(trace_json.decision(trace(facts, packet, explain=True))).decode() + "\n", True
