"""What Windows Firewall knows of one inbound connection when it looks for rules: the packet, the profile, the program."""

from __future__ import annotations

from msgspec import Struct

from wizard.judge import sockets, vantage
from wizard.model.capture import Unknown
from wizard.model.facts import Facts, Interface, Listener, Network, Process
from wizard.model.packet import Packet
from wizard.model.windows import ProfileName, WindowsFacts

KERNEL_PID = 4
"""The process `System`: http.sys and SMB accept connections in the kernel, and rules call it `System`."""


class Program(Struct, frozen=True):
    """Who accepts: `path` in the system's spelling (empty: not told), `name` the file's name, `services` those that the
    process hosts (None: not known)."""

    path: str
    name: str
    services: tuple[str, ...] | None
    pid: int = 0

    @property
    def is_kernel(self) -> bool:
        """Whether the kernel itself accepts."""
        return self.pid == KERNEL_PID


class Question(Struct, frozen=True):
    """One connection under one profile. `programs` are those that may accept it (None: nobody knows who listens);
    `subnets` the networks of this machine (None: not known)."""

    windows: WindowsFacts
    packet: Packet
    profile: ProfileName
    programs: tuple[Program, ...] | None
    subnets: tuple[Network, ...] | None
    interface: Interface | None


def asked(facts: Facts, windows: WindowsFacts, packet: Packet, profile: ProfileName) -> Question:
    """The question that this packet puts under this profile."""
    interface = next((each for each in vantage.interfaces(facts) if each.name == packet.interface), None)
    subnets = None
    if not isinstance(facts.interfaces, Unknown):
        subnets = tuple(each.network for one in facts.interfaces if not one.loopback for each in one.addresses)
    return Question(windows, packet, profile, programs(facts, windows, packet), subnets, interface)


def programs(facts: Facts, windows: WindowsFacts, packet: Packet) -> tuple[Program, ...] | None:
    """The programs behind the socket that takes the packet; None where no socket does, or its owner is not known."""
    if isinstance(facts.listeners, Unknown):
        return None
    taking = sockets.lookup(
        facts.listeners, packet.proto, packet.destination, packet.destination_port, packet.interface
    )
    owners = [program for each in taking for program in _owners(facts, windows, each)]
    return tuple(owners) if owners else None


def _owners(facts: Facts, windows: WindowsFacts, listener: Listener) -> list[Program]:
    running = {} if isinstance(facts.processes, Unknown) else facts.processes
    found = []
    for owner in listener.owners or ():
        process = running.get(owner.pid)
        found.append(_program(windows, owner.pid, owner.name, process))
    return found


def _program(windows: WindowsFacts, pid: int, name: str, process: Process | None) -> Program:
    services = None if isinstance(windows.services, Unknown) else windows.services.get(pid, ())
    path = process.exe or "" if process is not None else ""
    return Program(path, name or (process.name if process else ""), services, pid)


def profiles(windows: WindowsFacts, packet: Packet) -> tuple[ProfileName, ...]:
    """The profiles that may be in force on the arriving interface: one, or all where the network's category is not known.

    An interface that has no network of its own, a tunnel's or a virtual switch's, is taken as Public.
    """
    if isinstance(windows.networks, Unknown):
        return tuple(ProfileName)
    here = [each for each in windows.networks if each.interface == packet.interface]
    if not here:
        return (ProfileName.PUBLIC,)
    told = [each.category for each in here if each.category is not None]
    return tuple(dict.fromkeys(told)) if len(told) == len(here) else tuple(ProfileName)
