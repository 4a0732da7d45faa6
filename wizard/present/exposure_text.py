"""From where each port can be reached, for a terminal of 80 columns: the most exposed first, and why.

  PORT        PROGRAM                       HERE  NETWORKS      ANYWHERE ELSE
● 8080/tcp    container web (nginx)         yes   all           all (IPv4)
    ! open past the firewall: “ufw default: deny (incoming)” would stop it, and is never asked
    open     eth0 192.168.1.0/24, elsewhere: Docker publishes 8080/tcp, → 172.17.0.2:80
○ 5432/tcp    postgres (pid 812)            yes   none          none
    closed   every network, elsewhere: it listens on 127.0.0.1 only, which no other device can dial
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from wizard.model.exposure import Exposed, Exposure, From, Reach, Reached, Treatment
from wizard.model.facts import Network
from wizard.model.packet import bracketed
from wizard.present.hostile import harmless

WIDTH = 80
_SHOWN = 3
_MARKS = {"anyone": "●", "some": "◐", "here": "○", "unknown": "?"}
_PLAIN = {"anyone": "#", "some": "+", "here": "-", "unknown": "?"}
_RANK = (Reached.ALL, Reached.SOME, Reached.UNKNOWN, Reached.NONE)
_HEAD = ("PORT", "PROGRAM", "HERE", "NETWORKS", "ANYWHERE ELSE")


def render(found: Exposure, *, unicode: bool = True, width: int = WIDTH) -> str:
    """The table with its reasons, and what could not be read; ends with a newline."""
    return "\n".join(_lines(found, unicode, width)) + "\n"


def _lines(found: Exposure, unicode: bool, width: int) -> Iterator[str]:
    groups = _together(found.listeners)
    if groups:
        yield _row(" ", *_HEAD)
    elif not any("socket" in each.what for each in found.unread):
        yield "Nothing listens on this machine."
    for group in groups:
        yield from _block(group, unicode, width)
    if groups:
        marks = _MARKS if unicode else _PLAIN
        yield ""
        yield from wrap(
            f"{marks['anyone']} anyone   {marks['some']} some others   {marks['here']} this machine only   "
            f"{marks['unknown']} not known",
            width,
        )
        yield from wrap(
            "“Anywhere else” is what this machine lets in; a private address also needs a router that leads here.",
            width,
        )
    for each in found.unread:
        yield ""
        yield from wrap(harmless(f"? {each.what or 'something'} could not be read: {each.reason}"), width)
        if each.remedy:
            yield harmless(f"  Try: {each.remedy}")


def _together(listeners: Iterable[Exposed]) -> list[list[Exposed]]:
    """One program's sockets on one port as one row: IPv4 and IPv6 wildcards, and the workers of one server."""
    groups: dict[tuple[object, ...], list[Exposed]] = {}
    for each in listeners:
        bound = None if each.address is None or each.address.is_unspecified else each.address
        key = (each.kind, each.proto, each.port, each.last_port, each.owner, bound)
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def _row(mark: str, port: str, program: str, here: str, networks: str, elsewhere: str) -> str:
    return f"{mark} {port:<11} {_cut(program, 29):<29} {here:<5} {networks:<13} {elsewhere}".rstrip()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _block(group: list[Exposed], unicode: bool, width: int) -> Iterator[str]:
    first = group[0]
    reach = [each for exposed in group for each in exposed.reach]
    columns = [_verdict(each for each in reach if each.place is kind) for kind in From]
    port = f"{first.port}-{first.last_port}" if first.last_port > first.port else str(first.port)
    here = {"all": "yes", "none": "no"}.get(columns[0].split(" ")[0], "?")
    mark = (_MARKS if unicode else _PLAIN)[_openness(reach)]
    yield _row(mark, f"{port}/{first.proto}", harmless(first.owner), here, columns[1], columns[2])
    if first.address is not None and not first.address.is_unspecified and not first.address.is_loopback:
        yield f"    bound to {first.address}"
    for warning in dict.fromkeys(said for each in group for said in each.warnings):
        yield from _hanging("    ! ", harmless(warning), width)
    for verdict, where, why in _reasons(reach, first.kind == "redirect"):
        yield from _hanging(f"    {verdict:<8} ", harmless(f"{where}: {why}"), width)


