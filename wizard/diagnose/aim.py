"""What exactly is asked: the pasted text and the options, with this machine's addresses and names put to them."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from msgspec.structs import replace

from wizard.collect.source import Source
from wizard.diagnose import further
from wizard.errors import WizardError
from wizard.judge import answers, heard_code, symptoms, vantage
from wizard.judge import heard as heard_view
from wizard.judge.target import Pasted
from wizard.model.capture import Capture, Unknown
from wizard.model.diagnosis import Side, Symptom, Target
from wizard.model.facts import Address, Facts, Proto
from wizard.model.options import Options
from wizard.parse import resolution

if TYPE_CHECKING:
    from wizard.diagnose import Collected


def aim(
    pasted: Pasted, options: Options, collected: Collected, source: Source
) -> tuple[Target, dict[str, Capture | Unknown]]:
    """The target, and what was captured to find it (the name's resolution)."""
    heard = heard_code.decode(options.heard) if options.heard else None
    port = options.port or pasted.port or (heard.port if heard else None)
    if port is None:
        raise _port_missing(pasted, collected.facts)
    seen_from = _vantage(options.vantage) or (heard.client if heard else None)
    extra = _resolve(pasted, options, source)
    addresses = _addresses(pasted, collected.facts, seen_from, extra)
    target = Target(
        text=pasted.text,
        port=port,
        host=pasted.host,
        scheme=pasted.scheme,
        addresses=addresses,
        proto=Proto.TCP,
        side=_side(options.side, addresses, collected.facts),
        vantage=seen_from,
        interface=options.interface,
        symptom=_symptom(options.symptom) or pasted.symptom,
        path=pasted.path,
        heard=heard,
    )
    return _seen_by(target, collected.facts), extra


def _seen_by(target: Target, facts: Facts) -> Target:
    """The device of the code as the vantage, where its address can be known and no other was named."""
    if target.heard is None:
        return target
    known = heard_view.with_client(facts, target, target.heard)
    return replace(target, heard=known, vantage=target.vantage or known.client)


def _port_missing(pasted: Pasted, facts: Facts) -> WizardError:
    listening = () if isinstance(facts.listeners, Unknown) else facts.listeners
    ports = sorted({each.port for each in listening if each.proto is Proto.TCP})[:8]
    here = f"; listening here: {', '.join(map(str, ports))}" if ports else ""
    where = pasted.host or "the target"
    return WizardError(
        "port-missing", f"Which port? {where} names none.", hint=f"add --port 5000, or write address:5000{here}"
    )


def _vantage(text: str) -> Address | None:
    if not text:
        return None
    try:
        return ip_address(text.strip().strip("[]"))
    except ValueError:
        hint = "give the device's IP address, as in --from 192.168.1.23"
        raise WizardError("bad-vantage", f"--from {text[:60]!r} is no address.", hint=hint) from None


def _symptom(text: str) -> Symptom | None:
    if not text:
        return None
    if symptom := symptoms.read(text):
        return symptom
    hint = "one of " + ", ".join(symptoms.TRANSPORTS) + ", a browser's code (ERR_…, NS_ERROR_…) or curl's exit code"
    raise WizardError("bad-symptom", f"--symptom {text[:60]!r} is not known.", hint=hint)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _resolve(pasted: Pasted, options: Options, source: Source) -> dict[str, Capture | Unknown]:
    """Look the name up, if it is one that means another machine."""
    if not pasted.host or _literal(pasted.host) or answers.is_self(pasted.host):
        return {}
    return {"resolution": further.resolve(pasted.host, source, options)}


def _addresses(
    pasted: Pasted, facts: Facts, seen_from: Address | None, extra: dict[str, Capture | Unknown]
) -> tuple[Address, ...]:
    """What the host is. A port alone, or an address that means "itself", stands for this machine as others dial it."""
    literal = _literal(pasted.host) if pasted.host else None
    if not pasted.host or answers.is_self(pasted.host):
        if seen_from is not None and seen_from.is_loopback:
            return (literal if literal and literal.is_loopback else seen_from,)
        return _as_dialled(facts, seen_from)
    if literal is not None:
        return (literal,)
    answer = extra.get("resolution")
    found = resolution.parse(answer.text).value if isinstance(answer, Capture) else None
    if found and found.addresses and all(each.is_loopback for each in found.addresses):
        # Debian names the machine itself at 127.0.1.1 in its own hosts file; other devices are told a LAN address.
        return _as_dialled(facts, seen_from)
    return found.addresses if found else ()


def _as_dialled(facts: Facts, seen_from: Address | None) -> tuple[Address, ...]:
    """This machine's addresses in the order in which a device would dial them: of its own family, and first the ones in
    its own LAN."""
    known = vantage.lan_addresses(facts)
    if seen_from is None:
        return known
    same = [each for each in known if each.version == seen_from.version]
    return tuple(sorted(same, key=lambda each: not _in_one_lan(facts, each, seen_from))) or known


def _in_one_lan(facts: Facts, own: Address, device: Address) -> bool:
    network = vantage.network_of(facts, own)
    return network is not None and device in network


def _side(wanted: str, addresses: tuple[Address, ...], facts: Facts) -> Side:
    """This machine serves if one of the addresses is its own, or if nothing says otherwise."""
    if wanted:
        return Side(wanted)
    if not addresses or isinstance(facts.interfaces, Unknown):
        return Side.SERVER
    return Side.SERVER if any(vantage.is_own(facts, each) for each in addresses) else Side.CLIENT
