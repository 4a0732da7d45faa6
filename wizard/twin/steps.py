"""A plan's steps as the copy can take them: pure.

What speaks to the kernel itself (iptables, ip, sysctl, nft without a handle) is run word for word. A front end's command
(ufw, firewall-cmd, fail2ban-client) needs its own files and daemons, and a handle is another number in the copy: there
the change that it makes to the rules is made, as the plan's proof in the model has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from ipaddress import ip_address
from shlex import split
from typing import Any

from wizard.model.remedy import Plan, Run
from wizard.model.ruleset import Chain, Engine, Family, NamedSet, Ruleset, Table
from wizard.twin.words import Command

_DIRECT = {"nft", "ipset", "ip", "sysctl"}
_PROGRAMS = ("iptables", "ip6tables")


def in_copy(plan: Plan, before: tuple[Ruleset, ...], after: tuple[Ruleset, ...]) -> tuple[Command, ...]:
    """The commands that bring one item of a plan to the copy; empty where nothing of it concerns the network."""
    runs = [step for step in plan.steps if isinstance(step, Run) and step.where == "here"]
    if runs and all(_is_direct(step) for step in runs):
        return tuple(Command(step.argv) for step in runs)
    return tuple(_difference(before, after))


def _is_direct(step: Run) -> bool:
    if not step.argv or step.script or "handle" in step.argv:
        return False
    name = step.argv[0]
    if name == "sysctl":
        return len(step.argv) == 3 and step.argv[1] == "-w" and step.argv[2].startswith("net.")
    return name in _DIRECT or name.startswith(_PROGRAMS)


def _difference(before: tuple[Ruleset, ...], after: tuple[Ruleset, ...]) -> Iterator[Command]:
    old = {(table.engine, table.family, table.name): table for ruleset in before for table in ruleset.tables}
    new = {(table.engine, table.family, table.name): table for ruleset in after for table in ruleset.tables}
    for key, table in new.items():
        was = old.get(key)
        if was is not None and was is not table:
            for name, content in table.sets.items():
                if name in was.sets and was.sets[name] is not content:
                    yield from _elements(table, was.sets[name], content)
            for name, chain in table.chains.items():
                yield from _rules(table, was.chains.get(name, Chain(name)), chain)
    for key, table in old.items():
        if key not in new and table.engine is Engine.NFTABLES:
            yield Command(("nft", "delete", "table", str(table.family), table.name))


def _rules(table: Table, was: Chain, now: Chain) -> Iterator[Command]:
    """Deletions from the end, so that earlier places keep their numbers; then insertions from the front."""
    texts = [rule.text for rule in was.rules], [rule.text for rule in now.rules]
    if texts[0] == texts[1]:
        return
    changes = SequenceMatcher(None, *texts, autojunk=False).get_opcodes()
    if table.engine is Engine.NFTABLES and any(kind in ("delete", "replace") for kind, *_ in changes):
        yield from _chain_anew(table, now)
        return
    for kind, start, end, _, _ in reversed(changes):
        if kind in ("delete", "replace"):
            for position in range(end, start, -1):
                yield Command((*_iptables(table), "-D", now.name, str(position)))
    for kind, _, _, start, end in changes:
        if kind in ("insert", "replace"):
            for position in range(start, end):
                yield _inserted(table, now, position)


def _chain_anew(table: Table, chain: Chain) -> Iterator[Command]:
    """nft deletes by handle only, and handles are others here: the chain is filled anew."""
    yield Command(("nft", "flush", "chain", str(table.family), table.name, chain.name))
    for rule in chain.rules:
        yield Command(("nft", "add", "rule", str(table.family), table.name, chain.name, rule.text))


def _inserted(table: Table, chain: Chain, position: int) -> Command:
    text = chain.rules[position].text
    if table.engine is Engine.NFTABLES:
        where = (str(table.family), table.name, chain.name)
        index = ("index", str(position)) if position < len(chain.rules) - 1 else ()
        return Command(("nft", "insert" if index else "add", "rule", *where, *index, text))
    words = split(text)
    if words[:1] in (["-A"], ["-I"]):
        words = words[3:] if words[0] == "-I" and words[2:3] and words[2].isdigit() else words[2:]
    return Command((*_iptables(table), "-I", chain.name, str(position + 1), *words))


def _iptables(table: Table) -> tuple[str, ...]:
    program = "ip6tables" if table.family is Family.IP6 else "iptables"
    kind = "legacy" if table.engine is Engine.IPTABLES_LEGACY else "nft"
    return (f"{program}-{kind}", "-t", table.name)


def _elements(table: Table, was: NamedSet, now: NamedSet) -> Iterator[Command]:
    """Single addresses that left a set, or came to one."""
    for verb, keys in (("delete", set(was.elements.keys) - set(now.elements.keys)),
                       ("add", set(now.elements.keys) - set(was.elements.keys))):  # fmt: skip
        for key in keys:
            if (address := _address(key)) is None:
                continue
            if table.engine is Engine.NFTABLES:
                where = (str(table.family), table.name, now.name)
                yield Command(("nft", verb, "element", *where, f"{{ {address} }}"))
            else:
                yield Command(("ipset", "del" if verb == "delete" else "add", "-exist", now.name, address))


def _address(key: Any) -> str | None:
    value = key[0] if isinstance(key, tuple) and len(key) == 1 else key
    value = value.low if hasattr(value, "low") and value.low == value.high else value
    return str(ip_address(value)) if isinstance(value, int) else None
