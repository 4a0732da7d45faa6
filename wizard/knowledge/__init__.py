"""What is known about the world, as data: how programs are recognised, where they listen, and what a port usually is.

`frameworks.toml` has one entry a program (`[[framework]]`, by its command line) and one a Python call that starts a server
(`[[call]]`, by its source); `services.toml` one a well-known port. Each entry carries its own examples and its source.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from msgspec import Struct

T = TypeVar("T", bound=Struct)


class Framework(Struct, frozen=True):
    """A server program as its command line shows it.

    `programs` are names of the command, script or `-m` module; `words` are subcommands of which one must follow.
    `address_form` says how the address is written: `host` (an address alone), `host:port`, `positional` (django's
    `[address:]port` after the subcommand), or empty where no command line sets it (then `advice` says what does).
    """

    name: str
    title: str
    programs: tuple[str, ...]
    source: str
    recognises: tuple[str, ...]
    ignores: tuple[str, ...]
    words: tuple[str, ...] = ()
    value_options: tuple[str, ...] = ()
    """Options before the subcommand that take a value in the next word."""
    titles: tuple[str, ...] = ()
    """How the process calls itself once it has overwritten its command line (`gunicorn: master`)."""
    default_address: str = ""
    default_port: int | None = None
    address_form: str = ""
    address_options: tuple[str, ...] = ()
    address_environment: str = ""
    arguments_environment: str = ""
    """A variable that holds more command-line arguments (GUNICORN_CMD_ARGS)."""
    port_options: tuple[str, ...] = ()
    port_environment: str = ""
    port_positional: bool = False
    repeats: bool = False
    """The address option may be given several times, and all of them count."""
    joined: bool = False
    """Its options take their value only behind an equals sign."""
    abbreviates: bool = False
    """Long options may be shortened (argparse)."""
    config_file: str = ""
    ipv6_wildcard: str = "unknown"
    """What `::` gives: `both`, `ipv6-only`, or `unknown`."""
    kind: str = "development"
    """`development`, `production`, `tool` (notebooks, dashboards) or `database`."""
    debugger: str = ""
    """`werkzeug`: it can run Werkzeug's interactive debugger."""
    gate: str = ""
    """The next obstacle after binding: `django-allowed-hosts`, `vite-allowed-hosts`, ..."""
    advice: str = ""
    warning: str = ""
    """What a person should know before other devices can open it."""


class ServerCall(Struct, frozen=True):
    """A Python call that starts a server: one of `functions` by its dotted name, or one of `methods` on an object made
    by one of `classes`, on any object in a file which imports one of `modules`, or (`by_name`) on what people call an
    application. Positions count from 0; `address_tuple` is the position of an `(address, port)` pair."""

    name: str
    title: str
    source: str
    recognises: tuple[str, ...]
    ignores: tuple[str, ...]
    functions: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    by_name: bool = False
    address_keyword: str = ""
    address_position: int | None = None
    address_tuple: int | None = None
    port_keyword: str = ""
    port_position: int | None = None
    default_address: str = ""
    default_port: int | None = None
    ipv6_wildcard: str = "unknown"
    debugger: str = ""
    kind: str = "development"


class Service(Struct, frozen=True):
    """A well-known port: who usually has it, and what it means when others can reach it."""

    port: int
    name: str
    proto: str = "tcp"
    owners: tuple[str, ...] = ()
    exposing: str = ""
    """What a stranger could do there; empty where that is what it is for."""
    kind: str = ""
    """`database`, `control` (hands out the machine), `web`, `system` or empty."""
    source: str = ""


@cache
def frameworks() -> tuple[Framework, ...]:
    """Every `[[framework]]`, in the file's order (the first that recognises a command line wins)."""
    return tuple(_entry(Framework, table) for table in _toml("frameworks.toml")["framework"])


@cache
def server_calls() -> tuple[ServerCall, ...]:
    """Every `[[call]]`, in the file's order."""
    return tuple(_entry(ServerCall, table) for table in _toml("frameworks.toml")["call"])


@cache
def services() -> tuple[Service, ...]:
    """Every well-known port."""
    return tuple(_entry(Service, table) for table in _toml("services.toml")["service"])


def service_of(port: int, proto: str = "tcp") -> Service | None:
    """What usually listens on `port`, or None."""
    return next((service for service in services() if (service.port, service.proto) == (port, proto)), None)


def framework(name: str) -> Framework:
    """The entry of that name; KeyError if there is none."""
    for entry in frameworks():
        if entry.name == name:
            return entry
    raise KeyError(name)


def entries(kind: type[T], file: str, table: str) -> tuple[T, ...]:
    """Every `[[table]]` of one of this package's TOML files, as its class."""
    return tuple(_entry(kind, each) for each in _toml(file).get(table, ()))


@cache
def _toml(name: str) -> Mapping[str, Any]:
    import tomllib  # only when somebody asks: `wizard explain` and the import of the command need none of it

    data = pkgutil.get_data(__name__, name)  # importlib.resources would load zipfile, tempfile and more
    return tomllib.loads(data.decode()) if data else {}


def _entry(kind: type[T], table: Mapping[str, Any]) -> T:
    """The entry as its class; a key that the class does not know, or one it misses, is a TypeError (a test loads all)."""
    known = set(kind.__struct_fields__)
    if unknown := set(table) - known:
        raise TypeError(f"{table.get('name')}: unknown keys {sorted(unknown)}")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})
