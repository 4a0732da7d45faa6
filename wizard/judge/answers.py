"""What the program behind a socket is, and what it said when this machine asked it.

An attempt from this machine to itself proves what the program does, never what a firewall does: it runs over `lo`.
"""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from wizard.judge.sees import certificate
from wizard.knowledge.commandline import base_name
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Target
from wizard.model.facts import Address, Attempt, AttemptOutcome, Facts, Listener, Process
from wizard.model.journey import ClientSees, Ending

AIRPLAY = "airplay"


NO_TLS = ClientSees("tls-error", "ERR_SSL_PROTOCOL_ERROR", None, 35)


class Rival(Struct, frozen=True):
    """Another program shares or takes the port: `kind` is `shared` (SO_REUSEPORT), `shadowed` (a more specific bind), or
    `AIRPLAY`."""

    kind: str
    summary: str
    taken_by: tuple[Listener, ...]
    meant: tuple[Listener, ...]
    sees: ClientSees | None = None
    """What it is known to answer."""


class Fault(Struct, frozen=True):
    """What is wrong with an application's answer."""

    ending: Ending
    summary: str
    sees: ClientSees


def owner(facts: Facts, listener: Listener | None) -> Process | None:
    """The process that holds the socket: of a family that shares it, the one that stands at the top."""
    if listener is None or not listener.owners or isinstance(facts.processes, Unknown):
        return None
    owners = [facts.processes[each.pid] for each in listener.owners if each.pid in facts.processes]
    if not owners:
        return None
    pids = {each.pid for each in owners}
    return next((each for each in owners if each.parent not in pids), owners[0])


def who(facts: Facts, listener: Listener) -> str:
    """The owner in words, or what is known of it."""
    process = owner(facts, listener)
    if process is not None:
        return described(process)
    if listener.owners:
        return f"{listener.owners[0].name or 'a program'} (pid {listener.owners[0].pid})"
    return "a program of another user (its name needs root)" if listener.owners is None else "a program"


def described(process: Process) -> str:
    """`flask run (pid 4242)`: the program's own name and first words, without the interpreter in front."""
    return f"{title(process)} (pid {process.pid})"


def title(process: Process) -> str:
    """What a person would call the program: `flask run`, `gunicorn`, `python app.py`."""
    words = [word for word in process.argv if word]
    if not words:
        return process.name
    first = base_name(words[0]) if "\\" in words[0] else words[0].rpartition("/")[2]
    if not first.startswith(("python", "node", "ruby", "perl", "bash", "sh", "pypy")) or len(words) == 1:
        return first.removesuffix(":") if " " not in first else process.name
    if words[1] == "-m" and len(words) > 2:
        return " ".join([words[2], *_subcommand(words[3:])])
    if words[1].startswith("-"):
        return process.name
    script = words[1].replace("\\", "/").rpartition("/")[2]
    if "." in script:
        return f"{first.rstrip('0123456789.')} {script}"
    return " ".join([script, *_subcommand(words[2:])])


_SUBCOMMANDS = ("run", "runserver", "serve", "dev", "start", "preview")


def _subcommand(words: list[str]) -> list[str]:
    """The word that says what the program does, wherever it stands among its options: `flask --app shop run`."""
    return [word for word in words if word in _SUBCOMMANDS][:1]


def family(facts: Facts, listener: Listener) -> frozenset[int]:
    """The pids of a socket's owners with their parents: what belongs to one program (a master and its workers)."""
    if not listener.owners:
        return frozenset()
    pids = {each.pid for each in listener.owners}
    if isinstance(facts.processes, Unknown):
        return frozenset(pids)
    parents = {facts.processes[pid].parent for pid in pids if pid in facts.processes}
    return frozenset(pids | {each for each in parents if each is not None and each > 1 and _is_program(facts, each)})


def _is_program(facts: Facts, pid: int) -> bool:
    """A parent that is itself of the program, rather than the shell or the supervisor that started it."""
    if isinstance(facts.processes, Unknown) or pid not in facts.processes:
        return False
    name = facts.processes[pid].name
    return name not in (
        "sh",
        "bash",
        "zsh",
        "fish",
        "dash",
        "systemd",
        "init",
        "tmux",
        "screen",
        "sshd",
        "login",
        "sudo",
        "cmd.exe",
        "powershell.exe",
        "pwsh.exe",
        "explorer.exe",
        "WindowsTerminal.exe",
        "services.exe",
    )


def same_program(facts: Facts, one: Listener, other: Listener) -> bool:
    """Whether two sockets belong to one program; True where their owners are not known (nothing to hold against them)."""
    if not one.owners or not other.owners:
        return True
    return bool(family(facts, one) & family(facts, other))


