"""How many calls a second: a token bucket that slows down when the marketplace says so, and recovers slowly."""

import asyncio
import time
from collections.abc import Callable

from aiolimiter import AsyncLimiter

_SLOWEST_SHARE = 0.1
_SLOW_DOWN_FACTOR = 0.7
_RECOVERY_SHARE = 0.05
_STEP_SECONDS = 1.0
"""Between two changes: the calls that were under way at a change tell nothing about the new rate."""


class TokenBucket:
    """Full speed is `rate` calls a second after a burst of `burst`. `clock` counts seconds and never goes back."""

    def __init__(self, rate: float, burst: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._full_rate = rate
        self._burst = burst
        self._clock = clock
        self._changed_at = clock()
        self._blocked_until = 0.0
        self._limiter = AsyncLimiter(burst, burst / rate)
        self._limiter_rate = rate
        self._turn = asyncio.Lock()
        self.rate = rate
        """Calls a second at present."""

    async def acquire(self) -> None:
        """Wait for a token. Who asked first gets the first."""
        async with self._turn:
            await self._take()

    async def _take(self) -> None:
        while (wait := self._blocked_until - self._clock()) > 0:  # noqa: ASYNC110 - waits for a time that may move, not for an event
            await asyncio.sleep(wait)
        if self._limiter_rate != self.rate:
            await self._renew()
        await self._limiter.acquire()

    def slow_down(self, retry_after: float | None = None) -> None:
        """A call was throttled: go slower, and pause as long as was asked."""
        now = self._clock()
        self._blocked_until = max(self._blocked_until, now + (retry_after or 0.0))
        if self.rate == self._full_rate or now - self._changed_at >= _STEP_SECONDS:
            self._change(max(self._full_rate * _SLOWEST_SHARE, self.rate * _SLOW_DOWN_FACTOR), now)

    def speed_up(self) -> None:
        """A call went through: after a while without throttling, go a little faster."""
        now = self._clock()
        if self.rate < self._full_rate and now - self._changed_at >= _STEP_SECONDS:
            self._change(min(self._full_rate, self.rate + self._full_rate * _RECOVERY_SHARE), now)

    def _change(self, rate: float, now: float) -> None:
        self.rate, self._changed_at = rate, now

    async def _renew(self) -> None:
        """A limiter's rate is fixed. The new one starts empty, so that a change gives no call away."""
        burst = self._burst if self.rate == self._full_rate else 1
        self._limiter_rate = self.rate
        self._limiter = AsyncLimiter(burst, burst / self.rate)
        await self._limiter.acquire(burst)
