"""The table `notified_orders`: which orders were told of, and which of them are to be fetched."""

import dataclasses as dc
import datetime as dt
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.notifications.notification_queue import Notification

SETTLE = dt.timedelta(milliseconds=250)
"""Between a notification and the fetch: what else comes about the order until then needs no fetch of its own."""
KEEP = dt.timedelta(days=30)
"""How long an order is known that nothing is to be done about.

No queue of ours keeps a message for longer than 14 days, and the two sources of orders are compared within days.
"""

_NOTE = text("""
insert into notified_orders (external_order_id, placed_at, notified_at, next_fetch_at)
select id, placed, :now, cast(:now as timestamptz) + cast(:settle as interval)
from unnest(cast(:ids as text[]), cast(:placed as timestamptz[])) as n (id, placed)
on conflict (external_order_id) do update set
    placed_at = coalesce(notified_orders.placed_at, excluded.placed_at), asks = notified_orders.asks + 1,
    attempts = 0, next_fetch_at = least(notified_orders.next_fetch_at, excluded.next_fetch_at)
""")
_DUE = text("""
with due as (
    select external_order_id from notified_orders where next_fetch_at <= :now
    order by next_fetch_at, external_order_id limit 1 for update skip locked
)
update notified_orders n set attempts = n.attempts + 1,
    next_fetch_at = cast(:now as timestamptz) + cast(:pause as interval) * power(2, least(n.attempts, 7))
from due where n.external_order_id = due.external_order_id
returning n.external_order_id, n.asks, n.attempts
""")
_DONE = text("""
update notified_orders set attempts = 0, next_fetch_at = case when asks > :asks then cast(:now as timestamptz) end
where external_order_id = :id
""")
_POSTPONE = text("""
update notified_orders set attempts = greatest(attempts - 1, 0), next_fetch_at = :until where external_order_id = :id
""")
_FORGET = text("""
delete from notified_orders where external_order_id in (
    select external_order_id from notified_orders where notified_at < :before and next_fetch_at is null
    order by notified_at limit :most for update skip locked
)
""")
_WAITING = text("select count(*) from notified_orders where next_fetch_at is not null")


@dc.dataclass(frozen=True, slots=True)
class Due:
    """An order to be fetched; `attempts` counts this one."""

    external_order_id: str
    asks: int
    attempts: int


async def note(connection: AsyncConnection, notifications: Sequence[Notification], now: dt.datetime) -> None:
    """Have these orders fetched, each once however many notifications speak of it."""
    placed: dict[str, dt.datetime | None] = {}
    for each in notifications:
        placed[each.subject] = each.placed_at or placed.get(each.subject)
    ids = sorted(placed)
    values = {"ids": ids, "placed": [placed[order_id] for order_id in ids], "now": now, "settle": SETTLE}
    await connection.execute(_NOTE, values)


async def due(connection: AsyncConnection, now: dt.datetime, pause: dt.timedelta) -> Due | None:
    """The order whose turn it is. Unless it is done it is due again after `pause`, which grows."""
    row = (await connection.execute(_DUE, {"now": now, "pause": pause})).one_or_none()
    return Due(*row) if row else None


async def done(connection: AsyncConnection, order: Due, now: dt.datetime) -> None:
    """Nothing more is to be done, unless a notification came meanwhile."""
    await connection.execute(_DONE, {"id": order.external_order_id, "asks": order.asks, "now": now})


async def postpone(connection: AsyncConnection, order: Due, until: dt.datetime) -> None:
    """The marketplace was away, which says nothing about the order."""
    await connection.execute(_POSTPONE, {"id": order.external_order_id, "until": until})


async def waiting(connection: AsyncConnection) -> int:
    return int((await connection.execute(_WAITING)).scalar_one())


async def forget(connection: AsyncConnection, now: dt.datetime, most: int) -> int:
    """Delete what was first told of too long ago and waits for nothing, at most so many. How many there were."""
    return int((await connection.execute(_FORGET, {"before": now - KEEP, "most": most})).rowcount)
