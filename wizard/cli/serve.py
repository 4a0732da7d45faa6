"""`wizard serve`: the guided screens in a browser, on 127.0.0.1 unless told otherwise.

The address has a random part, and whoever does not know it gets nothing: no page, no websocket, no file.
"""

from __future__ import annotations

import sys
from ipaddress import ip_address

from wizard.cli import arguments
from wizard.errors import WizardError

_EXAMPLES = """  wizard serve                       prints the address to open; Ctrl-C ends it
  wizard serve 5000 --port 8123      starts with a target, on a port of your choice
  wizard serve --bundle machine.zip  looks at a bundle
"""
_EXPOSED = """careful: {host} is reachable by other devices. Whoever has the address below
uses this machine's wizard with your rights, and sees its processes, addresses
and firewall rules. The connection is not encrypted. Safer: leave out --host, and
reach the port through `ssh -L`."""


def main(given: list[str]) -> int:
    """Serve until Ctrl-C."""
    parser = arguments.Parser("wizard serve", "The guided screens in a browser.", _EXAMPLES)
    parser.add_argument("target", nargs="?", default="", metavar="TARGET", help="what cannot be reached")
    parser.add_argument(
        "--host", metavar="ADDRESS", default="127.0.0.1", help="listen on another address of this machine"
    )
    parser.add_argument("--port", metavar="PORT", type=int, default=0, help="a port of your choice (else a free one)")
    arguments.add_source(parser)
    parsed = parser.parse_args(given)
    if not 0 <= parsed.port <= 65535:
        raise WizardError("usage", f"{parsed.port} is no port.", hint="wizard serve --help")
    address = _address(parsed.host)
    if not ip_address(address).is_loopback:
        print(_EXPOSED.format(host=parsed.host), file=sys.stderr)
    try:
        from wizard.cli import web
    except ImportError as error:
        hint = "python3 -m pip install textual-serve"
        raise WizardError("no-textual-serve", "`wizard serve` needs textual-serve.", str(error), hint=hint) from error
    words = [parsed.target] if parsed.target else []
    words += ["--bundle", parsed.bundle] if parsed.bundle else []
    return web.serve(address, parsed.port, words, _say)


def _address(host: str) -> str:
    if host == "localhost":
        return "127.0.0.1"
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError as error:
        hint = "wizard serve --host 192.168.1.100, an address that `ip addr` shows"
        raise WizardError("usage", f"{host[:60]!r} is no address of this machine.", hint=hint) from error


def _say(urls: list[str]) -> None:
    """The address is the answer; everything else is talk."""
    for url in urls:
        print(url)
    sys.stdout.flush()
    print("Open it in a browser, and keep the address to yourself. Ctrl-C ends it.", file=sys.stderr)
