"""Work that a service does by itself, again and again."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from runtime.backoff import delay
from runtime.errors import is_transient, one_line
from runtime.health import Check
from runtime.logs import get_logger
from runtime.measurements import Measurements
from runtime.metrics import LOOP_FAILURES

Step = Callable[[], Awaitable[float]]
"""Does one round and returns the seconds to wait before the next one."""

_log = get_logger(__name__)


class Loop:
    """Repeats a step until it is told to stop.

    A transient failure is retried with back-off. Any other ends the loop with its error, and so the process: its
    supervisor starts it afresh.
    """

    def __init__(self, name: str, step: Step, *, stale_after: float = 60.0) -> None:
        """`stale_after`: seconds that a round may take before the service is not ready."""
        self.name = name
        self._step = step
        self._stale_after = stale_after
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._round_started = time.monotonic()
        self._waiting = False
        self._error: str | None = None
        self._measurements = Measurements()

    def measure(self, measurements: Measurements) -> None:
        """Count failed rounds there from now on."""
        self._measurements = measurements
        measurements.count(LOOP_FAILURES, 0, loop=self.name)

    def wake(self) -> None:
        """Start the next round now."""
        self._wake.set()

    def stop(self) -> None:
        """End after the round in work."""
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._wake.clear()
            self._round_started, self._waiting = time.monotonic(), False
            try:
                pause = await self._step()
            except Exception as error:
                if not is_transient(error):
                    raise
                failures += 1
                self._error = one_line(error)
                self._measurements.count(LOOP_FAILURES, loop=self.name)
                _log.warning("round failed, will retry", loop=self.name, attempt=failures, error=self._error)
                pause = delay(failures)
            else:
                failures, self._error = 0, None
            await self._sleep(pause)

    async def check(self) -> Check:
        if self._error:
            return Check(ok=False, detail=f"retrying: {self._error}")
        if not self._waiting and time.monotonic() - self._round_started > self._stale_after:
            return Check(ok=False, detail=f"a round has been in work for over {self._stale_after:.0f} s")
        return Check(ok=True)

    async def _sleep(self, seconds: float) -> None:
        self._waiting = True
        if seconds <= 0 or self._stopping.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
