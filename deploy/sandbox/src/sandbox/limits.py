"""Published rate limits, enforced where `limit_scale` asks for it: a token bucket for each limit."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.clock import Clock
from sandbox.faults import Faults


@dataclass(frozen=True, slots=True)
class Limit:
    """`rate` calls a second, after `burst` at once."""

    name: str
    rate: float
    burst: int


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: datetime


class Limits:
    """How much is left of each limit of one account. A bucket starts full, and again whenever nothing is enforced."""

    def __init__(self, faults: Faults, clock: Clock) -> None:
        self._faults = faults
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def allow(self, limit: Limit) -> bool:
        """Take one call off a limit; False when there is none left. A call that is refused costs nothing."""
        scale = self._faults.settings.limit_scale
        if not scale:
            self._buckets.clear()
            return True
        bucket = self._filled(limit, scale)
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def rate(self, limit: Limit) -> float | None:
        """The calls of a real second that a limit allows; None when nothing is enforced."""
        settings = self._faults.settings
        return limit.rate * settings.limit_scale * settings.time_scale if settings.limit_scale else None

    def _filled(self, limit: Limit, scale: float) -> _Bucket:
        now, burst = self._clock(), max(1.0, limit.burst * scale)
        bucket = self._buckets.setdefault(limit.name, _Bucket(burst, now))
        seconds = max(0.0, (now - bucket.filled_at).total_seconds()) * self._faults.settings.time_scale
        bucket.tokens = min(burst, bucket.tokens + seconds * limit.rate * scale)
        bucket.filled_at = now
        return bucket
