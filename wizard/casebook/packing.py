"""Captures as one compressed piece: the raw content of a bundle, kept in the case itself."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from wizard.errors import WizardError
from wizard.model.capture import Capture, Unknown

Captures = Mapping[str, Capture | Unknown]
MOST_BYTES = 512 * 1024 * 1024


def pack(captures: Captures) -> bytes:
    """The captures, in their order. ASCII, so that a lone surrogate in an answer is kept as well."""
    told = {name: _told(answer) for name, answer in captures.items()}
    return zlib.compress(json.dumps(told, separators=(",", ":")).encode("ascii"), 6)


def unpack(data: bytes) -> dict[str, Capture | Unknown]:
    """What was packed. Raises WizardError where it is damaged, or would swell beyond all bounds."""
    try:
        reader = zlib.decompressobj()
        text = reader.decompress(data, MOST_BYTES)
        if not reader.eof:
            raise ValueError("it is cut off or too large")
        return {name: _answer(name, told) for name, told in json.loads(text).items()}
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        hint = "check again: `wizard session check ID`."
        raise WizardError(
            "captures-damaged", "The answers kept with this run cannot be read.", str(error), hint
        ) from error


def as_root(captures: Captures) -> bool:
    """Whether the machine was asked as root, by what it said itself (`euid=0` of the capture `platform`)."""
    told = captures.get("platform")
    return isinstance(told, Capture) and "euid=0" in told.text.splitlines()


def _told(answer: Capture | Unknown) -> dict[str, Any]:
    if isinstance(answer, Unknown):
        return {"reason": answer.reason, "remedy": answer.remedy, "what": answer.what}
    return {
        "text": answer.text,
        "source": answer.source,
        "exit_code": answer.exit_code,
        "seconds": answer.seconds,
        "errors": answer.errors,
    }


def _answer(name: str, told: dict[str, Any]) -> Capture | Unknown:
    if "reason" in told:
        return Unknown(str(told["reason"]), str(told["remedy"]), str(told["what"]))
    source, errors = str(told["source"]), str(told["errors"])
    return Capture(name, str(told["text"]), source, int(told["exit_code"]), float(told["seconds"]), errors)
