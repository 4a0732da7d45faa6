"""What an entry says: how the fault is made, what the client really gets, and what the wizard should say and do."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from msgspec import Struct

from tests.live.faults.servers import Server
from tests.live.lab import CLIENT, Lab

_FIREWALL = frozenset((
    "firewall-drops-port", "firewall-rejects-port", "client-address-banned", "allow-rule-comes-too-late",
    "dropped-before-input", "reply-blocked", "firewalld-zone-mismatch", "two-firewalls-disagree",
))  # fmt: skip

PAGE = "http://10.77.0.1:5000/"
PAGE6 = "http://[fd77::1]:5000/"


class Plan(Enum):
    """What kind of plan is expected."""

    RUNS = "commands and edits which, pasted in order, give HTTP 200"
    ADVICE = "only something for a person to do (another address to open, wait, the router)"
    EITHER = "commands or advice; commands, where given, are carried out and must not fail"
    NONE = "no plan: nothing stands in the way"


class Fault(Struct, frozen=True):
    """One broken (or healthy) machine. `curl`, `errno` and `status` are measured facts about it, checked without the
    wizard too; `refs` are the names that may come first, most often one; none for a healthy control."""

    name: str
    refs: tuple[str, ...] = ()
    curl: int = 0
    errno: str = "connected"
    status: int = 0
    serve: tuple[Server, ...] = ()
    before: str = ""
    """Lines for the server's shell, before the servers start."""
    after: str = ""
    """Lines for the server's shell, once they run."""
    build: Callable[[Lab], None] | None = None
    """What shell lines cannot do; called last."""
    firewall: Callable[[Lab], None] | None = None
    """ufw, firewalld, fail2ban: called after `before`."""
    target: str = PAGE
    """What is given to `wizard check`."""
    url: str = PAGE
    """What the client opens."""
    options: tuple[str, ...] = ("--from", CLIENT)
    behind: tuple[str, ...] = ()
    """Further blocking refs, which only show when the first is mended."""
    mentions: tuple[str, ...] = ()
    """Refs that must appear with any severity."""
    verdicts: tuple[str, ...] = ()
    """Allowed verdicts where the plain rule (refs: blocked, none: reachable) does not hold."""
    plan: Plan = Plan.RUNS
    opens: tuple[str, ...] = ()
    """Addresses of which one must answer after the plan, where it is not `url`."""
    undo: bool = True
    """False: what was there cannot come back (a bind to an address that is gone)."""
    needs: tuple[str, ...] = ()
    router: bool = False
    ns: str = "server"
    """Where `wizard check` runs."""
    silent: bool = False
    """The result is a matter of luck (two listeners): only the wizard is asked."""

    @property
    def healthy(self) -> bool:
        return not self.refs

    @property
    def stage(self) -> str:
        """Where the first ref belongs: "firewall", or something else."""
        return "firewall" if self.refs and set(self.refs) & _FIREWALL else "other"

    @property
    def transport(self) -> str:
        """`client_sees.transport` that these measured facts stand for."""
        if self.curl == 0:
            return "http-error" if self.status >= 400 else "connected"
        by_errno = {"ECONNREFUSED": "refused", "EHOSTUNREACH": "unreachable", "ENETUNREACH": "unreachable",
                    "EACCES": "prohibited", "ENOPROTOOPT": "unreachable"}  # fmt: skip
        by_code = {6: "unresolved", 28: "timeout", 35: "tls-error", 52: "empty", 56: "reset"}
        return by_errno.get(self.errno, "unreachable") if self.curl == 7 else by_code[self.curl]
