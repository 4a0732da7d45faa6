"""Reads the proxy that Windows' programs take, from the user's Internet Settings.

    HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings
        ProxyEnable    REG_DWORD    0x1
        ProxyServer    REG_SZ    http=10.0.0.1:3128;https=10.0.0.1:3128
        ProxyOverride    REG_SZ    *.corp.example;192.168.*;<local>
        AutoConfigURL    REG_SZ    http://wpad/wpad.dat

`<local>` leaves out every name without a dot. A script (AutoConfigURL) may name any proxy for any address.
"""

from __future__ import annotations

from wizard.firewalls.windows import registry
from wizard.model.capture import Parsed
from wizard.model.facts import ProxySettings


def parse(text: str, source: str = "Internet Settings") -> Parsed[ProxySettings]:
    """The proxies by scheme, and what is left out; the script stands under `pac`."""
    values = {each.name.lower(): each for each in registry.values(text, source)[0]}
    server = values.get("proxyserver")
    enabled = values.get("proxyenable")
    script = values.get("autoconfigurl")
    found: dict[str, str] = {}
    if server is not None and enabled is not None and enabled.number:
        found = _servers(server.text)
    if script is not None and script.text:
        found["pac"] = script.text
    override = values.get("proxyoverride")
    bypass = tuple(each.strip() for each in override.text.split(";") if each.strip()) if override else ()
    origin = next((each.origin for each in (server, script, enabled) if each is not None), None)
    settings = ProxySettings(found, bypass)
    return Parsed(settings if origin is None else ProxySettings(found, bypass, origin))


def _servers(text: str) -> dict[str, str]:
    """`10.0.0.1:3128` for all, or `http=...;https=...` for each."""
    parts = [part.partition("=") for part in text.split(";") if part.strip()]
    if len(parts) == 1 and not parts[0][1]:
        place = _url(parts[0][0].strip())
        return {"http": place, "https": place}
    return {scheme.strip().lower(): _url(place.strip()) for scheme, equals, place in parts if equals}


def _url(place: str) -> str:
    return place if "://" in place else f"http://{place}"
