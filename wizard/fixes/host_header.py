"""Has an application answer under one more name or address in the Host header: that one, never "all"."""

from __future__ import annotations

from ipaddress import ip_address

from msgspec.structs import replace

from wizard.fixes import unit
from wizard.fixes.after import restarted, without_answers
from wizard.fixes.django_settings import allow
from wizard.fixes.edits import reversed_edits
from wizard.fixes.keepers import kept_by_somebody
from wizard.fixes.restart import PLANNED, runner_for, start_again, stop_by_pid, stop_by_port
from wizard.fixes.start import Start, start_of
from wizard.fixes.unit import unit_of
from wizard.fixes.written import Written
from wizard.knowledge.program_files import settings_paths
from wizard.knowledge.recognise import Launch, launch, recognise_title
from wizard.knowledge.values import split_address
from wizard.model.capture import Unknown
from wizard.model.facts import Address, Facts, Interface, Listener
from wizard.model.remedy import AcceptHostHeader, Do, Edit, Risk

_ADVICE = {
    "next-allowed-dev-origins": "Add {host!r} to `allowedDevOrigins` in next.config and start it again.",
    "webpack-allowed-hosts": "Add {host!r} to `devServer.allowedHosts` in webpack.config and start it again.",
    "angular-allowed-hosts": "Start it again with `--allowed-hosts {host}`.",
    "rails-hosts": "Add `config.hosts << {host!r}` to config/environments/development.rb and start it again.",
}
_GENERAL = "Add {host!r} to the names that the application answers to (allowed hosts, trusted hosts, SERVER_NAME)."
_VARIABLES = {"vite-allowed-hosts": "__VITE_ADDITIONAL_SERVER_ALLOWED_HOSTS"}
"""Variables that add one name, whatever the configuration says (vite/src/node/config.ts, since 5.4.12 and 6.0.9)."""
_OPTIONS = {"webpack-allowed-hosts": "--allowed-hosts", "angular-allowed-hosts": "--allowed-hosts"}
"""Options that add one name to those of the configuration (webpack-cli serve; ng serve since 19.1)."""
_VIRTUAL = frozenset({"bridge", "veth", "tun", "wireguard", "dummy", "macvlan", "vxlan"})


def accept_host(intent: AcceptHostHeader, facts: Facts) -> Written | None:
    """The plan piece that lets `intent.host` in; advice where nothing that can be edited or started again decides it."""
    if isinstance(facts.processes, Unknown) or (started := launch(facts.processes, intent.pid)) is None:
        return None
    gate = started.recognised.framework.gate if started.recognised else ""
    if not kept_by_somebody(started, facts):
        if gate == "django-allowed-hosts":
            edits = _django(started, facts, (intent.host,))
            if edits is not None:
                return _allowed(started, facts, edits, start_of(started), intent)
        if (start := _started_with(started, gate, intent.host)) is not None:
            return _allowed(started, facts, (), start, intent)
    if (title := recognise_title(started.root.argv)) and not gate:
        gate = title.gate
    said = _ADVICE.get(gate, _GENERAL).format(host=intent.host)
    return Written(f"Let the application answer to {intent.host}", (Do(said),), (), facts)


def _started_with(started: Launch, gate: str, host: str) -> Start | None:
    """The start that names `host` in a variable or an option of its own; None where the program has none."""
    start = start_of(started)
    if gate in _VARIABLES and not start.variables().get(_VARIABLES[gate]):
        return start.with_variable(_VARIABLES[gate], host)
    return start.with_options(_OPTIONS[gate], host) if gate in _OPTIONS else None


def django_gate(started: Launch, facts: Facts, address: Address) -> tuple[tuple[Edit, ...], str]:
    """The edit of ALLOWED_HOSTS that goes with binding `address`, and a warning where it could not be made."""
    hosts = _dialled(facts, address)
    if _seen_refused(facts, hosts):
        return (), ""  # a finding of its own, with a remedy of its own
    edits = _django(started, facts, hosts) if hosts else ()
    if edits is None:
        return (), f"Add {', '.join(map(repr, hosts))} to ALLOWED_HOSTS in Django's settings, or it answers 400."
    return edits, ""


def _seen_refused(facts: Facts, hosts: tuple[str, ...]) -> bool:
    """Whether a real request with such a Host header was answered with Django's 400."""
    attempts = () if isinstance(facts.attempts, Unknown) else facts.attempts
    return any(each.status == 400 and split_address(each.host_header)[0] in hosts for each in attempts)


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


def _allowed(started: Launch, facts: Facts, edits: tuple[Edit, ...], start: Start, intent: AcceptHostHeader) -> Written:
    """The edit or the new start, and the restart that it takes."""
    title = f"Let the application answer to {intent.host}"
    before, door = start_of(started), _door(facts, started)
    cleared = without_answers(facts, door.port) if door else facts
    if not edits and start == before:
        return Written(title, (), (), cleared, risk=Risk.NONE)
    after = restarted(cleared, started, start, edits)
    runner, back = runner_for(started.root, facts), reversed_edits(edits)
    planned = started.root.origin.source == PLANNED
    if service := unit_of(started):
        there, here = (unit.restart(service),) * 2
        if start != before:
            there, here = unit.drop_in(service, started, before, start), unit.undo_drop_in(service)
        return Written(title, (*edits, *there), (*back, *here), after, (), Risk.MEDIUM)
    if not planned and _reloads_itself(started):
        return Written(title, edits, back, after, ("Django's reloader takes the change up by itself.",))
    stop = stop_by_pid(started, runner)
    stop_new = stop_by_port(door.address, door.port, runner, started.root.name) if door else stop
    return Written(
        title,
        (*(stop_new if planned else stop), *edits, start_again(replace(start, kept=before.kept), runner)),
        (*stop_new, *back, start_again(before, runner, last=not planned)),
        after,
        (),
        Risk.MEDIUM,
        "yes" if edits else "until the program ends",
    )


def _reloads_itself(started: Launch) -> bool:
    """Django's development server watches its own files, unless told not to; then it is two processes."""
    recognised = started.recognised
    return recognised is not None and recognised.framework.name == "django" and len(started.family) > 1


def _door(facts: Facts, started: Launch) -> Listener | None:
    """The listener of the launch."""
    listeners = () if isinstance(facts.listeners, Unknown) else facts.listeners
    return next((each for each in listeners if any(owner.pid in started.pids for owner in each.owners or ())), None)
