"""A shop of very many SKUs, written straight into the inventory's tables.

The rows are those that events would have left: a product, its first count, two listings, and a target of each channel
that is live, settled and shared out. Nothing is on its way, and nobody has sold yet.
"""

import datetime as dt

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_SHARES = {"saberstore": 30, "amazon": 33, "noon": 33}
"""Percent of the stock that each channel holds; the rest is the buffer."""
ON_HAND = 1_000_000
_PLACES = (
    """
create temporary table places on commit drop as
select 'SKU-' || n as sku, c.channel, cast(:on_hand * c.share / 100 as int) as quantity
from generate_series(0, cast(:skus as int) - 1) as n
cross join unnest(cast(:channels as text[]), cast(:shares as int[])) as c (channel, share)""",
    "set local session_replication_role = replica",  # each row's keys are right, and need not be looked up one by one
)
_ROWS = (
    """
insert into products (sku, title, is_active, on_hand, counted_at, changed_at, bounds, escrow, stock_changed_at)
select sku, 'Product ' || sku, true, :on_hand, :counted, :counted, jsonb_object_agg(channel, quantity),
    jsonb_object_agg(channel, jsonb_build_object('seen_at', cast(:seen as bigint)))
        filter (where channel <> 'saberstore'),
    :counted
from places group by sku""",
    """
insert into inventory_logs (sku, change_qty, reason, before_qty, after_qty, event_id, happened_at, created_at)
select sku, :on_hand, 'stocktake', 0, :on_hand, 'count-' || sku, :counted, :counted
from places where channel = 'saberstore'""",
    """
insert into marketplace_listings (channel, sku, external_sku, is_active, stock_qty, last_sync_at, changed_at)
select channel, sku, sku, true, quantity, :counted, :counted from places where channel <> 'saberstore'""",
    """
insert into channel_targets (channel, sku, quantity, revision, targeted_at, applied_revision, applied_status,
    applied_at, live_quantity, live_at)
select channel, sku, quantity, 1, :counted, 1, 'live', :counted, quantity, :counted from places""",
    """
insert into target_log (sku, channel, revision, quantity, urgency, explanation, targeted_at)
select sku, channel, 1, quantity, 'increase',
    jsonb_build_object('available', cast(:on_hand as int), 'sellable', :on_hand * 96 / 100), :counted
from places""",
)


async def fill(engine: AsyncEngine, skus: int, on_hand: int = ON_HAND) -> None:
    """`skus` products from SKU-0 on, with `on_hand` units each, into an empty inventory; then all is at rest."""
    counted = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    given = {
        "skus": skus,
        "channels": list(_SHARES),
        "shares": list(_SHARES.values()),
        "on_hand": on_hand,
        "counted": counted,
        "seen": int(counted.timestamp() * 1_000_000),
    }
    async with engine.begin() as connection:
        for statement in (*_PLACES, *_ROWS):
            await connection.execute(text(statement), given)
    await settle_down(engine)


async def settle_down(engine: AsyncEngine) -> None:
    """So that neither autovacuum nor a checkpoint falls into one run and not into the other."""
    async with engine.connect() as connection:
        quiet: AsyncConnection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await quiet.execute(text("vacuum analyze"))
        await quiet.execute(text("checkpoint"))
