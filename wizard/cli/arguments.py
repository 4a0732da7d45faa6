"""What several commands share: an argument parser that speaks as the rest does, the options of a diagnosis, the source."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection
from typing import NoReturn

from wizard.collect.source import Source
from wizard.errors import WizardError
from wizard.model.options import Options


class Parser(argparse.ArgumentParser):
    """argparse, with its errors as WizardErrors (exit 2, one clear line, the next step)."""

    def __init__(self, prog: str, description: str, examples: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog="examples:\n" + examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """A usage error."""
        raise WizardError("usage", message[:1].upper() + message[1:] + ".", hint=f"{self.prog} --help")


def add_diagnosis(parser: Parser) -> None:
    """The options that say what exactly is asked."""
    parser.add_argument(
        "--from", dest="vantage", metavar="ADDRESS", default="", help="the device that cannot get through"
    )
    parser.add_argument(
        "--symptom", metavar="WHAT", default="", help="what it showed: ERR_CONNECTION_REFUSED, timeout, 7 …"
    )
    parser.add_argument(
        "--heard", metavar="CODE", default="", help="the code that the wizard printed on the other device"
    )
    parser.add_argument(
        "--side", choices=("server", "client"), default="", help="whose machine this is, if the guess is wrong"
    )
    parser.add_argument("--port", type=_port, help="the port, where the target names none")
    parser.add_argument("--in", dest="interface", metavar="INTERFACE", default="", help="where its packets arrive")
    parser.add_argument("--no-probe", dest="probe", action="store_false", help="send nothing on the network")
    parser.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="bound the whole run")
    add_source(parser)


def add_source(parser: Parser) -> None:
    """Where the facts come from."""
    parser.add_argument("--bundle", metavar="FILE", default="", help="read a bundle instead of this machine")


def options(parsed: argparse.Namespace) -> Options:
    """The options of a diagnosis, as given."""
    return Options(
        vantage=parsed.vantage,
        symptom=parsed.symptom,
        side=parsed.side,
        port=parsed.port,
        interface=parsed.interface,
        probe=parsed.probe,
        seconds=parsed.timeout,
        heard=parsed.heard,
    )


def source(bundle: str, seconds: float | None = None, left_out: Collection[str] = ()) -> Source:
    """This machine, or a bundle. The machine is asked at once: it answers while the rest of the wizard is loaded."""
    if bundle:
        from wizard.collect.bundle import BundleSource

        return BundleSource(bundle)
    from wizard.collect.live import LiveSource

    machine = LiveSource(seconds)
    if machine.platform == "linux":
        from wizard.collect.probes_linux import PROBES

        machine.begin([probe for probe in PROBES if probe.name not in left_out])
    return machine


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text[:40]!r} is no port: a number from 1 to 65535")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 86_400:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number of seconds")
    return seconds


def colour() -> bool:
    """Colour only on a terminal that may have it (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") != "dumb"


def unicode() -> bool:
    """Whether standard output can carry the marks and lines."""
    return (sys.stdout.encoding or "").lower().replace("-", "") in ("utf8", "utf16", "utf32")


def width() -> int:
    """The terminal's columns; 100 where there is no terminal."""
    import shutil

    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100


def is_root() -> bool:
    """Whether commands can be pasted without sudo."""
    return not hasattr(os, "geteuid") or os.geteuid() == 0
