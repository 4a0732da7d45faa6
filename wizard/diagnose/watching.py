"""`wizard watch` as a function: waits for another device's attempt, and says of each within about a second what became of it.

    stop = threading.Event()
    watch(Wish(5000), tell, stop)        # tell(Opened), then tell(Arrival) for each attempt, at last tell(Closed)

`tell` is called in the thread that called `watch`; setting `stop` from anywhere ends it within a quarter of a second.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from contextlib import ExitStack
from ipaddress import ip_address
from threading import Event

from msgspec import Struct
from msgspec.structs import replace

from wizard.collect.live import LiveSource
from wizard.collect.watching import counters, eyes, page
from wizard.collect.watching.own import OwnAddresses
from wizard.collect.watching.page import NoPort, Page, Visit
from wizard.collect.watching.pairing import SAME_MOMENT, Pairing
from wizard.collect.watching.table import Table
from wizard.diagnose import collect_and_parse
from wizard.diagnose.tally import Tally
from wizard.errors import WizardError
from wizard.judge import arrival as judged
from wizard.judge import catalogue, never_arrived, to_open
from wizard.judge.agreement import contradicts
from wizard.judge.walk import UNSAFE_PORTS
from wizard.model.arrival import Answered, Arrival, Attempted, Closed, How, Opened, Place
from wizard.model.capture import Unknown
from wizard.model.facts import Facts

Told = Opened | Arrival | Closed
Tell = Callable[[Told], None]

PULSE = 0.2
"""Seconds: how soon `stop` is heard."""
_REST = 0.02
_FRESH_FOR = 10.0
"""Seconds for which what the machine said is taken as true where nothing speaks against it."""
_IN_VAIN_FOR = 3.0
"""Seconds for which the machine is not asked again where asking explained nothing."""
_LINGER = 0.4
"""So long after the own page's success its last packets are waited for."""

_NO_FIREWALL_RIGHTS = Unknown("only root may see packets as they arrive", "sudo wizard watch", "the packets themselves")
LISTENER_LIMIT = (
    "Without root only the wizard's own page can be watched: that it opens proves that network and firewall let this port in."
    " That it does not open proves nothing about where it is stopped."
)
OTHER_PORT_LIMIT = "The page is on another port than yours: a firewall may treat the two differently."
TABLE_LIMIT = (
    "Without root only connections that the kernel has accepted can be seen: what was dropped or refused stays unseen,"
    " and what the program answers too."
)
CHANGED = "This machine has changed since the watch began: this is as it is now."


class Wish(Struct, frozen=True):
    """What to wait for. `port` 0: only the wizard's own page, on a free port.

    `seconds` bounds the watch (None: until `stop`). `answer`: open a page of our own, and stop after the first success.
    `page_without_root`: open it also where packets cannot be seen. `local`: this machine's own attempts too. `count`: stop
    after so many attempts (0: never). `scheme` and `path` belong to the URL that is shown.
    """

    port: int
    seconds: float | None = None
    answer: bool = False
    page_without_root: bool = False
    local: bool = False
    count: int = 0
    scheme: str = "http"
    path: str = "/"


def watch(wish: Wish, tell: Tell, stop: Event | None = None) -> Closed:
    """Look until the time is over or `stop` is set. Changes nothing on the machine (but for the page that `answer`, or a
    lack of rights, opens, and closes again). Works without root too, and then says in `Opened.limits` what it cannot prove.
    WizardError where this platform shows nothing, or no page could be opened.
    """
    with ExitStack() as closing:
        watching = _Watching(wish, tell, stop or Event(), closing)
        closed = watching.run()
    tell(closed)
    return closed


