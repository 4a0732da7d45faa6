"""What is different between two looks at one machine."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Area(StrEnum):
    """Where something changed, in the order in which changes are shown."""

    VERDICT = "verdict"
    LISTENER = "listener"
    PROCESS = "process"
    FIREWALL = "firewall"
    ADDRESS = "address"
    NAME = "name"
    ROUTE = "route"
    NEIGHBOUR = "neighbour"
    CONTAINER = "container"
    SETTING = "setting"
    ANSWER = "answer"


class Kind(StrEnum):
    """`UNKNOWN`: one of the two looks could not see it, so nothing is said about it."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"
    UNKNOWN = "unknown"


class Change(Struct, frozen=True):
    """One difference. `what` names the thing (`tcp 5000`, `chain INPUT`); `before` and `after` how it was and is, either
    empty where there is nothing to say. `telling`: it has to do with the port, or the device, that the case is about."""

    area: Area
    kind: Kind
    what: str
    before: str = ""
    after: str = ""
    telling: bool = False
