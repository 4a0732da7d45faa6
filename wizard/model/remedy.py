"""What should become true (`Intent`), and the exact way there and back (`Plan`)."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from wizard.model.facts import Address, Network, Proto, Route


class Shell(StrEnum):
    """The shell that a command is quoted for."""

    SH = "sh"
    POWERSHELL = "powershell"
    CMD = "cmd"


class Run(Struct, frozen=True):
    """A command to paste. `argv` is one command as a list of arguments, quoted for `shell` only when it is shown;
    `cwd` is where it must run (shown as `cd DIR && ...`); `environment` goes in front (`NAME=value cmd`).
    `script` is used instead of argv for the rare command that needs a pipe or a redirection: text of our own making,
    in which every piece from the machine has been quoted."""

    argv: tuple[str, ...] = ()
    script: str = ""
    cwd: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    root: bool = False
    where: str = "here"
    """`here`, `client` or `router`."""
    background: bool = False
    """It keeps running (a server)."""
    shell: Shell = Shell.SH
    note: str = ""
    """Why, in one short sentence."""


class Edit(Struct, frozen=True):
    """One line of a file to change: `line` counts from 1; `before` and `after` are whole lines without the newline."""

    file: str
    line: int
    before: str
    after: str
    note: str = ""


class Do(Struct, frozen=True):
    """Something that only a person can do."""

    text: str


Instruction = Run | Edit | Do


class Risk(StrEnum):
    """How much a plan can hurt: none, low (opens what was asked), medium (restarts or touches other users), high."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


# Intents: what should be true. A cause names one; `fixes` and the firewall in charge say how; `fixes.apply` makes the
# same thing true in the facts, so that the walk can be taken again.


class AllowInbound(Struct, frozen=True):
    """Let new connections to `port` in, from `source` (the LAN's own network), arriving on `interface`.

    `destination_port` differs from `port` where a redirect comes first. `forwarded` is set when the packet goes through
    the forward hook (a container) rather than input."""

    port: int
    proto: Proto
    source: Network
    interface: str = ""
    destination: Address | None = None
    forwarded: bool = False


class AllowReply(Struct, frozen=True):
    """Let the answers of established connections from `port` out again, to `destination`."""

    port: int
    proto: Proto
    destination: Network
    interface: str = ""


class AllowOutbound(Struct, frozen=True):
    """Let new connections of this machine out, to `port` of `destination`."""

    port: int
    proto: Proto
    destination: Network
    interface: str = ""


class AllowProgram(Struct, frozen=True):
    """Let a program be reached through a firewall that decides by program (macOS): `listed` tells whether it has an entry
    that blocks it, so that the undo brings that back; `everything`: all incoming connections are blocked."""

    path: str
    listed: bool = False
    everything: bool = False


class Unban(Struct, frozen=True):
    """Lift the ban of one address: `jail` is fail2ban's, empty if another program or hand made it."""

    address: Address
    jail: str = ""


class RemoveRedirect(Struct, frozen=True):
    """Take away a redirect or DNAT that leads to a port where nobody listens."""

    port: int
    proto: Proto


class Rebind(Struct, frozen=True):
    """Have the program of `pid` listen on `address` (a wildcard or one of this machine's own), keeping or changing port."""

    pid: int
    address: Address
    port: int
    move_to: int | None = None
    """Another port, where it must not stay on `port`."""


class StartProgram(Struct, frozen=True):
    """Have something listen on `port`; nobody does. `command` is known where a unit or an earlier run says it."""

    port: int
    unit: str = ""


class Resume(Struct, frozen=True):
    """Let a stopped process run on (SIGCONT)."""

    pid: int
    name: str = ""


class StopProgram(Struct, frozen=True):
    """End a process that holds what another needs; pid and start time were read together."""

    pid: int
    name: str = ""
    unit: str = ""
    container: str = ""


class SetSysctl(Struct, frozen=True):
    """Set one kernel setting."""

    name: str
    value: str
    was: str


class BringUp(Struct, frozen=True):
    """Set an interface up."""

    interface: str


class AddRoute(Struct, frozen=True):
    """Add a route back to `destination`."""

    destination: Network
    device: str
    gateway: Address | None = None
    mtu: int | None = None
    """The largest packet to be sent that way, and so to be asked for."""


class DropRoute(Struct, frozen=True):
    """Take a route away."""

    route: Route


class AcceptHostHeader(Struct, frozen=True):
    """Have the application answer to `host` in the Host header (Django's ALLOWED_HOSTS, Vite's allowedHosts, ...)."""

    pid: int
    host: str


class OpenInstead(Struct, frozen=True):
    """Open another address on the other device: nothing is wrong here but the URL."""

    url: str
    instead_of: str = ""


class Advise(Struct, frozen=True):
    """What only a person can do, or a command to look further; nothing that the model can apply."""

    text: str
    run: tuple[str, ...] = ()
    where: str = "here"


# Intents that only Windows knows. A rule is named by its place among the rules that were read (WindowsFacts.rules).


class DisableRule(Struct, frozen=True):
    """Switch rules of Windows Firewall off, the machine's own ones."""

    rules: tuple[int, ...]


class LiftShields(Struct, frozen=True):
    """Let the allow rules of a profile count again, which "block all incoming connections" has switched off."""

    profile: str


class SetNetworkCategory(Struct, frozen=True):
    """Take the network on an interface for `category` (`Private`): rules for such networks then hold there."""

    interface: str
    category: str


class ReservePort(Struct, frozen=True):
    """Keep a port out of the ranges that Windows takes for itself, so that a program may have it."""

    port: int


class SetPortProxy(Struct, frozen=True):
    """Have Windows relay what comes to `port` here to `address`:`to_port`; `instead_of` is the relay's place among those
    that were read, where there is one already."""

    port: int
    address: Address
    to_port: int
    instead_of: int | None = None


class AllowHyperV(Struct, frozen=True):
    """Let new connections to `port` through the Hyper-V firewall into WSL."""

    port: int
    proto: Proto


Intent = (
    DisableRule
    | LiftShields
    | SetNetworkCategory
    | ReservePort
    | SetPortProxy
    | AllowHyperV
    | AllowInbound
    | AllowReply
    | AllowOutbound
    | AllowProgram
    | Unban
    | RemoveRedirect
    | Rebind
    | StartProgram
    | Resume
    | StopProgram
    | SetSysctl
    | BringUp
    | AddRoute
    | DropRoute
    | AcceptHostHeader
    | OpenInstead
    | Advise
)


class Plan(Struct, frozen=True):
    """One remedy for one finding: steps in order, the way back, what it opens and to whom, and whether it was proved.

    `undo` gives back exactly what was read before. `verify` are commands that show that it worked.
    `persists`: `yes`, `until reboot`, `until reload`, `until the program ends`.
    """

    finding: str
    title: str
    steps: tuple[Instruction, ...]
    undo: tuple[Instruction, ...] = ()
    risk: Risk = Risk.LOW
    opens_to: str = ""
    persists: str = "yes"
    proved: bool = False
    proved_by: tuple[str, ...] = ()
    verify: tuple[Instruction, ...] = ()
    warnings: tuple[str, ...] = ()
    intents: tuple[Intent, ...] = ()
