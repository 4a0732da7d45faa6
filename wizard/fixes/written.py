"""What one intent becomes: the commands there and back, and the facts as they are once the commands have run."""

from __future__ import annotations

from msgspec import Struct

from wizard.model.facts import Facts
from wizard.model.remedy import Instruction, Risk


class Written(Struct, frozen=True):
    """Steps and their exact undo. `facts` are those given with the steps applied, so that the walk can be taken again;
    `persists` is `yes`, `until reboot`, `until reload` or `until the program ends`."""

    title: str
    steps: tuple[Instruction, ...]
    undo: tuple[Instruction, ...]
    facts: Facts
    warnings: tuple[str, ...] = ()
    risk: Risk = Risk.LOW
    persists: str = "yes"
    verify: tuple[Instruction, ...] = ()
