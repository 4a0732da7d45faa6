"""What one attempt of another device proves: what was seen on the wire, with this machine's model beside it. Pure.

The wire says what happened, the model says why: it is asked with that very packet, its real source, ports and interface.
Where the two do not agree the wire is right, and the reader is told so.
"""

from __future__ import annotations

from msgspec.structs import replace

from wizard.judge import answers, judge
from wizard.judge.agreement import Case, agrees, case_of
from wizard.judge.said import Said, read
from wizard.model.arrival import Answered, Arrival, Attempted, How
from wizard.model.diagnosis import Finding
from wizard.model.facts import Facts
from wizard.model.journey import Action, Decision, Ending, RuleReference
from wizard.model.packet import bracketed


def arrival(facts: Facts, seen: Attempted) -> Arrival:
    """The attempt, explained."""
    case = case_of(facts, seen)
    if seen.ours:
        return _own_page(case)
    if seen.how is How.TABLE:
        return _in_the_table(case)
    if seen.answered is Answered.NOTHING:
        return _unanswered(case)
    if seen.answered is Answered.SYN_ACK:
        return _accepted(case)
    return _refused(case)


# Nothing was answered


def _unanswered(case: Case) -> Arrival:
    agreed, stop = agrees(case), case.journey.stop
    where = f"It arrived on {case.seen.interface}"
    if agreed and stop is not None:
        if stop.ending is Ending.FILTER_DROPPED:
            by = decided_by(stop.decision)
            said = f"{where} and was dropped here by {by}. {case.seen.source} hears nothing, and shows a time-out."
            return _blocked(case, by, said)
        if stop.ending in (Ending.FILTER_REJECTED, Ending.NO_LISTENER):
            return _held_back(case)
        finding = _finding(case)
        by = decided_by(stop.decision) or stop.step.name
        why = finding.verdict.summary if finding else stop.step.name
        return _blocked(case, by, f"{where}, and no answer left. {why}")
    if case.seen.forwarded is not None:
        to = f"{bracketed(case.seen.forwarded.address)}:{case.seen.forwarded.port}"
        said = f"{where} and was sent on to {to}, which did not answer."
        return _blocked(case, to, said, doubt=_doubt(agreed))
    said = f"{where}, and no answer left this machine."
    return _blocked(case, "", said, doubt=_counted(case) or _doubt(agreed) or _cannot_tell(case))


def _counted(case: Case) -> str:
    """What the kernel's own counters say where no rule explains the silence."""
    if not case.seen.lost:
        return ""
    return f"No rule explains it, but meanwhile the kernel counted, on all ports together: {', '.join(case.seen.lost)}."


def _held_back(case: Case) -> Arrival:
    """The model refuses it, and yet nothing left."""
    stop = case.journey.stop
    by = decided_by(stop.decision) if stop and stop.decision else f"the kernel: nothing listens on {_door(case)}"
    said = (
        f"It arrived on {case.seen.interface} and was refused by {by}, but the refusal did not get out:"
        " a filter on its way, or the kernel's limit on such messages."
    )
    return _blocked(case, by, said)


def _doubt(agreed: bool | None) -> str:
    if agreed is False:
        return (
            "As the machine is now it would have been answered, says the model. What it does not see stands in the way: an"
            " eBPF program, a rate limit, a full queue for a moment, a security product; or it has just been changed."
        )
    return ""


def _cannot_tell(case: Case) -> str:
    decision = case.journey.decision
    if decision is not None and decision.outcome == "unknown" and decision.reason:
        return f"Which rule dropped it cannot be told: {decision.reason}."
    unknowns = case.journey.unknowns
    return f"Why cannot be told: {unknowns[0].reason}." if unknowns else "Why is not known."


# Refused


def _refused(case: Case) -> Arrival:
    seen, stop, agreed = case.seen, case.journey.stop, agrees(case)
    how = "a reset" if seen.answered is Answered.RST else f"ICMP {_icmp_words(seen)}"
    where = f"It arrived on {seen.interface} and was answered with {how}"
    if seen.forwarded is not None:
        to = f"{bracketed(seen.forwarded.address)}:{seen.forwarded.port}"
        return _blocked(case, to, f"{where} by {to}, where it is sent on to: nothing listens there.")
    if agreed and stop is not None and stop.ending is Ending.FILTER_REJECTED:
        by = decided_by(stop.decision)
        return _blocked(case, by, f"{where} by {by}.")
    if agreed and stop is not None and stop.ending is Ending.NO_LISTENER:
        finding = _finding(case)
        why = finding.verdict.summary if finding else f"Nothing listens on {_door(case)}."
        return _blocked(case, f"the kernel: nothing listens on {_door(case)}", f"{where} by the kernel. {why}")
    if agreed and stop is not None:
        by = decided_by(stop.decision) or stop.step.name
        return _blocked(case, by, f"{where}: {stop.step.name}.")
    doubt = "The model does not say so: what refuses here it does not see." if agreed is False else _cannot_tell(case)
    nobody = seen.answered is Answered.RST and case.decision is not None and case.decision.outcome == "deliver"
    by = "this machine's kernel" if nobody else ""
    return _blocked(case, by, f"{where} by this machine.", doubt=doubt)


