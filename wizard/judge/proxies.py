"""Which proxy a browser or curl on this machine would ask for the target, if any."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network

from msgspec import Struct

from wizard.model.capture import Unknown
from wizard.model.diagnosis import Target
from wizard.model.facts import Facts, ProxySettings

_SERVER = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?:[^@/]*@)?"
    r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:/]+)(?::(?P<port>\d{1,5}))?/?"
)
_PORTS = {"http": 3128, "https": 443}


class ProxyServer(Struct, frozen=True):
    """A proxy: `scheme` is how it is spoken to (`http`, `https`, `socks5`); `text` is the setting, as it may be shown."""

    scheme: str
    host: str
    port: int
    text: str


def asked_for(target: Target, facts: Facts) -> ProxyServer | None:
    """The proxy that programs here would ask for the target; None where there is none, or it is left out."""
    if isinstance(facts.proxy, Unknown):
        return None
    host = target.host or (str(target.addresses[0]) if target.addresses else "")
    return None if bypassed(host, facts.proxy.bypass) else server(facts.proxy, target.scheme)


def server(settings: ProxySettings, scheme: str) -> ProxyServer | None:
    """The proxy for a URL of this scheme."""
    text = settings.proxies.get(scheme) or settings.proxies.get("all") or ""
    match = _SERVER.fullmatch(text.strip())
    if not match:
        return None
    kind = (match["scheme"] or "http").lower()
    port = int(match["port"] or (1080 if kind.startswith("socks") else _PORTS.get(kind, 1080)))
    return ProxyServer(kind, match["host"].strip("[]"), port, without_password(text)) if 0 < port < 65536 else None


def without_password(text: str) -> str:
    """The setting as it may be shown: the user's name and password in it are nobody's business."""
    return re.sub(r"(//|^)[^/@]*@", r"\1…@", text)


def bypassed(host: str, exceptions: tuple[str, ...]) -> bool:
    """Whether a host is left out: by itself, by a suffix (`.lan`, `*.lan`), by a network (`192.168.0.0/16`), or all (`*`)."""
    name = host.lower().strip("[]")
    if name == "localhost" or name.startswith("127.") or name == "::1":
        return True
    for text in exceptions:
        entry = text.strip().lower().strip("[]")
        suffix = entry.removeprefix("*").removeprefix(".")
        if entry == "*" or (suffix and (name == suffix or name.endswith("." + suffix))) or _in_network(name, entry):
            return True
    return False


def _in_network(name: str, entry: str) -> bool:
    try:
        address, network = ip_address(name), ip_network(entry, strict=False)
    except ValueError:
        return entry.endswith("*") and name.startswith(entry.rstrip("*"))
    return address.version == network.version and address in network
