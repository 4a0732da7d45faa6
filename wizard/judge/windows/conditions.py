"""Does a rule hold for a connection? Each condition says yes, no, or (None) cannot tell; all of them must hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from wizard.firewalls.windows.netsh_words import NO, YES
from wizard.firewalls.windows.values import TCP, UDP
from wizard.judge.windows import paths
from wizard.judge.windows.question import Program, Question
from wizard.model.facts import Address, Proto
from wizard.model.windows import Addresses, Ports, RuleAction, WindowsRule

Condition = Callable[[WindowsRule, Question], "bool | None"]
_FIXED_PORTS = {"RPC-EPMap": 135, "IPHTTPSIn": 443, "mDNS": 5353}
_FIRST_DYNAMIC, _LAST = 1025, 65535
# What a person starts: no service of Windows, also where the services are not known.
_INTERPRETER = re.compile(r"(?:python|pythonw|node|ruby|php|java|dotnet)[\d.]*(?:\.exe)?")
_PACKAGES = ("\\windowsapps\\", "\\systemapps\\")
_SERVER_WORDS = ("dns", "dhcp", "wins", "defaultgateway")


def fits(rule: WindowsRule, question: Question) -> bool | None:
    """Whether the rule is for this connection. A rule that was not understood whole never fits for certain."""
    found: bool | None = None if rule.unsure else True
    for condition in CONDITIONS.values():
        holds = condition(rule, question)
        if holds is False:
            return False
        if holds is None:
            found = None
    return found


def failing(rule: WindowsRule, question: Question) -> Iterator[str]:
    """The names of the conditions that do not hold."""
    return (name for name, condition in CONDITIONS.items() if condition(rule, question) is False)


def _profile(rule: WindowsRule, question: Question) -> bool | None:
    if not rule.profiles or question.profile in rule.profiles:
        return True
    return None if any("profile" in each.casefold() for each in rule.unsure) else False


def _protocol(rule: WindowsRule, question: Question) -> bool | None:
    return rule.protocol is None or rule.protocol == number(question.packet.proto)


def number(proto: Proto) -> int:
    """The protocol's number."""
    return TCP if proto is Proto.TCP else UDP


def _port(rule: WindowsRule, question: Question) -> bool | None:
    return _of_ports(rule.local_ports, question.packet.destination_port)


def _remote_port(rule: WindowsRule, question: Question) -> bool | None:
    """An ordinary client takes its port by chance, so a rule that asks for some of those cannot be judged."""
    ports = rule.remote_ports
    if not ports:
        return True
    source = question.packet.source_port
    if source < _FIRST_DYNAMIC:
        return any(low <= source <= high for low, high in ports.spans) or (None if ports.words else False)
    if any(low <= _FIRST_DYNAMIC and high == _LAST for low, high in ports.spans):
        return True
    return None if ports.words or any(high >= _FIRST_DYNAMIC for _, high in ports.spans) else False


def _of_ports(ports: Ports, port: int) -> bool | None:
    if not ports or any(low <= port <= high for low, high in ports.spans):
        return True
    found: bool | None = False
    for word in ports.words:
        fixed = _FIXED_PORTS.get(word)
        if fixed == port:
            return True
        # RPC stands for the ports that RPC services were given at run time; Teredo and the like for those in use.
        if fixed is None and port >= _FIRST_DYNAMIC:
            found = None
    return found


def _source(rule: WindowsRule, question: Question) -> bool | None:
    return _of_addresses(rule.remote_addresses, question.packet.source, question)


def _destination(rule: WindowsRule, question: Question) -> bool | None:
    return _of_addresses(rule.local_addresses, question.packet.destination, question)


def _of_addresses(addresses: Addresses, address: Address, question: Question) -> bool | None:
    if not addresses:
        return True
    bare = ip_address(str(address).partition("%")[0])
    if any(each.family == bare.version and each.low <= int(bare) <= each.high for each in addresses.spans):
        return True
    found: bool | None = False
    for family, word in addresses.words:
        if family in (0, bare.version):
            holds = _of_word(word, bare, question)
            if holds:
                return True
            if holds is None:
                found = None
    return found


