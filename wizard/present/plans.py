"""Plans as they are shown: each step as the line to paste, the edit to make, or what a person must do; and the way back."""

from __future__ import annotations

from msgspec import Struct

from wizard.model.remedy import Do, Edit, Instruction, Plan, Risk, Shell
from wizard.present import quoting
from wizard.present.hostile import harmless

PLACE = {"client": "on the other device", "router": "on the router", "server": "on the machine that serves"}
_SHELL = {Shell.SH: "", Shell.POWERSHELL: "in PowerShell", Shell.CMD: "in cmd"}
_PROOF = {"model": "in the model", "kernel": "by this kernel in a rehearsal"}


class StepView(Struct, frozen=True):
    """One step. `kind` is `run`, `edit` or `do`; `text` is the line as shown and `copy` what a copy key takes.

    `lead` stands before it where needed (`on the other device`, `edit /srv/app.py, line 12`); `removed` and `added` are the
    two lines of an edit.
    """

    kind: str
    text: str
    copy: str
    lead: str = ""
    note: str = ""
    removed: str = ""
    added: str = ""
    background: bool = False


class PlanView(Struct, frozen=True):
    """One remedy: what it opens and how sure that is in `promise`, its steps, and the way back."""

    finding: str
    title: str
    promise: str
    proved: bool
    steps: tuple[StepView, ...]
    undo: tuple[StepView, ...]
    verify: tuple[StepView, ...]
    warnings: tuple[str, ...]


def plan_view(plan: Plan, *, root: bool) -> PlanView:
    """A plan as it is shown; `root` False puts `sudo` before the commands that need it."""
    return PlanView(
        finding=plan.finding,
        title=harmless(plan.title),
        promise=promise((plan,)),
        proved=plan.proved,
        steps=tuple(step_view(step, root=root) for step in plan.steps),
        undo=tuple(step_view(step, root=root) for step in plan.undo),
        verify=tuple(step_view(step, root=root) for step in plan.verify),
        warnings=tuple(map(harmless, plan.warnings)),
    )


def undo_of(plans: tuple[Plan, ...], *, root: bool) -> tuple[StepView, ...]:
    """The way back from all of it: the last plan's undo first (CONTRACT)."""
    return tuple(step_view(step, root=root) for plan in reversed(plans) for step in plan.undo)


def promise(plans: tuple[Plan, ...]) -> str:
    """`opens 5000/tcp to 192.168.1.0/24, proved in the model, lasts until reboot`: of all the plans together."""
    if all(isinstance(step, Do) for plan in plans for step in plan.steps):
        return "by hand, so nothing is proved"
    opens = dict.fromkeys(harmless(plan.opens_to) for plan in plans if plan.opens_to)
    parts = [f"opens {'; '.join(opens)}" if opens else "opens nothing more"]
    parts.append(_proof(plans) if all(plan.proved for plan in plans) else "not proved")
    parts += dict.fromkeys(f"lasts {plan.persists}" for plan in plans if plan.persists != "yes")
    risks = {plan.risk for plan in plans}
    parts += [f"risk: {risk.value}" for risk in (Risk.HIGH, Risk.MEDIUM) if risk in risks][:1]
    return ", ".join(parts)


def _proof(plans: tuple[Plan, ...]) -> str:
    """By what all of the plans are proved."""
    shared = [by for by in plans[0].proved_by if all(by in plan.proved_by for plan in plans)]
    return f"proved {' and '.join(_PROOF.get(by, by) for by in shared)}".rstrip()


def step_view(step: Instruction, *, root: bool) -> StepView:
    """One instruction, ready to show and to copy."""
    if isinstance(step, Do):
        return StepView("do", harmless(step.text), step.text)
    if isinstance(step, Edit):
        return _edit(step)
    line = quoting.command(step, sudo=not root and step.where == "here")
    shell = _SHELL[step.shell] + (" as administrator" if step.root and step.shell is not Shell.SH else "")
    lead = ", ".join(filter(None, (PLACE.get(step.where, ""), shell)))
    return StepView("run", harmless(line), line, lead, harmless(step.note), background=step.background)


def _edit(step: Edit) -> StepView:
    removed, added = harmless(step.before.expandtabs(4)), harmless(step.after.expandtabs(4))
    place = f"edit {harmless(step.file)}, line {step.line}"
    return StepView("edit", f"- {removed} + {added}", step.after, place, harmless(step.note), removed, added)
