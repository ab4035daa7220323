"""Deletes what nobody asks for any more: old attempts, and orders that notifications told of long ago."""

import datetime as dt

from runtime.logs import get_logger
from runtime.work import Worker

from connector_sdk.attempts import attempt_table
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.notifications import notified_orders

_A_BATCH = 5000
_BUSY_SECONDS = 1.0
_IDLE_SECONDS = 600.0

_log = get_logger(__name__)


class Retention:
    """One round is `step`: a batch of each. Works only while this process leads the account."""

    def __init__(self, worker: Worker, leader: Leader, kept: dt.timedelta, *, a_batch: int = _A_BATCH) -> None:
        """`kept`: how long attempts are. Orders are kept for `notified_orders.KEEP`."""
        self._worker = worker
        self._leader = leader
        self._kept = kept
        self._a_batch = a_batch

    async def step(self) -> float:
        if await self._leader.lead() is None:
            return STANDBY_SECONDS
        async with self._worker.begin() as work:
            attempts = await attempt_table.forget(work.connection, work.now - self._kept, self._a_batch)
        async with self._worker.begin() as work:
            orders = await notified_orders.forget(work.connection, work.now, self._a_batch)
        if attempts or orders:
            _log.info("old rows deleted", attempts=attempts, notified_orders=orders)
        return _BUSY_SECONDS if self._a_batch in (attempts, orders) else _IDLE_SECONDS
