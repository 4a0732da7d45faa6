r"""Splits a line of iptables-save into words the way iptables-restore does.

    -A INPUT -p tcp -m comment --comment "a -j DROP \" b" -j ACCEPT

Only double quotes group and only a backslash inside them escapes (libxtables' add_param_to_argv); people also write
single quotes in files meant for a shell, which are taken as a shell would.
"""

from __future__ import annotations


def split(line: str) -> list[str]:
    """The words of `line`; a quotation mark that is never closed runs to the end."""
    words: list[str] = []
    current: list[str] = []
    quote = ""
    started = False
    characters = iter(line)
    for character in characters:
        if quote:
            if character == "\\" and quote == '"':
                current.append(next(characters, ""))
            elif character == quote:
                quote = ""
            else:
                current.append(character)
        elif character in "\"'":
            quote, started = character, True
        elif character == "\\":
            current.append(next(characters, ""))
            started = True
        elif character in " \t\r\n":
            if current or started:
                words.append("".join(current))
            current, started = [], False
        else:
            current.append(character)
    if current or started:
        words.append("".join(current))
    return words
