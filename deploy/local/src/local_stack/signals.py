"""SIGINT and SIGTERM as a cancellation, so that async contexts stop what they started."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cancelled_by_signals() -> Iterator[None]:
    """
    Inside, the first SIGINT or SIGTERM cancels the task that entered.

    Further ones are ignored: an impatient second Ctrl-C must not interrupt the stopping, which takes a bounded time.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    heard: list[signal.Signals] = []

    def hear(number: signal.Signals) -> None:
        if task is not None and not heard:
            task.cancel()
        heard.append(number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, hear, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