def _icmp_words(seen: Attempted) -> str:
    return f"{seen.icmp[0]}/{seen.icmp[1]}" if seen.icmp else "unreachable"


# Accepted


def _accepted(case: Case) -> Arrival:
    seen = case.seen
    doubt = ""
    if agrees(case) is False:
        doubt = "The model says otherwise: it does not know what let this packet in."
    if not seen.established:
        return _unconfirmed(case, doubt)
    who = _program(case)
    said = read(seen.request, seen.response)
    passed = _passed(case)
    if seen.response:
        return _said(case, who, said, passed, doubt)
    if seen.ended:
        how = "reset it" if seen.ended == "reset" else "closed it"
        words = f"{who} took the connection and {how} without an answer."
        return _door_open(case, who, words, passed, good=False, doubt=doubt)
    if seen.left and not seen.request:
        words = f"It reached {who}: the connection stood, and {seen.source} closed it again without asking anything."
        return _door_open(case, who, words, passed, good=None, doubt=doubt)
    if not seen.request:
        words = f"It reached {who}: the connection stands. {seen.source} has asked nothing yet."
        return _door_open(case, who, words, passed, good=None, doubt=doubt)
    finding = _finding(case) if case.journey.stop and case.journey.stop.ending is Ending.SILENT else None
    why = f" {finding.verdict.summary}" if finding else ""
    waits = f"did not answer, and {seen.source} gave up waiting" if seen.left else "has not answered the request so far"
    words = f"It reached {who}, which {waits}.{why}"
    good = False if finding or seen.left else None
    return _door_open(case, who, words, passed, good=good, doubt=doubt, finding=finding)


def _said(case: Case, who: str, said: Said, passed: tuple[str, ...], doubt: str) -> Arrival:
    words = f"It reached {who}, which answered: {said.words}."
    if said.hint:
        words += f" {said.hint}"
    made = _door_open(case, who, words, passed, good=said.good, doubt=doubt, reply=said.words)
    return replace(made, status=said.status)


def _unconfirmed(case: Case, doubt: str) -> Arrival:
    """The SYN-ACK left, and the device never said that it has it."""
    seen = case.seen
    other = f" (it arrived on {seen.interface})" if seen.answered_on != seen.interface else ""
    words = (
        f"It arrived on {seen.interface} and was accepted: the answer left on {seen.answered_on}{other}, but {seen.source}"
        " never confirmed it. The answer is lost on its way back: another gateway, a router's or the device's own firewall."
    )
    return Arrival(
        seen, "the way back", words, False, passed=_passed(case), program=_program(case), doubt=doubt,
        more=_more(_passed_words(_passed(case)), "answered, and the answer was not confirmed", doubt),
    )  # fmt: skip


def _own_page(case: Case) -> Arrival:
    seen = case.seen
    served = bool(seen.response)
    if served:
        words = (
            "The wizard's own page was opened: network and firewall are fine. What is still wrong is your program's."
        )
    elif seen.answered is Answered.SYN_ACK:
        words = "The connection to the wizard's own page stands: network and firewall let it in."
    else:
        return _unanswered(case) if seen.answered is Answered.NOTHING else _refused(case)
    if seen.request[:1] == b"\x16":
        words += " The device asked over https: the page speaks http only."
        served = True
    passed = _passed(case) if seen.how is How.PACKETS else ()
    more = _more(_passed_words(passed) if seen.how is How.PACKETS else "", "reached the wizard's own page", "")
    return Arrival(
        seen, "the wizard's own page", words, True if served else None, _passing_rule(case), passed,
        "the wizard's own page", "HTTP 200" if seen.response else "", 200 if seen.response else None,
        reached=True, more=more,
    )  # fmt: skip


