"""Completeness: whether the two sources of orders, the searches and the notifications, know of the same orders.

An order that a search found and nobody told of is counted. One that was told of, and that a complete search by creation
covers and does not show, means that a search can miss orders: that is an alert, and the order is fetched once more.
Only orders placed since the queue was first read are compared.
"""

import datetime as dt

from runtime.logs import get_logger
from runtime.metrics import (
    NOTIFICATIONS_UNUSABLE,
    NOTIFIED_ORDERS_WAITING,
    ORDERS_MISSED_BY_SEARCH,
    ORDERS_NOT_NOTIFIED,
)
from runtime.work import Worker
from sqlalchemy import text

from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.notifications import notification_table, notified_orders

_WINDOW = dt.timedelta(days=1)

_UNTOLD = text("""
with untold as (
    select s.external_order_id from seen_orders s cross join notification_source source
    where s.untold_at is null and s.searched_at between :after and :before and s.placed_at >= source.since
      and not exists (select from notified_orders n where n.external_order_id = s.external_order_id)
    order by s.external_order_id for update of s
)
update seen_orders s set untold_at = :now from untold u where s.external_order_id = u.external_order_id
returning s.external_order_id
""")
_MISSED = text("""
with missed as (
    select n.external_order_id
    from notified_orders n
    join cursors c on c.search = 'created' and c.read_at > n.notified_at
    cross join notification_source source
    left join seen_orders s using (external_order_id)
    where n.missed_at is null and n.notified_at >= :after and s.searched_at is null
      and coalesce(s.placed_at, n.placed_at) between source.since and c.known_until
      and not exists (select from unreadable_orders u where u.external_order_id = n.external_order_id)
    order by n.external_order_id for update of n
)
update notified_orders n set missed_at = :now, asks = n.asks + 1, next_fetch_at = least(n.next_fetch_at, :now)
from missed m where n.external_order_id = m.external_order_id
returning n.external_order_id
""")

_log = get_logger(__name__)


class Completeness:
    """One round is `step`. `within`: how long a notification may be behind the search that found its order."""

    def __init__(self, worker: Worker, leader: Leader, within: dt.timedelta, *, every_seconds: float = 30.0) -> None:
        self._worker = worker
        self._leader = leader
        self._within = within
        self._every_seconds = every_seconds

    async def step(self) -> float:
        if await self._leader.lead() is None:
            return STANDBY_SECONDS
        async with self._worker.begin() as work:
            now = work.now
            window = {"now": now, "after": now - _WINDOW - self._within}
            untold = await work.connection.execute(_UNTOLD, window | {"before": now - self._within})
            work.count(ORDERS_NOT_NOTIFIED, len([*untold]))
            missed = sorted((await work.connection.execute(_MISSED, window)).scalars())
            work.count(ORDERS_MISSED_BY_SEARCH, len(missed))
            await notification_table.forget_old(work.connection, now)
            waiting = await notified_orders.waiting(work.connection)
            unusable = await notification_table.count_unusable(work.connection)
        for external_order_id in missed:
            _log.error(
                "a complete search did not show an order that a notification told of",
                external_order_id=external_order_id,
            )
        self._worker.telemetry.measurements.set(NOTIFIED_ORDERS_WAITING, waiting)
        self._worker.telemetry.measurements.set(NOTIFICATIONS_UNUSABLE, unusable)
        return self._every_seconds
