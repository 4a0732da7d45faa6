"""Reads `codesign -dv --verbose=2 PROGRAM` of several programs, each headed by a line of our own:

# /opt/homebrew/bin/python3.12
Executable=/opt/homebrew/bin/python3.12
Identifier=python3
Signature=adhoc
# /usr/bin/nc
Authority=Software Signing
# /Applications/Zoom.app
Authority=Developer ID Application: Zoom Video Communications, Inc. (BJ4HAAB9B3)
# /tmp/a.out
/tmp/a.out: code object is not signed at all
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.model.capture import Parsed
from wizard.model.macos import Signature


def parse(text: str, source: str = "codesign") -> Parsed[Mapping[str, Signature]]:
    """The kind of signature by path; a program of which nothing was understood has no entry."""
    found: dict[str, Signature] = {}
    path = ""
    for line in text.splitlines():
        if line.startswith("# "):
            path = line[2:].strip()
        elif path and path not in found and (kind := _kind(line.strip())):
            found[path] = kind
    return Parsed(found)


def _kind(line: str) -> Signature | None:
    if line == "Signature=adhoc":
        return Signature.AD_HOC
    if "not signed at all" in line:
        return Signature.NONE
    if line == "Authority=Software Signing":
        return Signature.APPLE
    if line.startswith(("Authority=Developer ID", "Authority=Apple Mac OS Application Signing")):
        return Signature.DEVELOPER
    return None
