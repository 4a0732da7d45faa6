"""A command as the exact line to paste, quoted for the shell that it is meant for.

The line holds no character that a terminal would act on: in `sh` such characters are spelled with printf, so that what is
shown, what is copied and what is run are the same text (a newline that ends an argument is the one exception: command
substitution would strip it). `sudo` is put in front here and nowhere else, and only for a
person who is not root: the JSON says `"as": "root"` instead, because the machine may have no sudo.
"""

from __future__ import annotations

import re

from wizard.model.remedy import Run, Shell

_PLAIN_SH = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_PLAIN_POWERSHELL = re.compile(r"[A-Za-z0-9_+:./\\=-]+")
_PLAIN_CMD = re.compile(r"[A-Za-z0-9_+:./\\=@,-]+")
_CMD_SPECIAL = re.compile(r'([()%!^"<>&|])')
# PowerShell takes the typographic single quotes for the plain one (about_Quoting_Rules).
_POWERSHELL_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")


def command(run: Run, *, sudo: bool = False) -> str:
    """The line to paste into `run.shell`. With `sudo`, a step that needs root is run through it (sh only)."""
    if run.shell is Shell.POWERSHELL:
        return _powershell(run)
    if run.shell is Shell.CMD:
        return _cmd(run)
    return _sh(run, sudo=sudo and run.root)


def sh(argument: str) -> str:
    """One word for a POSIX shell: bare, in single quotes, or with its unprintable pieces spelled in octal by printf."""
    if _PLAIN_SH.fullmatch(argument):
        return argument
    if argument.isprintable():
        return _single_quoted(argument)
    # A newline is spelled together with the character behind it, or the shell would strip it.
    pieces = re.split("((?:\n+[^\n]|[^\x20-\x7e\n])+|\n+$)", argument)
    return "".join(_piece(piece) for piece in pieces if piece)


def powershell(argument: str) -> str:
    """One word for PowerShell: inside single quotes nothing is special but the quotes themselves."""
    # What looks like a parameter is cut at its first period or colon on the way to a program: `-Dserver.port=1`.
    cut = argument.startswith("-") and not argument.startswith("--") and any(sign in argument for sign in ".:")
    if _PLAIN_POWERSHELL.fullmatch(argument) and not cut:
        return argument
    return _powershell_text(argument)


def cmd(argument: str) -> str:
    """One word for cmd.exe: quoted as the C runtime splits it, then every character that cmd reads escaped with `^`."""
    if _PLAIN_CMD.fullmatch(argument):
        return argument
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', argument)
    escaped = re.sub(r"(\\+)$", r"\1\1", escaped)
    return _CMD_SPECIAL.sub(r"^\1", f'"{escaped}"')


def _single_quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _piece(piece: str) -> str:
    """A run of plain ASCII as it is, a run of anything else by printf."""
    if not piece.strip("\n") or (piece.isascii() and piece.isprintable()):
        return piece if _PLAIN_SH.fullmatch(piece) else _single_quoted(piece)
    octal = "".join(f"\\{byte:03o}" for byte in piece.encode("utf-8", "surrogateescape"))
    return f"\"$(printf '{octal}')\""


def _sh(run: Run, *, sudo: bool) -> str:
    environment = tuple(f"{name}={sh(value)}" for name, value in run.environment)
    if run.script and environment:
        # `NAME=value a | b` would reach `a` alone.
        line = " ".join(("env", *environment, "sh -c", sh(run.script)))
    elif run.script:
        line = run.script
    else:
        line = " ".join((*environment, *map(sh, run.argv)))
    placed = f"cd {_directory(run.cwd)} && {line}" if run.cwd else line
    if not sudo:
        return placed
    if run.script or run.cwd:
        return f"sudo sh -c {sh(placed)}"
    return " ".join(("sudo", *(("env", *environment) if environment else ()), *map(sh, run.argv)))


def _directory(path: str) -> str:
    """A directory that begins with a hyphen would be read as an option."""
    return f"-- {sh(path)}" if path.startswith("-") else sh(path)


def _powershell(run: Run) -> str:
    parts = [f"Set-Location -LiteralPath {powershell(run.cwd)}"] if run.cwd else []
    parts += [f"$env:{name} = {_powershell_text(value)}" for name, value in run.environment]
    if run.script:
        parts.append(run.script)
    elif run.argv:
        words = [powershell(argument) for argument in run.argv]
        # A quoted first word is a string, not a command, unless the call operator stands before it.
        call = "& " if words[0].startswith("'") else ""
        parts.append(call + " ".join(words))
    return "; ".join(parts)


def _powershell_text(value: str) -> str:
    return "'" + _POWERSHELL_QUOTES.sub(r"\1\1", value) + "'"


def _cmd(run: Run) -> str:
    parts = [f"cd /d {cmd(run.cwd)}"] if run.cwd else []
    parts += [_cmd_set(name, value) for name, value in run.environment]
    parts.append(run.script or " ".join(map(cmd, run.argv)))
    return "&& ".join(parts)


def _cmd_set(name: str, value: str) -> str:
    return "set " + _CMD_SPECIAL.sub(r"^\1", f"{name}={value}")