def _hanging(start: str, text: str, width: int) -> list[str]:
    return wrap(text, width, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False)


def _verdict(reach: Iterable[Reach]) -> str:
    """One word for a column; where the families differ, the more open one's, with its name."""
    by_family: dict[int, set[Reached]] = {}
    for each in reach:
        by_family.setdefault(each.family, set()).add(each.verdict)
    words = {family: _one_word(found) for family, found in by_family.items()}
    if not words:
        return "-"
    if len(set(words.values())) == 1:
        return str(next(iter(words.values())))
    family = min(words, key=lambda each: _RANK.index(words[each]))
    return f"{words[family]} (IPv{family})"


def _one_word(found: set[Reached]) -> Reached:
    if len(found) == 1:
        return next(iter(found))
    return Reached.SOME if found & {Reached.ALL, Reached.SOME} else Reached.UNKNOWN


def _openness(reach: Iterable[Reach]) -> str:
    away = [each for each in reach if each.place is not From.MACHINE]
    if any(each.place is From.ELSEWHERE and each.verdict is Reached.ALL for each in away):
        return "anyone"
    if any(each.verdict in (Reached.ALL, Reached.SOME) for each in away):
        return "some"
    return "unknown" if any(each.verdict is Reached.UNKNOWN for each in away) else "here"


# Reasons


def _reasons(reach: list[Reach], translated: bool) -> Iterator[tuple[str, str, str]]:
    """What happens, to whom, and why; the same thing said once for all places where it happens. With
    `translated`, what no rule translates is nobody's business."""
    told: dict[tuple[str, str], list[str]] = {}
    for each in reach:
        for treatment in each.treatments:
            if each.place is From.MACHINE and treatment.verdict == "open":
                continue
            if translated and treatment.to is None and treatment.verdict == "closed":
                continue
            told.setdefault((treatment.verdict, _why(treatment)), []).append(_who(each, treatment))
    order = ("open", "unknown", "closed")
    for (verdict, why), where in sorted(told.items(), key=lambda item: order.index(item[0][0])):
        places = list(dict.fromkeys(where))
        more = f" and {len(places) - 2 * _SHOWN} more" if len(places) > 2 * _SHOWN else ""
        yield verdict, ", ".join(places[: 2 * _SHOWN]) + more, why


def _who(reach: Reach, treatment: Treatment) -> str:
    if reach.place is From.MACHINE:
        return f"this machine ({treatment.dialled})"
    place = f"{reach.interface} {reach.network}" if reach.network is not None else f"elsewhere (IPv{reach.family})"
    if len(reach.treatments) == 1 or not treatment.sources:
        return place
    if treatment is reach.treatments[0] and len(treatment.sources) > 1:
        return f"all others in {place}" if reach.network else f"all others {place}"
    named = _networks(treatment.sources, treatment.left_out)
    return f"{named} in {place}" if reach.network else f"{named} {place}"


def _networks(sources: tuple[Network, ...], left_out: int) -> str:
    shown = [_short(each) for each in sources[:_SHOWN]]
    more = len(sources) - len(shown)
    return ", ".join(shown) + (f" and {more}{'+' if left_out else ''} more" if more or left_out else "")


def _short(network: Network) -> str:
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _why(treatment: Treatment) -> str:
    by = treatment.by
    said = ""
    if by is not None:
        said = by.front_end_words or f"{by.engine} {by.family} {by.table} {by.chain}: {by.rule}"
    elif treatment.verdict == "open":
        said = "no rule stands in the way"
    parts = [part for part in (said, treatment.reason) if part]
    if treatment.to is not None and str(treatment.to.address) not in treatment.reason:
        parts.append(f"→ {bracketed(treatment.to.address)}:{treatment.to.port}")
    parts.extend(f"if {each}" for each in treatment.assumptions if treatment.verdict != "unknown")
    return ", ".join(parts) or "nobody can know"
