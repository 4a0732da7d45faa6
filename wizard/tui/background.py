"""Work that may be left behind: a function in a thread of its own, which no key and no exit ever waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(function: Callable[[], T]) -> T:
    """Await `function()`, run in a daemon thread.

    Cancelling the await abandons the thread: its answer is dropped. (A thread worker of Textual runs in the loop's executor,
    and asyncio waits for that at its end; a probe that hangs would hold the terminal.)
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            result = function()
        except BaseException as error:
            _settle(loop, partial(_unless_done, answer, partial(answer.set_exception, error)))
        else:
            _settle(loop, partial(_unless_done, answer, partial(answer.set_result, result)))

    Thread(target=run, name="wizard-background", daemon=True).start()
    return await answer


def _settle(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """The loop may be closed by now: then nobody waits for the answer."""
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:
        if not loop.is_closed():
            raise


def _unless_done(answer: asyncio.Future[Any], settle: Callable[[], None]) -> None:
    if not answer.done():
        settle()
