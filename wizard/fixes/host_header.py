"""Has an application answer under one more name or address in the Host header: that one, never "all"."""

from __future__ import annotations

from ipaddress import ip_address

from wizard.fixes.after import restarted, without_answers
from wizard.fixes.django_settings import allow
from wizard.fixes.edits import reversed_edits
from wizard.fixes.restart import PLANNED, runner_for, start_again, stop_by_pid, stop_by_port
from wizard.fixes.start import start_of
from wizard.fixes.unit import restart, unit_of
from wizard.fixes.written import Written
from wizard.knowledge.program_files import settings_paths
from wizard.knowledge.recognise import Launch, launch
from wizard.model.capture import Unknown
from wizard.model.facts import Address, Facts, Interface, Listener
from wizard.model.remedy import AcceptHostHeader, Do, Edit, Instruction, Risk

_ADVICE = {
    "vite-allowed-hosts": "Add {host!r} to `server.allowedHosts` in vite.config, or start it again with "
    "__VITE_ADDITIONAL_SERVER_ALLOWED_HOSTS={host}. Addresses are allowed as they are.",
    "next-allowed-dev-origins": "Add {host!r} to `allowedDevOrigins` in next.config and start it again.",
    "webpack-allowed-hosts": "Add {host!r} to `devServer.allowedHosts` in webpack.config and start it again.",
    "angular-allowed-hosts": "Start it again with `--allowed-hosts {host}`.",
    "rails-hosts": "Add `config.hosts << {host!r}` to config/environments/development.rb and start it again.",
}
_GENERAL = "Add {host!r} to the names that the application answers to (allowed hosts, trusted hosts, SERVER_NAME)."
_VIRTUAL = frozenset({"bridge", "veth", "tun", "wireguard", "dummy", "macvlan", "vxlan"})


def accept_host(intent: AcceptHostHeader, facts: Facts) -> Written | None:
    """The plan piece that lets `intent.host` in; advice where the file is not one that can be edited."""
    if isinstance(facts.processes, Unknown) or (started := launch(facts.processes, intent.pid)) is None:
        return None
    gate = started.recognised.framework.gate if started.recognised else ""
    if gate == "django-allowed-hosts":
        edits = _django(started, facts, (intent.host,))
        if edits is not None:
            return _restarted(started, facts, edits, intent)
    said = _ADVICE.get(gate, _GENERAL).format(host=intent.host)
    return Written(f"Let the application answer to {intent.host}", (Do(said),), (), facts)


def django_gate(started: Launch, facts: Facts, address: Address) -> tuple[tuple[Edit, ...], str]:
    """The edit of ALLOWED_HOSTS that goes with binding `address`, and a warning where it could not be made."""
    hosts = _dialled(facts, address)
    edits = _django(started, facts, hosts) if hosts else ()
    if edits is None:
        return (), f"Add {', '.join(map(repr, hosts))} to ALLOWED_HOSTS in Django's settings, or it answers 400."
    return edits, ""


def _django(started: Launch, facts: Facts, hosts: tuple[str, ...]) -> tuple[Edit, ...] | None:
    for path in settings_paths(started, facts.sources):
        if path in facts.sources:
            return allow(path, facts.sources[path], tuple(_header(host) for host in hosts))
    return None


def _header(host: str) -> str:
    """As it stands in a Host header: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _dialled(facts: Facts, address: Address) -> tuple[str, ...]:
    """What other devices may dial: the address itself, or for a wildcard this machine's own on its networks (not those of
    bridges and tunnels), and the name that was asked about."""
    if address.is_loopback:
        return ()
    if not address.is_unspecified:
        return (str(address),)
    interfaces = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    physical = [each for each in interfaces if each.kind not in _VIRTUAL] or list(interfaces)
    own = _own_addresses(physical, address) or _own_addresses(list(interfaces), address)
    name = getattr(facts.resolution, "name", "") if not isinstance(facts.resolution, Unknown) else ""
    return (*own, name) if name and not _is_address(name) else own


def _own_addresses(interfaces: list[Interface], wildcard: Address) -> tuple[str, ...]:
    return tuple(
        str(each.ip)
        for interface in interfaces
        for each in interface.addresses
        if not interface.loopback and interface.up and not each.ip.is_link_local
        and (wildcard.version == 6 or each.version == 4)
    )  # fmt: skip


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _restarted(started: Launch, facts: Facts, edits: tuple[Edit, ...], intent: AcceptHostHeader) -> Written:
    """The edit, and a restart: Django's reloader would see the change by itself, but it may run without."""
    port = next(
        (each for each in _listeners(facts) if any(owner.pid in started.pids for owner in each.owners or ())), None
    )
    title = f"Let the application answer to {intent.host}"
    if not edits:
        cleared = without_answers(facts, port.port) if port else facts
        return Written(title, (), (), cleared, risk=Risk.NONE)
    after = restarted(facts, started, start_of(started), edits)
    after = without_answers(after, port.port) if port else after
    runner, start = runner_for(started.root, facts), start_of(started)
    back = reversed_edits(edits)
    if service := unit_of(started):
        return Written(title, (*edits, *restart(service)), (*back, *restart(service)), after, (), Risk.MEDIUM)
    planned = started.root.origin.source == PLANNED
    again = start_again(start, runner)
    stop: tuple[Instruction, ...] = stop_by_pid(started, runner)
    stop_new: tuple[Instruction, ...] = stop
    if port is not None:
        stop_new = stop_by_port(port.address, port.port, runner, started.root.name)
        stop = stop_new if planned else stop
    return Written(title, (*stop, *edits, again), (*stop_new, *back, again), after, (), Risk.MEDIUM)


def _listeners(facts: Facts) -> tuple[Listener, ...]:
    return () if isinstance(facts.listeners, Unknown) else facts.listeners
