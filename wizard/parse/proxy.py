"""Reads the proxy variables as env(1) prints them.

    https_proxy=http://10.0.0.1:3128
    no_proxy=localhost,127.0.0.1,.lan

A program looks at the lower-case name first; of HTTP_PROXY curl takes no notice at all (https://everything.curl.dev/usingcurl/proxies/env.html),
since a web server hands a request's `Proxy:` header to CGI programs under that name.
"""

from __future__ import annotations

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import ProxySettings

_SCHEMES = {"http_proxy": "http", "https_proxy": "https", "ftp_proxy": "ftp", "all_proxy": "all"}


def parse(text: str, source: str = "env") -> Parsed[ProxySettings]:
    """The proxy by scheme (`all` for all_proxy), and the names left out."""
    values: dict[str, str] = {}
    unread: list[Origin] = []
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        name, equals, value = line.partition("=")
        if not equals or name.lower() not in {*_SCHEMES, "no_proxy"}:
            unread.append(Origin(source, number, line))
        elif value and (name == name.lower() or name.lower() not in values):
            values[name.lower()] = value
    proxies = {_SCHEMES[name]: value for name, value in values.items() if name in _SCHEMES}
    bypass = tuple(part for part in values.get("no_proxy", "").replace(",", " ").split())
    shown = "; ".join(line for line in lines if line.strip())
    return Parsed(ProxySettings(proxies, bypass, Origin(source, 1 if shown else 0, shown)), tuple(unread))
