"""`wizard watch` as a function: waits for another device's attempt, and says of each within about a second what became of it.

    stop = threading.Event()
    watch(Wish(5000), tell, stop)        # tell(Opened), then tell(Arrival) for each attempt, at last tell(Closed)

`tell` is called in the thread that called `watch`; setting `stop` from anywhere ends it within a quarter of a second.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from msgspec import Struct

from wizard.model.arrival import Arrival, Closed, Opened

Told = Opened | Arrival | Closed
Tell = Callable[[Told], None]


class Wish(Struct, frozen=True):
    """What to wait for. `port` 0: only the wizard's own page, on a free port.

    `seconds` bounds the watch (None: until `stop`). `answer`: open a page of our own, and stop after the first success.
    `local`: this machine's own attempts too. `count`: stop after so many attempts (0: never). `scheme`, `host` and `path`
    belong to the URL that is shown.
    """

    port: int
    seconds: float | None = None
    answer: bool = False
    local: bool = False
    count: int = 0
    scheme: str = "http"
    path: str = "/"


def watch(wish: Wish, tell: Tell, stop: Event | None = None) -> Closed:
    """Look until the time is over or `stop` is set. Changes nothing on the machine (but for the page that `answer`, or a
    lack of rights, opens, and closes again). Works without root too, and then says in `Opened.limits` what it cannot prove.
    """
    raise NotImplementedError
