"""A bundle: what a machine answered, kept to be read on another day and another machine. Raw text only, never facts.

    bundle.toml                 format = 1
                                taken_at = 1760000000.0
                                platform = "linux"
                                privileged = true
                                target = "5000"
                                redacted = false
                                wizard = "0.1.0"
    captures.toml               ["ss-listeners"]                        ["nft-json"]
                                source = "ss -H -ltunpe"                reason = "nft answered ..."
                                file = "ss-listeners.txt"               remedy = "sudo nft -j list ruleset"
                                exit_code = 0                           what = "the nftables ruleset"
                                seconds = 0.04
                                errors = ""
    captures/ss-listeners.txt   tcp LISTEN 0 128 ...

A bundle of `platform_scripts/` is the same, in a folder or a tar.gz.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from wizard.collect import bundle_files
from wizard.collect.source import Source, Tell
from wizard.errors import WizardError
from wizard.model.capture import Capture, Probe, Unknown
from wizard.version import __version__

FORMAT = 1
CAPTURES = "captures.toml"
FOLDER = "captures/"
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Kept:
    """Answers that were kept, as a Source: it holds what it holds and cannot be asked more."""

    live = False

    def __init__(
        self, captures: dict[str, Capture | Unknown], platform: str, taken_at: float, privileged: bool
    ) -> None:
        self.captures = captures
        self.platform = platform
        self.taken_at = taken_at
        self.privileged = privileged

    def gather(self, probes: Iterable[Probe], tell: Tell | None = None) -> dict[str, Capture | Unknown]:
        """Everything that was kept, and for each probe that was not an Unknown that says so."""
        absent = [probe for probe in probes if probe.name not in self.captures and probe.comes_first]
        lacking = {probe.name: Unknown("the bundle does not have it", probe.remedy, probe.asks) for probe in absent}
        if tell is not None:
            tell(f"read {len(self.captures)} answers from the bundle")
        return {**self.captures, **lacking}


class BundleSource(Kept):
    """A bundle as a Source. Raises WizardError where it cannot be used; a capture that is damaged is an Unknown."""

    def __init__(self, path: Path | str) -> None:
        where = Path(path)
        files = bundle_files.read(where)
        about = _toml(files.get(bundle_files.MANIFEST, b""), bundle_files.MANIFEST, where)
        if about.get("format") != FORMAT:
            why = f"Its format is {about.get('format')!r}; this wizard reads format {FORMAT}."
            raise WizardError(
                "bundle-format", f"{where} was written by another version.", why, "use the wizard that wrote it."
            )
        try:
            platform, taken_at = str(about["platform"]), float(about["taken_at"])
        except (KeyError, TypeError, ValueError) as error:
            raise bundle_files.damaged(where, f"its {bundle_files.MANIFEST} does not say {error}") from error
        # collect.cmd may have no clock that counts seconds: 0 then, and the file's own time counts.
        taken_at = taken_at or where.stat().st_mtime
        captures = _captures(_toml(files.get(CAPTURES), CAPTURES, where), files, _reader(platform, files))
        super().__init__(captures, platform, taken_at, about.get("privileged") is True)
        self.target = str(about.get("target", ""))
        self.redacted = about.get("redacted") is True


def _toml(data: bytes | None, name: str, where: Path) -> dict[str, Any]:
    if data is None:
        raise bundle_files.damaged(where, f"it has no {name}")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bundle_files.damaged(where, f"its {name} cannot be read: {error}") from error


def _reader(platform: str, files: Mapping[str, bytes]) -> Callable[[bytes], str]:
    """How the captures' bytes become text: on Windows by the code page that the machine's console had."""
    if platform != "windows":
        return lambda data: data.decode("utf-8", "backslashreplace")
    from wizard.knowledge.code_pages import code_page_of, decode

    page = code_page_of(decode(files.get(f"{FOLDER}code-page.txt", b"")))
    return lambda data: decode(data, page).replace("\r\n", "\n")


def _captures(
    told: Mapping[str, Any], files: Mapping[str, bytes], read: Callable[[bytes], str]
) -> dict[str, Capture | Unknown]:
    return {probe: _capture(probe, entry, files, read) for probe, entry in told.items() if isinstance(entry, dict)}


def _capture(
    probe: str, entry: Mapping[str, Any], files: Mapping[str, bytes], read: Callable[[bytes], str]
) -> Capture | Unknown:
    what = str(entry.get("what", probe))
    if "reason" in entry:
        return Unknown(str(entry["reason"]), str(entry.get("remedy", "")), what)
    name = str(entry.get("file", ""))
    data = files.get(FOLDER + name) if _FILE_NAME.fullmatch(name) else None
    if data is None:
        return Unknown(f"the bundle's file {name!r} is missing", str(entry.get("remedy", "")), what)
    try:
        exit_code, seconds = int(entry.get("exit_code", 0)), float(entry.get("seconds", 0.0))
    except (TypeError, ValueError):
        return Unknown("the bundle's entry is damaged", str(entry.get("remedy", "")), what)
    text = read(data)
    return Capture(probe, text, str(entry.get("source", probe)), exit_code, seconds, str(entry.get("errors", "")))


def save(
    path: Path | str,
    source: Source,
    captures: Mapping[str, Capture | Unknown],
    target: str = "",
    redacted: bool = False,
) -> None:
    """Writes a bundle: a folder, or by the name's ending a zip or tar.gz. Raises WizardError; writes all or nothing."""
    about = {
        "format": FORMAT,
        "taken_at": source.taken_at,
        "platform": source.platform,
        "privileged": source.privileged,
        "target": target,
        "redacted": redacted,
        "wizard": __version__,
    }
    files = {bundle_files.MANIFEST: _lines(about), CAPTURES: b""}
    tables = []
    for number, (probe, answer) in enumerate(captures.items(), start=1):
        entry = _entry(answer)
        if isinstance(answer, Capture):
            name = f"{probe}.txt" if _FILE_NAME.fullmatch(f"{probe}.txt") else f"capture-{number}.txt"
            entry["file"] = name
            files[FOLDER + name] = answer.text.encode("utf-8", "backslashreplace")
        tables.append(f"[{_value(probe)}]\n".encode() + _lines(entry))
    files[CAPTURES] = b"\n".join(tables)
    bundle_files.write(Path(path), files)


def _entry(answer: Capture | Unknown) -> dict[str, Any]:
    if isinstance(answer, Unknown):
        return {"reason": answer.reason, "remedy": answer.remedy, "what": answer.what}
    return {
        "source": answer.source,
        "exit_code": answer.exit_code,
        "seconds": answer.seconds,
        "errors": answer.errors,
    }


def _lines(values: Mapping[str, Any]) -> bytes:
    return "".join(f"{name} = {_value(value)}\n" for name, value in values.items()).encode("utf-8", "backslashreplace")


def _value(value: str | float | bool) -> str:
    """A TOML value. A JSON string is a TOML basic string, but for DEL, which TOML wants escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
