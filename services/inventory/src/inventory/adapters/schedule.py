"""When each SKU is to be looked at again: at a time, or once a channel's sales are known up to a time.

Whoever writes here holds the product's lock.
"""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain import escrow
from inventory.domain.stock import Item

_HASTEN = text("""
insert into rebalance_due as d (sku, due_at)
select * from unnest(cast(:skus as text[]), cast(:moments as timestamptz[]))
on conflict (sku) do update set due_at = excluded.due_at where excluded.due_at < d.due_at
""")
_REPLACE = text("""
insert into rebalance_due as d (sku, due_at)
select * from unnest(cast(:skus as text[]), cast(:moments as timestamptz[]))
on conflict (sku) do update set due_at = excluded.due_at where excluded.due_at <> d.due_at
""")
_FORGET = text("delete from rebalance_due where sku = any(cast(:skus as text[]))")
_WAIT = text("""
insert into settle_waits as w (sku, channel, until)
select * from unnest(cast(:skus as text[]), cast(:channels as text[]), cast(:moments as timestamptz[]))
on conflict (sku, channel) do update set until = excluded.until where excluded.until <> w.until
""")
_WAIT_NO_MORE = text("""
delete from settle_waits w where w.sku = any(cast(:skus as text[])) and not exists (
    select from unnest(cast(:waiting as text[]), cast(:channels as text[])) as n (sku, channel)
    where n.sku = w.sku and n.channel = w.channel)
""")
_DUE = text("""
with due as (
    (select sku from rebalance_due where due_at <= :now order by due_at limit :most)
    union
    (select w.sku from settle_waits w join channel_watermarks c on c.channel = w.channel and w.until <= c.known_until
     limit :most)
)
select p.sku from products p join due on due.sku = p.sku order by p.sku limit :most for update of p skip locked
""")
_WAITED_FOR = text("""
select exists (
    select from settle_waits w left join channel_watermarks c on c.channel = w.channel
    where w.channel = :channel and w.until <= :moment and w.until > coalesce(c.known_until, '-infinity'))
""")


async def hasten(connection: AsyncConnection, items: Sequence[Item]) -> None:
    """Have them looked at by their `wake_at`, or earlier where that was meant to be already."""
    if not items:
        return
    await connection.execute(_HASTEN, {"skus": [i.sku for i in items], "moments": [i.wake_at for i in items]})


async def replace(connection: AsyncConnection, items: Sequence[Item]) -> None:
    """They have been looked at: from now on only their `wake_at` counts, and what their channels wait for."""
    awake = [item for item in items if item.wake_at is not None]
    asleep = [item.sku for item in items if item.wake_at is None]
    if awake:
        await connection.execute(_REPLACE, {"skus": [i.sku for i in awake], "moments": [i.wake_at for i in awake]})
    if asleep:
        await connection.execute(_FORGET, {"skus": asleep})
    await _wait(connection, items)


async def _wait(connection: AsyncConnection, items: Sequence[Item]) -> None:
    waits = [
        (item.sku, offer.channel, until)
        for item in items
        for offer in item.offers
        if (until := escrow.settles_at(offer)) is not None
    ]
    skus, channels = [sku for sku, _, _ in waits], [channel for _, channel, _ in waits]
    await connection.execute(
        _WAIT_NO_MORE, {"skus": [item.sku for item in items], "waiting": skus, "channels": channels}
    )
    if waits:
        moments = [until for _, _, until in waits]
        await connection.execute(_WAIT, {"skus": skus, "channels": channels, "moments": moments})


async def due(connection: AsyncConnection, now: dt.datetime, most: int) -> list[str]:
    """SKUs whose time has come, locked in their order; what somebody else works on is passed over."""
    return list((await connection.execute(_DUE, {"now": now, "most": most})).scalars())


async def waits_for(connection: AsyncConnection, channel: str, moment: dt.datetime) -> bool:
    """Whether something would settle if the channel's sales were known up to `moment`."""
    found = await connection.execute(_WAITED_FOR, {"channel": channel, "moment": moment})
    return bool(found.scalar_one())