def rival(facts: Facts, found: tuple[Listener, ...], near: tuple[Listener, ...]) -> Rival | None:
    """A second program on the port that is reached in place of the first, or every other time."""
    taken = found[0]
    if _is_airplay(facts, taken):
        meant = tuple(each for each in near if not _is_airplay(facts, each))
        said = f"macOS's AirPlay Receiver (Control Center) holds port {taken.port} on every address"
        return Rival(AIRPLAY, said, (taken,), meant, ClientSees("http-error", None, None, 0))
    strangers = tuple(each for each in found[1:] if not same_program(facts, taken, each))
    if strangers:
        names = " and ".join(dict.fromkeys(who(facts, each) for each in (taken, *strangers)))
        return Rival(
            "shared", f"{names} share the port: each connection goes to one of them at random", found, strangers
        )
    if taken.address.is_unspecified or taken.device:
        return None
    shadowed = tuple(
        each
        for each in near
        if each.address.is_unspecified and not each.device and not same_program(facts, taken, each)
    )
    if not shadowed:
        return None
    summary = (
        f"{who(facts, taken)} holds {taken.address} itself, in front of {who(facts, shadowed[0])} on every address"
    )
    return Rival("shadowed", summary, (taken,), shadowed)


def _is_airplay(facts: Facts, listener: Listener) -> bool:
    """Control Center on 5000 or 7000; lsof cuts its name to `ControlCe`."""
    names = [owner.name for owner in listener.owners or ()]
    return facts.platform == "macos" and listener.port in (5000, 7000) and any(n.startswith("ControlCe") for n in names)


def attempts(facts: Facts) -> tuple[Attempt, ...]:
    """The attempts that were made, or none."""
    return () if isinstance(facts.attempts, Unknown) else facts.attempts


def of_connection(facts: Facts, address: Address, port: int) -> Attempt | None:
    """The attempt toward exactly this address and port, if one was made."""
    return next((each for each in attempts(facts) if (each.address, each.port) == (address, port)), None)


def of_application(facts: Facts, listener: Listener | None, address: Address, port: int) -> tuple[Attempt, ...]:
    """The attempts that reached this program, the first one first: at the address dialled, or (a loopback bind) at the
    one it listens on."""
    made = [each for each in attempts(facts) if each.port == port and each.outcome is AttemptOutcome.CONNECTED]
    exact = tuple(each for each in made if each.address == address)
    if exact or listener is None:
        return exact
    return tuple(made)


def fault(made: tuple[Attempt, ...], target: Target) -> Fault | None:
    """What is wrong with the answers, or None: an HTTP error of the application's own (a 404, a 500) is an answer.

    `made` holds the plain request, the TLS one, or (where the first left doubt) both."""
    plain = next((each for each in made if each.sent == "http"), None)
    secure = next((each for each in made if each.sent == "tls"), None)
    if target.scheme == "https":
        return _over_tls(secure, plain, target)
    if plain is None:
        return None
    if secure is not None and secure.tls == "ok" and plain.status in (None, 400):
        return _plain_to_tls(plain)
    if not plain.banner:
        return _no_bytes(plain)
    if host_refused(plain):
        sees = ClientSees("http-error", None, None, 0)
        return Fault(Ending.APPLICATION_REFUSED, f"refuses the name in the URL (HTTP {plain.status})", sees)
    if plain.status is None:
        sees = ClientSees("http-error", "ERR_INVALID_HTTP_RESPONSE", None, 1)
        return Fault(Ending.WRONG_PROTOCOL, "answers something that is not HTTP", sees)
    return _sent_away(plain, target)


def _over_tls(secure: Attempt | None, plain: Attempt | None, target: Target) -> Fault | None:
    if secure is not None and secure.certificate:
        said = secure.certificate_says or secure.certificate
        return Fault(Ending.NOT_BELIEVED, f"its certificate is not believed ({said})", certificate(secure.certificate))
    if secure is None or secure.tls == "ok":
        return None if secure is None else _sent_away(secure, target)
    if refusal := tls_refusal(secure):
        sees = ClientSees("tls-error", refusal, None, 35)
        return Fault(Ending.WRONG_PROTOCOL, f"refuses the browser's TLS ({secure.tls})", sees)
    if plain is None or not plain.banner:
        return _cut_off(secure)
    sees = ClientSees("tls-error", "ERR_SSL_PROTOCOL_ERROR", None, 35)
    return Fault(Ending.WRONG_PROTOCOL, f"does not speak TLS ({secure.tls})", sees)


# OpenSSL's words for the alerts of RFC 8446 section 6.2, and Chrome's codes for them (net/socket/ssl_client_socket_impl.cc).
_TLS_REFUSALS = {
    "ALERT_PROTOCOL_VERSION": "ERR_SSL_VERSION_OR_CIPHER_MISMATCH",
    "ALERT_HANDSHAKE_FAILURE": "ERR_SSL_VERSION_OR_CIPHER_MISMATCH",
    "UNSUPPORTED_PROTOCOL": "ERR_SSL_VERSION_OR_CIPHER_MISMATCH",
    "UNRECOGNIZED_NAME": "ERR_SSL_UNRECOGNIZED_NAME_ALERT",
}


def tls_refusal(attempt: Attempt) -> str:
    """Chrome's code where the server speaks TLS and refuses the handshake; empty where it did something else."""
    return next((code for words, code in _TLS_REFUSALS.items() if words in attempt.tls), "")


