"""Reads `scutil --proxy`, the proxies that macOS tells its programs:

<dictionary> {
  ExceptionsList : <array> {
    0 : *.local
    1 : 169.254/16
  }
  HTTPEnable : 1
  HTTPPort : 8080
  HTTPProxy : 10.0.0.1
  ProxyAutoConfigEnable : 1
  ProxyAutoConfigURLString : http://wpad/wpad.dat
}
"""

from __future__ import annotations

import re

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import ProxySettings

_PAIR = re.compile(r"\s*(\S+) : (.*\S)\s*$")
_SCHEMES = {"HTTP": "http", "HTTPS": "https", "SOCKS": "all"}


def parse(text: str, source: str = "scutil --proxy") -> Parsed[ProxySettings]:
    """The proxy by scheme, and the names left out."""
    values: dict[str, str] = {}
    exceptions: list[str] = []
    inside = False
    for line in text.splitlines():
        match = _PAIR.match(line)
        if line.strip() == "}":
            inside = False
        elif match and match[2].startswith("<array>"):
            inside = match[1] == "ExceptionsList"
        elif match and inside:
            exceptions.append(match[2])
        elif match:
            values[match[1]] = match[2]
    proxies = {
        scheme: f"{'socks' if name == 'SOCKS' else 'http'}://{values[f'{name}Proxy']}:{values.get(f'{name}Port', '')}".rstrip(
            ":"
        )
        for name, scheme in _SCHEMES.items()
        if values.get(f"{name}Enable") == "1" and f"{name}Proxy" in values
    }
    shown = "; ".join(f"{name} {value}" for name, value in values.items())
    return Parsed(ProxySettings(proxies, tuple(exceptions), Origin(source, 1 if shown else 0, shown)))
