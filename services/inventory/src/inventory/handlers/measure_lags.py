"""Measure how long writes take to be live and orders to be known, for the measured allowance."""

import datetime as dt
from collections.abc import Callable

from runtime.work import Work, Worker

from inventory.adapters import lags as kept
from inventory.domain.measured import Lags
from inventory.ports import Book

_EVERY_SECONDS = 15.0
_LOOK_BACK = dt.timedelta(days=1)
_MOST = 10_000


class MeasureLags:
    """A loop's step. Each replica reads what all of them have told, so all measure the same, a new one at once."""

    def __init__(self, worker: Worker, open_book: Callable[[Work], Book], lags: Lags, storefront: str) -> None:
        self._worker = worker
        self._open_book = open_book
        self._lags = lags
        self._storefront = storefront
        self._since: dt.datetime | None = None

    async def step(self) -> float:
        async with self._worker.begin() as work:
            since = self._since or work.now - _LOOK_BACK
            writes = await kept.went_live(work.connection, self._storefront, since, _MOST)
            known = await self._open_book(work).known_until()
        for write in writes:
            self._lags.went_live(write.channel, write.external_sku, write.targeted_at, write.live_at)
            self._since = max(since, write.applied_at)
        for channel, known_until in known.items():
            if channel != self._storefront:
                self._lags.saw_orders_until(channel, known_until, work.now, _EVERY_SECONDS)
        return _EVERY_SECONDS
