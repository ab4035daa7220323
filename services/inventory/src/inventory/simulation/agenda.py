"""What happens when, in a simulation."""

import datetime as dt
import heapq
import itertools
from collections.abc import Callable

Act = Callable[[float], None]

_START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Agenda:
    """Acts by their moments, in seconds; those of the same moment in the order in which they were entered."""

    def __init__(self) -> None:
        self._acts: list[tuple[float, int, Act]] = []
        self._count = itertools.count()

    def at(self, moment: float, act: Act) -> None:
        """`act` will be called with `moment`."""
        heapq.heappush(self._acts, (moment, next(self._count), act))

    def until(self, moment: float) -> None:
        """Do what is due up to `moment`, and what follows from it."""
        while self._acts and self._acts[0][0] <= moment:
            at, _, act = heapq.heappop(self._acts)
            act(at)


def clock(seconds: float) -> dt.datetime:
    """The simulation's second as production's functions want it."""
    return _START + dt.timedelta(seconds=seconds)


def seconds(moment: dt.datetime) -> float:
    """The inverse of `clock`."""
    return (moment - _START).total_seconds()
