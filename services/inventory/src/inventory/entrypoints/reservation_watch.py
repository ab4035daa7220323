"""Waiting for reservations to be decided: one look at the database for all who wait."""

import asyncio
import time
from collections import Counter

from contracts import ReservationStatus
from runtime.work import Worker

from inventory.adapters import reservations
from inventory.adapters.reservations import Reservation

_LOOK_SECONDS = 0.2


class ReservationWatch:
    """However many buyers wait, the database is asked once in 0.2 s."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._watched: Counter[str] = Counter()
        self._looking = asyncio.Lock()
        self._looked_at = 0.0
        self._seen: dict[str, Reservation] = {}

    async def wait(self, reservation_id: str, seconds: float) -> Reservation | None:
        """As it is as soon as it does not wait any more, at the latest after `seconds`; None if there is none."""
        deadline = time.monotonic() + seconds
        async with self._worker.begin() as work:
            found = await reservations.read(work.connection, [reservation_id])
        reservation = found[0] if found else None
        self._watched[reservation_id] += 1
        try:
            while reservation and reservation.status is ReservationStatus.WAITING and time.monotonic() < deadline:
                await asyncio.sleep(_LOOK_SECONDS)
                await self._look()
                reservation = self._seen.get(reservation_id, reservation)
        finally:
            self._watched -= Counter([reservation_id])
        return reservation

    async def _look(self) -> None:
        async with self._looking:
            if time.monotonic() - self._looked_at < _LOOK_SECONDS:
                return
            async with self._worker.begin() as work:
                found = await reservations.read(work.connection, sorted(self._watched))
            self._seen = {reservation.id: reservation for reservation in found}
            self._looked_at = time.monotonic()