def _in_the_table(case: Case) -> Arrival:
    """Without root: a connection in the kernel's table stands, and no more is known."""
    who = _program(case)
    if case.seen.established:
        words = f"{case.seen.source} reached {who}: the connection stands, so network and firewall let it in."
        return Arrival(case.seen, who, words, True, program=who, reached=True, more=_more(f"reached {who}", "", ""))
    words = (
        f"{case.seen.source} got this machine's answer and has not confirmed it yet: the way in is open,"
        " the way back may not be."
    )
    return Arrival(case.seen, "the way back", words, None, program=who, more=_more("answered, not confirmed", "", ""))


# Words


def decided_by(decision: Decision | None) -> str:
    """Who decided, as a person knows it: the front end's words and the rule behind them, or why no rule did."""
    if decision is None:
        return ""
    return rule_words(decision.by) if decision.by is not None else decision.reason


def rule_words(rule: RuleReference) -> str:
    """`ufw rule 3: 5000/tcp DENY IN Anywhere`, or `nftables inet filter input: tcp dport 5000 drop`."""
    where = f"{rule.engine} {rule.family} {rule.table} {rule.chain}"
    return rule.front_end_words or f"{where}: {rule.rule or rule.what}"


def _blocked(case: Case, by: str, conclusion: str, doubt: str = "") -> Arrival:
    stop = case.journey.stop
    finding = _finding(case) if agrees(case) and stop is not None else None
    rule = stop.decision.by if agrees(case) and stop is not None and stop.decision is not None else None
    own = "It came from this machine itself, over lo: that proves nothing about others." if case.seen.own else ""
    return Arrival(
        case.seen,
        by,
        conclusion,
        False,
        rule=rule,
        ref=finding.ref if finding else "",
        doubt=doubt,
        more=_more(_blocked_words(case, by), finding.verdict.summary if finding else "", doubt or own),
    )


def _blocked_words(case: Case, by: str) -> str:
    seen, stop = case.seen, case.journey.stop
    if seen.answered is Answered.RST:
        verb = "refused with a reset"
    elif seen.answered is Answered.ICMP:
        verb = f"refused with ICMP {_icmp_words(seen)}"
    elif seen.forwarded is not None and by:
        return f"sent on to {by}, which does not answer"
    elif agrees(case) and stop is not None and stop.ending in (Ending.REPLY_DROPPED, Ending.REPLY_NO_ROUTE):
        verb = "let in, but the answer is stopped"
    else:
        verb = "dropped" if by else "not answered"
    return f"{verb} by {by}" if by else verb


def _door_open(
    case: Case,
    who: str,
    conclusion: str,
    passed: tuple[str, ...],
    *,
    good: bool | None,
    doubt: str = "",
    reply: str = "",
    finding: Finding | None = None,
) -> Arrival:
    said = reply or _unsaid(case.seen)
    words = ", ".join(part for part in (_passed_words(passed), f"reached {who}", said) if part)
    own = "It came from this machine itself, over lo: no firewall was asked." if case.seen.own else ""
    return Arrival(
        case.seen, who, conclusion, good, rule=_passing_rule(case), passed=passed, program=who, reply=reply,
        ref=finding.ref if finding else "", doubt=doubt, reached=True, more=_more(words, doubt, own),
    )  # fmt: skip


def _unsaid(seen: Attempted) -> str:
    """What became of a connection in which the program said nothing."""
    if seen.left:
        return "no answer, the device gave up" if seen.request else "nothing was asked"
    return seen.ended or ("no answer yet" if seen.request else "")


def _more(*lines: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line)


def _passed(case: Case) -> tuple[str, ...]:
    """The rules and policies that let it in, those of filters first asked first; nothing where the model is in doubt."""
    decision = case.decision
    if decision is None or decision.outcome not in ("deliver", "forward") or case.seen.own:
        return ()
    filters = [each for each in decision.visited if each.hook in ("input", "forward") and each.table != "nat"]
    said = [each for each in filters if each.what == "rule" or each.front_end_words]
    return tuple(dict.fromkeys(rule_words(each) for each in said))


def _passed_words(passed: tuple[str, ...]) -> str:
    return f"passed {passed[-1]}" if passed else ""


def _passing_rule(case: Case) -> RuleReference | None:
    return case.decision.by if case.decision is not None else None


def _program(case: Case) -> str:
    if case.seen.forwarded is not None:
        return f"{bracketed(case.seen.forwarded.address)}:{case.seen.forwarded.port}"
    listener = case.journey.delivered_to
    return answers.who(case.facts, listener) if listener is not None else f"the program on port {case.seen.port}"


def _door(case: Case) -> str:
    return f"{bracketed(case.seen.destination)}:{case.seen.port}"


def _finding(case: Case) -> Finding | None:
    if case.journey.stop is None or case.journey.stop.step.action is not Action.STOP:
        return None
    return judge(case.facts, case.target, case.journey).blocking