def _of_word(word: str, address: Address, question: Question) -> bool | None:
    """`LocalSubnet`, `DNS`, ...; what Windows takes for the Internet or an intranet is its own secret."""
    if word == "LocalSubnet":
        if question.subnets is None:
            return None
        return any(each.version == address.version and address in each for each in question.subnets)
    if word.lower() in _SERVER_WORDS:
        known = question.windows.servers.get(word.lower())
        return None if known is None else address in known
    return None


def _interface(rule: WindowsRule, question: Question) -> bool | None:
    if not rule.interfaces:
        return True
    arriving = question.packet.interface.casefold()
    names = [question.windows.interface_ids.get(each.casefold(), each).casefold() for each in rule.interfaces]
    if arriving in names:
        return True
    return None if any(each.startswith("{") for each in names) or not arriving else False


def _interface_type(rule: WindowsRule, question: Question) -> bool | None:
    """`Lan`, `Wireless`, `RemoteAccess`: by the kind that Get-NetAdapter gave the interface."""
    if not rule.interface_types:
        return True
    kind = question.interface.kind if question.interface else ""
    known = {"lan": "Lan", "wireless": "Wireless", "ras": "RemoteAccess"}.get(kind)
    return None if known is None else known in rule.interface_types


def _program(rule: WindowsRule, question: Question) -> bool | None:
    if not rule.program:
        return True
    return _any(question, lambda each: paths.same(rule.program, each, question.windows.variables))


def _service(rule: WindowsRule, question: Question) -> bool | None:
    """A named service, or `*` for whatever hosts some service."""
    if not rule.service or rule.service.casefold() == "any":
        return True
    wanted = rule.service.casefold()

    def hosts(program: Program) -> bool | None:
        if program.is_kernel:
            return False
        if program.services is None:
            return None if not _INTERPRETER.fullmatch(program.name.casefold()) else False
        return bool(program.services) if wanted == "*" else wanted in (each.casefold() for each in program.services)

    return _any(question, hosts)


def _package(rule: WindowsRule, question: Question) -> bool | None:
    """A rule of an app container is for the programs of its package, which live under WindowsApps."""
    if not rule.package:
        return True

    def packaged(program: Program) -> bool | None:
        if program.is_kernel:
            return False
        path = program.path.casefold()
        return None if not path or any(folder in path for folder in _PACKAGES) else False

    return _any(question, packaged)


def _any(question: Question, holds: Callable[[Program], bool | None]) -> bool | None:
    """Of the programs that share the socket one is enough, but not for certain, since each may be the one that accepts."""
    if question.programs is None:
        return None
    answers = {holds(each) for each in question.programs}
    return answers.pop() if len(answers) == 1 else None


def _edge(rule: WindowsRule, question: Question) -> bool | None:
    """What comes through a NAT by Teredo's tunnel meets only the allow rules that say so (edge traversal)."""
    if rule.action is not RuleAction.ALLOW or not question.packet.interface.casefold().startswith("teredo"):
        return True
    word = rule.edge.casefold()
    if word in ("true", "allow") or word in YES:
        return True
    return False if word in ("", "block", "false") or word in NO else None


def _users(rule: WindowsRule, question: Question) -> bool | None:
    return None if rule.users else True


def _authenticated(rule: WindowsRule, question: Question) -> bool | None:
    """A rule that asks for IPsec is for protected connections; without connection security rules there are none."""
    if not rule.authenticated:
        return True
    return False if question.windows.ipsec_rules is False else None


CONDITIONS: dict[str, Condition] = {
    "protocol": _protocol,
    "port": _port,
    "profile": _profile,
    "source": _source,
    "destination": _destination,
    "program": _program,
    "service": _service,
    "package": _package,
    "interface": _interface,
    "interface-type": _interface_type,
    "source-port": _remote_port,
    "edge": _edge,
    "user": _users,
    "ipsec": _authenticated,
}
"""Every condition of a rule, the cheapest first."""
