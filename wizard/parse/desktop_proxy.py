"""Reads a desktop's proxy settings, as collect.desktop_proxy writes them.

    /etc/environment http_proxy="http://10.0.0.1:3128"
    kioslaverc ProxyType=1
    kioslaverc httpProxy=http://10.0.0.1 3128
    org.gnome.system.proxy mode 'manual'
    org.gnome.system.proxy autoconfig-url 'http://wpad/wpad.dat'
    org.gnome.system.proxy ignore-hosts ['localhost', '127.0.0.0/8', '::1']
    org.gnome.system.proxy.http host '10.0.0.1'
    org.gnome.system.proxy.http port 3128

GNOME's modes are none, manual and auto (a script, PAC); KDE's types 0 none, 1 manual, 2 script, 3 automatic, 4 environment.
"""

from __future__ import annotations

import re

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import ProxySettings
from wizard.parse import proxy

_GNOME = re.compile(r"org\.gnome\.system\.proxy(?:\.(?P<scheme>\w+))? (?P<key>[\w-]+) (?P<value>.*)")
_QUOTED = re.compile(r"'([^']*)'")
_PAC = "auto"


def parse(text: str, source: str = "desktop") -> Parsed[ProxySettings]:
    """The settings that are in force; `pac` is a script's address (or `wpad` where it is found by itself)."""
    gnome: dict[str, str] = {}
    kde: dict[str, str] = {}
    system: list[str] = []
    unread: list[Origin] = []
    for number, line in enumerate(text.splitlines(), start=1):
        where, _, rest = line.partition(" ")
        if match := _GNOME.fullmatch(line):
            gnome[f"{match['scheme'] or ''}.{match['key']}"] = match["value"].strip()
        elif where == "kioslaverc":
            key, _, value = rest.partition("=")
            kde[key.strip().partition("[")[0]] = value.strip()
        elif where == "/etc/environment":
            system.append(rest.removeprefix("export ").replace('"', "").replace("'", ""))
        elif line.strip():
            unread.append(Origin(source, number, line))
    for settings in (_of_gnome(gnome), _of_kde(kde), _of_system(system)):
        if settings.proxies or settings.pac:
            return Parsed(settings, tuple(unread))
    return Parsed(ProxySettings(), tuple(unread))


def _of_gnome(told: dict[str, str]) -> ProxySettings:
    mode = _plain(told.get(".mode", ""))
    if mode == _PAC:
        script = _plain(told.get(".autoconfig-url", "")) or "wpad"
        return ProxySettings(pac=script, origin=Origin("gsettings", 1, f"mode 'auto', autoconfig-url {script!r}"))
    if mode != "manual":
        return ProxySettings()
    proxies = {}
    for scheme in ("http", "https", "socks"):
        host, port = _plain(told.get(f"{scheme}.host", "")), told.get(f"{scheme}.port", "0")
        if host and port.isdigit() and int(port):
            kind, name = ("socks5", "all") if scheme == "socks" else ("http", scheme)
            proxies[name] = f"{kind}://{host}:{port}"
    bypass = tuple(_QUOTED.findall(told.get(".ignore-hosts", "")))
    shown = ", ".join(f"{scheme}: {server}" for scheme, server in proxies.items())
    return ProxySettings(proxies, bypass, Origin("gsettings", 1, f"mode 'manual', {shown}"))


def _of_kde(told: dict[str, str]) -> ProxySettings:
    kind = told.get("ProxyType", "0")
    if kind in ("2", "3"):
        script = told.get("Proxy Config Script", "") if kind == "2" else ""
        return ProxySettings(pac=script or "wpad", origin=Origin("kioslaverc", 1, f"ProxyType={kind} {script}".strip()))
    if kind != "1":
        return ProxySettings()
    names = {"httpProxy": "http", "httpsProxy": "https", "socksProxy": "all"}
    proxies = {
        scheme: _joined(told[key], "socks5" if scheme == "all" else "http")
        for key, scheme in names.items()
        if told.get(key)
    }
    bypass = tuple(part for part in told.get("NoProxyFor", "").replace(",", " ").split())
    return ProxySettings(proxies, bypass, Origin("kioslaverc", 1, f"ProxyType=1 {proxies}"))


def _joined(value: str, kind: str) -> str:
    """`http://10.0.0.1 3128` is KDE's way of writing host and port."""
    server, _, port = value.replace("socks://", "").partition(" ")
    bare = server if "://" in server else f"{kind}://{server}"
    return f"{bare.rstrip('/')}:{port.strip()}" if port.strip() else bare


def _of_system(lines: list[str]) -> ProxySettings:
    return proxy.parse("\n".join(lines), "/etc/environment").value


def _plain(value: str) -> str:
    return value.strip().strip("'").strip()
