"""How many calls a second: a token bucket that learns from the answers what the marketplace really allows."""

import asyncio
import time
from collections.abc import Awaitable, Callable

_SLOWEST_SHARE = 0.01
_HARDEST_CUT, _LEAST_CUT = 0.5, 0.95
_CLIMB, _CAREFUL_CLIMB = 0.03, 0.003
_CAREFUL_CALLS = 100
"""After a call was throttled so many go through before the rate rises faster: what was learnt may still hold."""
_NEAR = 0.9
_ROUNDING = 1e-9


class TokenBucket:
    """Full speed is `rate` calls a second after a burst of `burst`. `clock` counts seconds and never goes back.

    Nothing depends on real time but the clock, so a marketplace whose seconds are shorter is met by a higher rate.
    """

    def __init__(
        self,
        rate: float,
        burst: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._wanted_rate = self._full_rate = rate
        self._burst = burst
        self._clock, self._sleep = clock, sleep
        self._tokens, self._filled_at = float(burst), clock()
        self._blocked_until = 0.0
        self._changed_at = clock()
        self._learnt_rate = rate
        self._calm_calls = _CAREFUL_CALLS
        self._turn = asyncio.Lock()
        self.rate = rate
        """Calls a second at present."""

    async def acquire(self) -> float:
        """Wait for a token. Who asked first gets the first. Returns the time on the clock, for `slow_down`."""
        async with self._turn:
            while (wait := self._wait()) > 0:
                await self._sleep(wait)
            self._tokens -= 1
            return self._clock()

    def drain(self) -> None:
        """Take away every token: nobody knows how many calls another process has just made."""
        self._fill()
        self._tokens = min(self._tokens, 0.0)

    def slow_down(self, retry_after: float | None = None, *, started_at: float | None = None) -> None:
        """A call was throttled, so the marketplace has no token left: wait for one, and go slower.

        How much slower follows from how many calls had gone through since the throttled one before it. A call that
        `started_at` a time before the last change of the rate tells nothing about the new one.
        """
        self.drain()
        now = self._clock()
        self._blocked_until = max(self._blocked_until, now + (retry_after or 0.0))
        if started_at is not None and started_at < self._changed_at:
            return
        went_through = self._calm_calls / (self._calm_calls + 1)
        self._learnt_rate = self.rate
        self.rate = max(
            self._wanted_rate * _SLOWEST_SHARE, self.rate * min(_LEAST_CUT, max(_HARDEST_CUT, went_through))
        )
        self._changed_at, self._calm_calls = now, 0

    def speed_up(self, allowed: float | None = None) -> None:
        """A call went through: go a little faster. `allowed` is the rate that the marketplace told, if it did."""
        self._fill()
        self._calm_calls += 1
        if allowed is not None and allowed > 0:
            self._full_rate = min(self._wanted_rate, allowed)
        is_careful = self._calm_calls <= _CAREFUL_CALLS and self.rate >= self._learnt_rate * _NEAR
        self.rate = min(self._full_rate, self.rate * (1 + (_CAREFUL_CLIMB if is_careful else _CLIMB)))

    def _wait(self) -> float:
        """Seconds until there may be a token; 0 when there is one."""
        self._fill()
        missing = 1 - self._tokens
        return max(self._blocked_until - self._clock(), missing / self.rate if missing > _ROUNDING else 0.0)

    def _fill(self) -> None:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now
