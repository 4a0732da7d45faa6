"""`wizard explain [REF]`: the page of one root cause, the list of all, or a search (also by a whole error text)."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from textwrap import shorten

from wizard.cli import arguments
from wizard.errors import ExitCode, WizardError
from wizard.judge import catalogue
from wizard.knowledge import Framework
from wizard.knowledge.pages import KnowledgePage, pages
from wizard.knowledge.search import Entry, Hit, frameworks_in, search, usual_causes
from wizard.model.diagnosis import RootCause, Stage
from wizard.present import explain as shown

_EXAMPLES = """  wizard explain                       every root cause, by stage
  wizard explain loopback-only-bind
  wizard explain ERR_CONNECTION_TIMED_OUT
  wizard explain --search vite
  wizard explain --search "192.168.1.100 refused to connect. ERR_CONNECTION_REFUSED"
"""
_SCHEMA = "wizard.explain/1"
_NAME = re.compile(r"[a-z0-9-]+")
"""What a name looks like; anything else in its place is a text to search for (`wizard explain ERR_UNSAFE_PORT`)."""


def main(given: list[str]) -> int:
    """Print one page, the list, or what was found (exit 3: nothing was)."""
    parser = arguments.Parser(
        "wizard explain", "What a root cause is, how to see it, how to fix and undo it.", _EXAMPLES
    )
    parser.add_argument("ref", nargs="*", metavar="REF", help="a root cause's name, as a report shows it")
    parser.add_argument(
        "--search", metavar="WORDS", nargs="+", help="a word, a framework, or an error text as it stands"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    parsed = parser.parse_args(given)
    ref = " ".join(parsed.ref)
    if parsed.search or (ref and not _NAME.fullmatch(ref)):
        return _search(" ".join((ref, *(parsed.search or ()))).strip(), json=parsed.json)
    if not ref:
        _say({"schema": _SCHEMA, "causes": [_card(each) for each in everything()]}, _listed(), json=parsed.json)
    else:
        found = _page(ref)
        told = {"schema": _SCHEMA, **_card(found), "sections": _sections(found.text)}
        _say(told, text_of(found), json=parsed.json)
    return ExitCode.CLEAR


@cache
def everything() -> tuple[KnowledgePage, ...]:
    """Every page, by stage and ref: the catalogue's, and those of `knowledge` that no cause module has taken over."""
    diagnosed = [_of_module(module.CAUSE, module.__doc__ or "") for module in catalogue()]
    refs = {page.ref for page in diagnosed}
    others = [page for page in pages() if page.ref not in refs]
    stages = [stage.value for stage in Stage]
    return tuple(sorted((*diagnosed, *others), key=lambda page: (stages.index(page.stage), page.ref)))


def text_of(page: KnowledgePage, width: int | None = None) -> str:
    """The page as it is printed."""
    width = width or min(arguments.width(), 100)
    cause = _cause(page.ref)
    return shown.page(cause, page.text, width=width) if cause else shown.knowledge_page(page, width=width)


def page_text(ref: str, width: int) -> str:
    """The page of `ref`, wrapped to `width`; an unknown ref gives an error that names the nearest ones."""
    return text_of(_page(ref), width)


def _of_module(cause: RootCause, docstring: str) -> KnowledgePage:
    return KnowledgePage(
        cause.ref, cause.stage.value, cause.title, "\n\n".join(shown.paragraphs(docstring)), cause.catalogue
    )


def _cause(ref: str) -> RootCause | None:
    return next((module.CAUSE for module in catalogue() if ref == module.CAUSE.ref), None)


def _page(ref: str) -> KnowledgePage:
    known = {page.ref: page for page in everything()}
    if ref in known:
        return known[ref]
    from difflib import get_close_matches

    near = get_close_matches(ref, known, 3, 0.4)
    hint = "did you mean " + " or ".join(near) + "? " if near else "`wizard explain` lists them all. "
    hint += f"Or search: wizard explain --search {ref[:60]}"
    raise WizardError("cause-not-known", f"There is no root cause called {ref[:60]!r}.", hint=hint, code=ExitCode.USAGE)


def _listed() -> str:
    lines: list[str] = []
    stage = ""
    for page in everything():
        if page.stage != stage:
            stage = page.stage
            lines.append(f"\n{stage}")
        lines.append(f"  {page.ref:<36} {page.title}{'' if _cause(page.ref) else ' ·'}")
    lines.append("\n· without a check of its own: the page says how to find out")
    return "\n".join(lines).lstrip("\n") + "\n"


def _search(query: str, *, json: bool) -> int:
    known = everything()
    hits = search(query, [Entry(page.ref, page.title, page.text) for page in known])
    named = frameworks_in(query)
    told = {
        "schema": _SCHEMA,
        "query": query,
        "causes": [{"ref": hit.ref, "title": hit.title, "why": hit.why} for hit in hits],
        "frameworks": [{"name": each.name, "title": each.title, "binds": binds(each)} for each in named],
    }
    _say(told, _found(query, hits, named), json=json)
    return ExitCode.CLEAR if hits or named else ExitCode.UNDETERMINED


def _found(query: str, hits: Sequence[Hit], named: Sequence[Framework]) -> str:
    lines: list[str] = []
    for framework in named:
        lines += [binds(framework), ""]
        if usual := usual_causes(framework):
            lines[-1:] = ["usually met with it: " + ", ".join(usual), ""]
    if not hits:
        lines.append(f"Nothing fits {shorten(query, 60)!r}. `wizard explain` lists every cause.")
    for number, hit in enumerate(hits, start=1):
        lines.append(f"{number:>2}  {hit.ref:<36} {hit.title}")
        if number == len(hits) or hits[number].why != hit.why:
            lines.append(f"    {hit.why}")
    if hits:
        lines += ["", f"wizard explain {hits[0].ref}"]
    from wizard.present.hostile import harmless

    return "\n".join(harmless(line) for line in lines) + "\n"


def binds(framework: Framework) -> str:
    """One sentence: where it listens unless told otherwise, and what sets it."""
    port = f":{framework.default_port}" if framework.default_port else ""
    where = f"listens on {framework.default_address}{port} unless told otherwise" if framework.default_address else ""
    options = {
        "host": "{} ADDRESS",
        "host:port": "{} ADDRESS:PORT",
        "positional": "ADDRESS:PORT behind the command",
        "environment": framework.address_environment + " sets the address",
    }.get(framework.address_form, "")
    sets = options.format(framework.address_options[0] if framework.address_options else "")
    if sets and framework.address_form != "environment":
        sets += " sets it"
    said = "; ".join(each for each in (where, sets) if each) or framework.advice
    return f"{framework.title}: {said}"


def _card(page: KnowledgePage) -> dict[str, object]:
    cause = _cause(page.ref)
    return {
        "ref": page.ref,
        "stage": page.stage,
        "title": page.title,
        "diagnosed": cause is not None,
        "severity": cause.severity.value if cause else None,
    }


def _sections(text: str) -> dict[str, str]:
    return {(head or "what happens").rstrip(":").lower(): body for head, body in shown.sections(text).items()}


def _say(told: Mapping[str, object], text: str, *, json: bool) -> None:
    if json:
        from json import dumps

        sys.stdout.write(dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(text)
