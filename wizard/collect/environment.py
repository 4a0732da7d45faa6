"""The environment variables that matter: they change where a server listens, or how it must be started again.

An explicit list and no prefixes: FLASK_SECRET_KEY begins like FLASK_RUN_HOST, and a secret is never collected.
"""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = """
FLASK_APP FLASK_DEBUG FLASK_ENV FLASK_RUN_HOST FLASK_RUN_PORT FLASK_RUN_CERT FLASK_SKIP_DOTENV
WERKZEUG_RUN_MAIN WERKZEUG_SERVER_FD
DJANGO_SETTINGS_MODULE
GUNICORN_CMD_ARGS UVICORN_HOST UVICORN_PORT UVICORN_UDS UVICORN_FD UVICORN_RELOAD
HYPERCORN_BIND WAITRESS_LISTEN
STREAMLIT_SERVER_ADDRESS STREAMLIT_SERVER_PORT GRADIO_SERVER_NAME GRADIO_SERVER_PORT
VIRTUAL_ENV PYTHONPATH
HOST HOSTNAME PORT BIND BINDING ADDRESS LISTEN
NODE_ENV VITE_HOST NUXT_HOST NUXT_PORT NITRO_HOST NITRO_PORT
RAILS_ENV RACK_ENV
ASPNETCORE_URLS ASPNETCORE_HTTP_PORTS DOTNET_URLS
SERVER_ADDRESS SERVER_PORT
OLLAMA_HOST
LISTEN_FDS LISTEN_PID
"""
MATTERS = frozenset(_NAMES.split())


def that_matter(environment: bytes) -> dict[bytes, bytes]:
    """Those of /proc/PID/environ (NUL-terminated `NAME=value`) that matter."""
    pairs = (entry.partition(b"=") for entry in environment.split(b"\0"))
    return {name: value for name, _, value in pairs if name.decode("ascii", "replace") in MATTERS}


_SESSION = """
_ PWD OLDPWD SHLVL HOME USER LOGNAME MAIL SHELL TERM COLORTERM TERM_PROGRAM TERM_PROGRAM_VERSION LANG LANGUAGE PS1
LS_COLORS LINES COLUMNS DISPLAY WAYLAND_DISPLAY SSH_CLIENT SSH_CONNECTION SSH_TTY SSH_AUTH_SOCK SUDO_COMMAND SUDO_USER
SUDO_UID SUDO_GID DBUS_SESSION_BUS_ADDRESS DBUS_SYSTEM_BUS_ADDRESS WINDOWID TMUX TMUX_PANE STY HISTFILE HISTSIZE
LESSOPEN LESSCLOSE INVOCATION_ID JOURNAL_STREAM SYSTEMD_EXEC_PID PIDFILE VIRTUAL_ENV_PROMPT
"""
_OF_THE_SESSION = frozenset(_SESSION.split())


def withheld(environment: bytes, own: Mapping[bytes, bytes]) -> list[bytes]:
    """The names of what the process has beside that, and a new start from this terminal (`own`) would not: settings of the
    application itself, many of them secrets. Names only; their values are nobody's business."""
    names = []
    for entry in environment.split(b"\0"):
        name, equals, value = entry.partition(b"=")
        shown = name.decode("ascii", "replace")
        ours = shown in MATTERS or shown in _OF_THE_SESSION or shown.startswith(("XDG_", "LC_", "WIZARD_", "PYTEST_"))
        if equals and not ours and own.get(name) != value:
            names.append(name)
    return names
