"""Grants what waits, the oldest first, and lets expire what nobody consumed."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping

from contracts import ReservationStatus
from runtime.work import Worker

from inventory.adapters import reservations
from inventory.adapters.reservations import Reservation
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
            now = work.now
            waiting = await reservations.read(work.connection, await reservations.waiting(work.connection, _MOST))
            skus = sorted({sku for reservation in waiting for sku in reservation.skus})
            units = await reservations.units(work.connection, skus, self._reserve.storefront)
            expired = await reservations.expired(work.connection, work.now - self._grace, _MOST)
        ahead: Counter[str] = Counter()
        for reservation in waiting:
            if _must_wait(reservation, units, ahead, now):
                ahead.update({line.sku: line.quantity for line in reservation.lines})
                continue
            async with self._worker.begin() as work:
                await self._reserve.serve(reservation.id, ahead, work)
        for reservation_id in expired:
            async with self._worker.begin() as work:
                await self._reserve.end(reservation_id, ReservationStatus.EXPIRED, work)
        return 0.0 if len(expired) == _MOST else _PAUSE_SECONDS


def _must_wait(
    reservation: Reservation, units: Mapping[str, tuple[int, int]], ahead: Counter[str], now: dt.datetime
) -> bool:
    """Whether it can be neither granted nor refused yet, as far as can be seen without a lock, as is the rule."""
    if now >= reservation.wait_until:
        return False
    left = [(line.quantity + ahead[line.sku], units[line.sku]) for line in reservation.lines]
    can_come = all(needed <= available for needed, (available, _) in left)
    return can_come and any(needed > grantable for needed, (_, grantable) in left)
