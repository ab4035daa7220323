"""The order fetcher: reads the orders that notifications told of, one at a time, and keeps each like any other."""

import asyncio
import datetime as dt

from runtime.backoff import delay
from runtime.logs import get_logger
from runtime.metrics import NOTIFICATIONS
from runtime.work import Worker

from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.notifications import notification_table, notified_orders
from connector_sdk.notifications.notification_queue import UnreadableMessage
from connector_sdk.notifications.notified_orders import Due
from connector_sdk.order_reader import OrderReader
from connector_sdk.token_bucket import TokenBucket

_IDLE_SECONDS = 0.2
_AGAIN_AFTER = dt.timedelta(seconds=5)
"""An order that is not there yet is fetched again after so long, then after twice as long, and so on."""
_FETCH_SECONDS = 45.0
_MOST_ATTEMPTS = 9
"""Over twenty minutes: the marketplace's own delay between telling and showing is about two."""

_log = get_logger(__name__)


class OrderFetcher:
    """One round is `step`. Works only while this process leads the account."""

    def __init__(self, reader: OrderReader, worker: Worker, leader: Leader, bucket: TokenBucket) -> None:
        """`bucket` holds the rate of the call that reads one order."""
        self._reader = reader
        self._worker = worker
        self._leader = leader
        self._bucket = bucket
        self._failures = 0
        self._term: str | None = None

    async def step(self) -> float:
        term = await self._leader.lead()
        if term is None:
            return STANDBY_SECONDS
        if term != self._term:  # the leader before may have spent the burst a moment ago
            self._term = term
            self._bucket.drain()
        async with self._worker.begin() as work:
            due = await notified_orders.due(work.connection, work.now, _AGAIN_AFTER)
        if due is None:
            return _IDLE_SECONDS
        await self._bucket.acquire()
        try:
            async with asyncio.timeout(_FETCH_SECONDS):
                page = await self._reader.fetch(due.external_order_id)
        except (MarketplaceError, TimeoutError) as error:
            return await self._on_error(due, error)
        self._failures = 0
        self._bucket.speed_up()
        if page.orders or page.unreadable:
            async with self._worker.begin() as work:
                await notified_orders.done(work.connection, due, work.now)
        elif due.attempts >= _MOST_ATTEMPTS:
            await self._give_up(due, "the marketplace has no such order")
        return 0.0

    async def _on_error(self, due: Due, error: MarketplaceError | TimeoutError) -> float:
        if isinstance(error, MarketplaceError) and error.outcome in (Outcome.REJECTED, Outcome.UNSUPPORTED):
            if due.attempts >= _MOST_ATTEMPTS:
                await self._give_up(due, str(error))
            return 0.0
        self._failures += 1
        asked = error.retry_after if isinstance(error, MarketplaceError) else None
        self._bucket.slow_down(asked)
        pause = max(asked or 0.0, delay(self._failures, first=1.0, longest=60.0))
        _log.warning(
            "order not fetched, will retry", external_order_id=due.external_order_id, error=str(error) or "timeout"
        )
        async with self._worker.begin() as work:
            await notified_orders.postpone(work.connection, due, work.now + dt.timedelta(seconds=pause))
        return pause

    async def _give_up(self, due: Due, reason: str) -> None:
        unusable = UnreadableMessage(f"order {due.external_order_id}", "", reason, due.external_order_id)
        async with self._worker.begin() as work:
            await notification_table.set_aside(work.connection, [unusable], work.now)
            await notified_orders.done(work.connection, due, work.now)
            work.count(NOTIFICATIONS, topic="order", outcome="unusable")
        _log.error("a notified order can't be fetched", external_order_id=due.external_order_id, reason=reason)
