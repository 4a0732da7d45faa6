"""The proxy variables that curl, Python and most other programs take from their environment, as env(1) prints them."""

from __future__ import annotations

import os

NAMES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")


def read() -> str:
    """`http_proxy=http://10.0.0.1:3128`, a variable a line, lower case and upper case as found."""
    found = [name for name in os.environ if name.lower() in NAMES]
    return "".join(f"{name}={_one_line(os.environ[name])}\n" for name in sorted(found))


def _one_line(value: str) -> str:
    return value.replace("\n", " ").encode("utf-8", "backslashreplace").decode()