class _Watching:
    """One watch: its eyes, the facts that its words rest on, and what it has seen so far."""

    def __init__(self, wish: Wish, tell: Tell, stop: Event, closing: ExitStack) -> None:
        self.wish, self._tell, self._stop = wish, tell, stop
        self._began = time.monotonic()
        self._history = counters.History()
        self._own = OwnAddresses()
        self._visits: queue.SimpleQueue[Visit] = queue.SimpleQueue()
        self._tally = Tally()
        self._asked_at = self._in_vain_at = 0.0
        self._succeeded_at: float | None = None
        self._page_told = False
        self._visits_counted = 0
        # The sniffer first: from here on no packet is missed, however long the rest takes.
        ports = [wish.port] if wish.port else []
        self._sniffer = eyes.sniffer(ports)
        if self._sniffer is not None:
            closing.enter_context(self._sniffer)
        self._page = self._open_page(closing)
        if self._page is not None and self._sniffer is not None:
            self._sniffer.changed({*ports, self._page.port})
        self.facts = self._ask()
        self._ports = {*ports, *([self._page.port] if self._page else [])}
        self._table = self._look_at_table()
        self._pairing = Pairing(self._ports, self._own, wish.local)
        self.opened = self._opened()

    def run(self) -> Closed:
        """From the first word to the last."""
        self._tell(self.opened)
        # Loaded now, so that the first attempt need not wait for it.
        catalogue()
        while not (why := self._over()):
            # What counts as silence is measured up to here: every packet of until now is among those read next.
            self._history.look()
            now = self._read(self._wait())
            self._take(self._pairing.due(now))
            if self._table is not None:
                self._take(self._table.look())
            self._visited()
        # What had come when the end was called belongs to the watch.
        now = self._read(0.0)
        self._take(self._pairing.due(now))
        self._take([each for each in self._pairing.rest() if each.established or now - each.at > SAME_MOMENT])
        self._visited()
        return self._closed(why)

    # Eyes

    def _open_page(self, closing: ExitStack) -> Page | None:
        blind = self._sniffer is None and self.wish.page_without_root
        if not self.wish.answer and not blind:
            return None
        try:
            return closing.enter_context(Page(self.wish.port, self._lan_addresses, self._visits.put))
        except NoPort as error:
            if blind and not self.wish.answer:
                return None
            raise WizardError("no-free-port", f"{error}.", hint="wizard watch PORT, without --answer") from None

    def _lan_addresses(self) -> list[str]:
        return [str(each.address) for each in to_open.places(self._ask(), self.wish.port)]

    def _look_at_table(self) -> Table | None:
        """Without root: the kernel's table shows who reached the program, where the port is not our own page's."""
        asked = self.wish.port
        if self._sniffer is not None or not asked or (self._page and self._page.port == asked):
            return None
        return eyes.table({asked}, self._own, self.wish.local)

    def _read(self, seconds: float) -> float:
        """Wait for packets, and take them in; the time up to which all are in."""
        if self._sniffer is None:
            self._stop.wait(min(seconds, self._table.pause) if self._table is not None else seconds)
            return time.time()
        self._sniffer.wait(seconds)
        now = time.time()
        seen = self._sniffer.read()
        for each in seen:
            self._pairing.feed(each)
        if len(seen) > 500:
            # A download on the port: its packets are no news, and may wait.
            time.sleep(_REST)
        return now

    def _wait(self) -> float:
        """Until something is due by silence, the time is over, or `stop` is to be looked at."""
        waits = [PULSE]
        due = self._pairing.next_due(time.time())
        if due is not None:
            waits.append(due)
        if self.wish.seconds is not None:
            waits.append(self._began + self.wish.seconds - time.monotonic())
        return max(0.0, min(waits))

    # What was seen

    def _take(self, attempts: list[Attempted]) -> None:
        for each in attempts:
            ours = self._page is not None and each.port == self._page.port
            self._told(replace(each, ours=True) if ours and self._is_pages(each) else each)

    def _is_pages(self, attempt: Attempted) -> bool:
        """Whether the page, not a program on the same port of another address, has the packet."""
        if self._page is None:
            return False
        held = self._page.addresses
        return any(each in ("::", "0.0.0.0", str(attempt.destination)) for each in held)

    def _told(self, attempt: Attempted) -> None:
        key = (attempt.how, attempt.number)
        lost = self._history.lost_since(attempt.at) if attempt.answered is Answered.NOTHING else ()
        attempt = replace(attempt, number=self._tally.number(key), lost=lost)
        changed = self._asked_again(attempt)
        found = judged.arrival(self.facts, attempt)
        if changed:
            found = replace(found, more=(*found.more, CHANGED))
        self._tally.note(key, bool(found.good))
        self._tell(found)
        if found.good and attempt.ours and not attempt.own and self._succeeded_at is None:
            self._succeeded_at = time.monotonic()
        self._page_told = self._page_told or bool(found.good and attempt.ours)

    def _asked_again(self, attempt: Attempted) -> bool:
        """Whether the machine, asked again, explains what it did not before: a program restarted, a rule was added."""
        if self._asked_at >= attempt.at:
            return False
        doubtful = contradicts(self.facts, attempt) and time.time() - self._in_vain_at > _IN_VAIN_FOR
        if not doubtful and attempt.at - self._asked_at < _FRESH_FOR:
            return False
        self.facts = self._ask()
        explained = doubtful and not contradicts(self.facts, attempt)
        if doubtful and not explained:
            self._in_vain_at = time.time()
        return explained

    def _visited(self) -> None:
        """Visits of the own page: told where no packets are seen, and either way the success that `answer` waits for."""
        while True:
            try:
                visit = self._visits.get_nowait()
            except queue.Empty:
                return
            self._visits_counted += 1
            attempt = _of_visit(visit, self._visits_counted, self._own)
            if self._sniffer is None and (self.wish.local or not attempt.own):
                self._told(attempt)
            elif page.is_page(visit) and not attempt.own and self._succeeded_at is None:
                self._succeeded_at = time.monotonic()

    # The end

    def _over(self) -> str:
        if self._stop.is_set():
            return "stopped"
        if self.wish.answer and self._succeeded_at is not None and self._lingered(self._succeeded_at):
            return "success"
        if self.wish.count and self._tally.attempts >= self.wish.count:
            return "count"
        late = self.wish.seconds is not None and time.monotonic() - self._began >= self.wish.seconds
        return "time" if late else ""

    def _lingered(self, since: float) -> bool:
        """Everything about the success has been told, or should have been."""
        return self._page_told or time.monotonic() - since > _LINGER + 1.0

    def _closed(self, why: str) -> Closed:
        elsewhere = tuple(
            (ip_address(source), port, count) for (source, port), count in self._pairing.elsewhere.items()
        )
        attempts = max(self._tally.attempts, int(self._succeeded_at is not None))
        nothing = "" if attempts else never_arrived.conclusion(self.opened, elsewhere)
        return Closed(
            why,
            time.monotonic() - self._began,
            attempts,
            max(self._tally.answered, int(self._succeeded_at is not None)),
            self._pairing.unshown,
            elsewhere,
            nothing,
            self._counted(),
        )

    def _counted(self) -> tuple[str, ...]:
        if self._sniffer is not None:
            return ()
        counted = counters.since(self._history.first, counters.ANSWERED | counters.LOST)
        return (f"Meanwhile the kernel counted, on all ports together: {', '.join(counted)}.",) if counted else ()

    # What is known

    def _ask(self) -> Facts:
        self._asked_at = time.time()
        return collect_and_parse(LiveSource(), left_out=_LEFT_OUT).facts

    def _opened(self) -> Opened:
        page, how = self._page, []
        if self._sniffer is not None:
            how.append(How.PACKETS)
        if page is not None:
            how.append(How.LISTENER)
        if self._table is not None:
            how.append(How.TABLE)
        unread = () if self._sniffer is not None else (_NO_FIREWALL_RIGHTS,)
        return Opened(
            tuple(how),
            self.wish.port or self.opened_port,
            self._places(),
            page.port if page else None,
            page.addresses if page else (),
            self._page_url(),
            tuple(self._limits()),
            (*unread, *self._unread_rules()),
        )

    def _places(self) -> tuple[Place, ...]:
        if self._page is not None and self.opened_port == self._page.port:
            return to_open.places(self.facts, self.opened_port)
        return to_open.places(self.facts, self.wish.port, self.wish.scheme, self.wish.path)

    def _page_url(self) -> str:
        """The page's address where another one is to be opened first."""
        if self._page is None or self.opened_port == self._page.port:
            return ""
        places = to_open.places(self.facts, self._page.port)
        return places[0].url if places else ""

    def _unread_rules(self) -> tuple[Unknown, ...]:
        rulesets = self.facts.rulesets
        return (rulesets,) if isinstance(rulesets, Unknown) else self.facts.unreadable_rulesets

    def _limits(self) -> list[str]:
        limits = []
        if self._sniffer is not None:
            limits += [
                f"{each.what or 'A firewall'} could not be read: {each.reason}." for each in self._unread_rules()
            ]
        else:
            limits += [LISTENER_LIMIT] if self._page is not None else []
            limits += [TABLE_LIMIT] if self._table is not None else []
        if self._page is not None and self.wish.port and not self._page.as_asked:
            limits.append(OTHER_PORT_LIMIT)
        if self.opened_port in UNSAFE_PORTS:
            limits.append(f"Browsers refuse to open port {self.opened_port} (ERR_UNSAFE_PORT): try it with curl.")
        return limits

    @property
    def opened_port(self) -> int:
        """The port that the other device shall open: the page's where that is asked for, or nothing else is there."""
        if self._page is not None and (self.wish.answer or not self.wish.port or self._page.as_asked):
            return self._page.port
        return self.wish.port


_LEFT_OUT = {"ss-connections", "ss-unix", "hosts", "proxy", "nsswitch", "resolv-conf"}


def _of_visit(visit: Visit, number: int, is_own: Callable[[bytes], bool]) -> Attempted:
    """A visit of the own page as an attempt: the connection stood, so the packets themselves need not be seen."""
    source, destination = ip_address(visit.source), ip_address(visit.destination)
    return Attempted(
        number,
        visit.at,
        source,
        visit.source_port,
        destination,
        visit.port,
        "",
        how=How.LISTENER,
        answered=Answered.SYN_ACK,
        established=True,
        request=visit.request,
        response=visit.response,
        own=is_own(source.packed),
        ours=True,
    )
