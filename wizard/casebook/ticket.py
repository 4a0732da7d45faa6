"""One report as a file that can be sent: names, addresses and secrets replaced."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from wizard.casebook import reading
from wizard.casebook.export import options_without_names
from wizard.casebook.files import write_new
from wizard.casebook.packing import as_root
from wizard.collect.redact import Redaction
from wizard.errors import WizardError
from wizard.model.capture import Capture, Unknown
from wizard.model.options import Options
from wizard.model.report import Report


def save_ticket(
    report: Report,
    captures: Mapping[str, Capture | Unknown],
    *,
    options: Options | None = None,
    folder: Path | str | None = None,
    redacted: bool = True,
) -> Path:
    """Writes the report as a self-contained HTML file, for its reader alone (0600), and says where it is.

    It goes to `folder`, or else to the folder one is in, or home, wherever one may write. `options` are those of the
    diagnosis. Raises WizardError where none of them can be written.
    """
    from wizard.present import html

    shown = _redacted(report, captures, options or Options()) if redacted else report
    page = html.render(shown, redacted=redacted)
    when = datetime.fromtimestamp(report.taken_at, UTC).strftime("%Y%m%d-%H%M%S")
    name = f"wizard-ticket-{report.target.port}-{when}"
    folders = [Path(folder)] if folder is not None else [Path.cwd(), Path.home()]
    why = ""
    for each in folders:
        try:
            return _written(each, name, page)
        except OSError as error:
            why = why or f"{each}: {error.strerror or error}"
    hint = "begin in a folder where you may write."
    raise WizardError("ticket-not-written", "The ticket could not be written.", why, hint)


def _redacted(report: Report, captures: Mapping[str, Capture | Unknown], options: Options) -> Report:
    """The same diagnosis, made of answers in which everything telling is replaced."""
    redaction = Redaction()
    redaction.learn(captures, report.target.text, (options.symptom, options.vantage))
    return reading.report_of(
        redaction.text(report.target.text),
        redaction.captures(captures),
        options_without_names(options, redaction, report.target.addresses),
        platform=report.platform,
        taken_at=report.taken_at,
        privileged=as_root(captures),
    )


def _written(folder: Path, name: str, page: str) -> Path:
    """A new file: nothing that is there is ever written over."""
    for number in range(1, 1000):
        path = folder / (f"{name}.html" if number == 1 else f"{name}-{number}.html")
        with suppress(FileExistsError):
            write_new(path, page)
            return path
    raise FileExistsError(17, "too many tickets of this name are there", str(folder))
