"""Facts to findings: the catalogue of root causes, and what each of them says about one journey. Pure.

A cause is a module in `causes/`: `CAUSE` is its card, the docstring its page, and `check` its judgement. What `check` asks
for by name is what it needs: `target`, `journey`, `facts` (all of them), or any one field of `Facts`. A field that could
not be read never reaches it: the engine answers "cannot tell" in its place, with the reason and the remedy.

A cause that the client's side can only suspect, because the proof lies on the other machine, has a `suspect(target, facts,
journey)` too: a verdict with the question that would tell, or None.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType

from msgspec import Struct
from msgspec.structs import replace

from wizard.errors import ExitCode, WizardError
from wizard.judge import causes
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Certainty, Finding, Outcome, RootCause, Severity, Stage, Target, Verdict, cannot_tell
from wizard.model.facts import Facts
from wizard.model.journey import Journey

_STAGES = tuple(Stage)
_OPEN_ENDS = ("host-does-not-answer", "refused-by-other-machine")
_FACTS = frozenset(Facts.__struct_fields__)


class Judgement(Struct, frozen=True):
    """What the catalogue says about one journey, each part in the catalogue's order (stage, then ref)."""

    found: tuple[Finding, ...]
    ruled_out: tuple[Finding, ...]
    cannot_tell: tuple[Finding, ...]

    @property
    def blocking(self) -> Finding | None:
        """The cause that explains where the journey stops: of several that fit, the most specific one."""
        candidates = [each for each in self.found if each.cause.severity is Severity.BLOCKING]
        outranked = {ref for each in candidates for ref in each.cause.outranks}
        best = [each for each in candidates if each.ref not in outranked] or candidates
        return best[0] if best else None

    @property
    def leaves_open(self) -> bool:
        """The cause only says how an attempt from the client's side ended: what stands behind it is at the other end."""
        return self.blocking is not None and self.blocking.ref in _OPEN_ENDS

    @property
    def remarks(self) -> tuple[Finding, ...]:
        """What was found that does not stand in the way: warnings first."""
        found = [each for each in self.found if each.cause.severity is not Severity.BLOCKING]
        return tuple(sorted(found, key=lambda each: each.cause.severity is not Severity.WARNING))


@cache
def catalogue() -> tuple[ModuleType, ...]:
    """Every module in `causes/`, ordered by stage and then by ref."""
    names = [each.name for each in pkgutil.iter_modules(causes.__path__) if not each.name.startswith("_")]
    modules = (import_module(f"{causes.__name__}.{name}") for name in names)
    return tuple(sorted(modules, key=lambda module: (_STAGES.index(module.CAUSE.stage), module.CAUSE.ref)))


def judge(facts: Facts, target: Target, journey: Journey) -> Judgement:
    """Ask every cause about this journey."""
    findings = [_finding(module, facts, target, journey) for module in catalogue()]
    by = {outcome: tuple(each for each in findings if each.verdict.outcome is outcome) for outcome in Outcome}
    return Judgement(by[Outcome.FOUND], by[Outcome.RULED_OUT], by[Outcome.CANNOT_TELL])


def suspected(facts: Facts, target: Target, journey: Journey) -> tuple[Finding, ...]:
    """What may stand behind an end that the client's side sees: the surer ones first, then as they are ranked."""
    modules = [module for module in catalogue() if hasattr(module, "suspect")]
    findings = [
        Finding(module.CAUSE, verdict, summary_of(module))
        for module in sorted(modules, key=lambda module: (getattr(module, "RANK", 5), module.CAUSE.ref))
        if (verdict := module.suspect(target, facts, journey)) is not None
    ]
    return tuple(sorted(findings, key=lambda each: _SURENESS.index(each.verdict.certainty)))


_SURENESS = tuple(Certainty)


def _finding(module: ModuleType, facts: Facts, target: Target, journey: Journey) -> Finding:
    cause: RootCause = module.CAUSE
    verdict = _ask(module, facts, target, journey)
    if verdict.severity is not None:
        cause = replace(cause, severity=verdict.severity)
    return Finding(cause, verdict, summary_of(module))


def _ask(module: ModuleType, facts: Facts, target: Target, journey: Journey) -> Verdict:
    """A check never sees an unknown fact: "cannot tell" is answered in its place."""
    given: dict[str, object] = {"target": target, "journey": journey, "facts": facts}
    wanted = {name: given[name] if name in given else getattr(facts, name) for name in _needs(module)}
    for name, value in wanted.items():
        if isinstance(value, Unknown):
            return cannot_tell(f"{value.what or name.replace('_', ' ')}: {value.reason}", value.remedy)
    verdict: Verdict = module.check(**wanted)
    return verdict


@cache
def _needs(module: ModuleType) -> tuple[str, ...]:
    code = module.check.__code__  # `inspect` takes longer to load than all causes together
    names = tuple(code.co_varnames[: code.co_argcount])
    unknown = set(names) - _FACTS - {"target", "journey", "facts"}
    if unknown:
        raise TypeError(f"{module.__name__}.check asks for {unknown}, which is no fact")
    return names


def summary_of(module: ModuleType) -> str:
    """The first paragraph of a cause's page, on one line."""
    return " ".join((module.__doc__ or "").strip().split("\n\n", 1)[0].split())


def page(ref: str) -> tuple[RootCause, str]:
    """A cause's card and its whole page; an unknown ref gives an error that names the nearest ones."""
    known = {module.CAUSE.ref: module for module in catalogue()}
    if ref in known:
        return known[ref].CAUSE, (known[ref].__doc__ or "").strip()
    from difflib import get_close_matches

    near = get_close_matches(ref, known, 3, 0.4)
    hint = "did you mean " + " or ".join(near) + "?" if near else "`wizard explain` lists them all"
    raise WizardError("cause-not-known", f"There is no root cause called {ref[:60]!r}.", hint=hint, code=ExitCode.USAGE)
