"""Grants what waits, the oldest first, and lets expire what nobody consumed."""

import datetime as dt
from collections import Counter

from contracts import ReservationStatus
from runtime.work import Worker

from inventory.adapters import reservations
from inventory.handlers.reserve import Reserve

_PAUSE_SECONDS = 0.25
_MOST = 200


class ReservationLoop:
    """The step of a loop. `grace`: a sale that comes so much after the expiry still finds its units."""

    def __init__(self, worker: Worker, reserve: Reserve, grace: dt.timedelta) -> None:
        self._worker = worker
        self._reserve = reserve
        self._grace = grace

    async def step(self) -> float:
        async with self._worker.begin() as work:
            waiting = await reservations.waiting(work.connection, _MOST)
            expired = await reservations.expired(work.connection, work.now - self._grace, _MOST)
        ahead: Counter[str] = Counter()
        for reservation_id in waiting:
            async with self._worker.begin() as work:
                await self._reserve.serve(reservation_id, ahead, work)
        for reservation_id in expired:
            async with self._worker.begin() as work:
                await self._reserve.end(reservation_id, ReservationStatus.EXPIRED, work)
        return 0.0 if len(expired) == _MOST else _PAUSE_SECONDS
