"""How long to wait before the next try: a pure function."""

import random


def delay(attempt: int, *, first: float = 0.1, longest: float = 5.0, jitter: float | None = None) -> float:
    """Seconds to wait after the failed try number `attempt` (from 1).

    Doubles from `first` up to `longest`, then takes off up to a half, so that replicas don't knock together.
    `jitter` (0 to 1) stands in for chance in tests.
    """
    chance = random.random() if jitter is None else jitter  # noqa: S311 - spreads load, guards nothing
    doublings = min(attempt - 1, 32)
    full: float = min(longest, first * 2**doublings)
    return full * (1 - chance / 2)