def _sent_away(attempt: Attempt, target: Target) -> Fault | None:
    """A redirect to an address that means whatever device follows it."""
    where = redirected_to(attempt)
    host = _host_of(where)
    here = target.vantage is not None and target.vantage.is_loopback
    if not host or not is_self(host) or here:
        return None
    sees = ClientSees("refused", "ERR_CONNECTION_REFUSED", "ECONNREFUSED", 0)
    return Fault(Ending.REDIRECTED_AWAY, f"redirects to {where}", sees)


def header(attempt: Attempt, name: str) -> str:
    """A header of the answer, or empty."""
    head = attempt.banner.partition(b"\r\n\r\n")[0].decode("latin-1")
    for line in head.split("\r\n")[1:]:
        field, colon, value = line.partition(":")
        if colon and field.strip().lower() == name.lower():
            return value.strip()
    return ""


def redirected_to(attempt: Attempt) -> str:
    """Where a redirect leads, as the answer writes it; empty where it is none."""
    return header(attempt, "Location") if attempt.status in (301, 302, 303, 307, 308) else ""


def _host_of(url: str) -> str:
    """The host of an absolute URL; empty for a relative one."""
    if "://" not in url and not url.startswith("//"):
        return ""
    authority = re.split(r"[/?#]", url.partition("//")[2], maxsplit=1)[0].rpartition("@")[2]
    return authority[1:].partition("]")[0] if authority.startswith("[") else authority.partition(":")[0]


def _cut_off(attempt: Attempt) -> Fault | None:
    """The handshake gets no answer; Chrome and curl have words of their own for it."""
    fault = _no_bytes(attempt)
    if fault is None or attempt.ended == "open":
        return fault
    code = "ERR_CONNECTION_RESET" if attempt.ended == "reset" else "ERR_CONNECTION_CLOSED"
    return replace(fault, sees=replace(fault.sees, browser=code, curl=35))


def _plain_to_tls(attempt: Attempt) -> Fault:
    """nginx answers a plain request on a TLS port with a 400 of its own; most others close or reset."""
    if attempt.status == 400:
        sees = ClientSees("http-error", None, None, 0)
        return Fault(Ending.WRONG_PROTOCOL, "speaks TLS: a plain request is refused (400)", sees)
    reset = attempt.ended == "reset"
    sees = (
        ClientSees("reset", "ERR_CONNECTION_RESET", "ECONNRESET", 56)
        if reset
        else ClientSees("empty", "ERR_EMPTY_RESPONSE", None, 52)
    )
    return Fault(Ending.WRONG_PROTOCOL, "speaks TLS, and a plain request gets no answer", sees)


def _no_bytes(attempt: Attempt) -> Fault | None:
    if attempt.ended == "open":
        sees = ClientSees("timeout", None, None, 28)
        return Fault(Ending.SILENT, "takes the connection and says nothing", sees)
    if attempt.ended == "reset":
        sees = ClientSees("reset", "ERR_CONNECTION_RESET", "ECONNRESET", 56)
        return Fault(Ending.CLOSED, "takes the connection and resets it", sees)
    sees = ClientSees("empty", "ERR_EMPTY_RESPONSE", None, 52)
    return Fault(Ending.CLOSED, "takes the connection and closes it without an answer", sees)


_HOST_REFUSALS = (
    b"DisallowedHost",
    b"Invalid HTTP_HOST header",
    b"Invalid Host header",
    b"Blocked host",
    b"Blocked request",
    b"is not allowed",
    b"Invalid host header",
    b"Invalid Hostname",
    b"Host not allowed",
    b"host is not allowed",
    b"Bad Request (400)",
)


def host_refused(attempt: Attempt) -> bool:
    """Whether the application refused the Host header: Django's 400, Vite's and Rails' 403, webpack's words, Starlette's
    TrustedHostMiddleware (`Invalid host header`). Django without DEBUG says only `Bad Request (400)`."""
    if attempt.status not in (400, 403, 421):
        return False
    return any(words in attempt.banner for words in _HOST_REFUSALS)


def self_address(target: Target) -> str:
    """`loopback` or `wildcard` where the URL's host means the device itself, else empty."""
    return "wildcard" if target.host in ("0.0.0.0", "::") else "loopback" if is_self(target.host) else ""


def is_self(host: str) -> bool:
    """Whether a URL's host means whatever device opens it: loopback, its names (RFC 6761), or a wildcard."""
    name = host.lower().rstrip(".")
    return name in ("0.0.0.0", "::", "::1", "localhost") or name.endswith(".localhost") or name.startswith("127.")


def is_whole(attempt: Attempt) -> bool:
    """Whether the answer came, and all of it as far as its own length tells (RFC 9112 section 6)."""
    if not attempt.banner:
        return False
    _, end, body = attempt.banner.partition(b"\r\n\r\n")
    if not end:
        return False
    length = header(attempt, "Content-Length")
    most = len(attempt.banner) >= 64 * 1024
    return most or not length.isdigit() or len(body) >= int(length)
