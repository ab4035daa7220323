"""The newest target of each SKU on each channel, and how far it got."""

import datetime as dt
from collections.abc import Sequence

from contracts import AppliedStatus, StockApplied
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.targets import Target

STEPS = (
    AppliedStatus.UNKNOWN,
    AppliedStatus.ACCEPTED,
    AppliedStatus.REJECTED,
    AppliedStatus.UNSUPPORTED,
    AppliedStatus.LIVE,
)
"""How far a revision got, in the order in which it may be told: an earlier step never overwrites a later one."""

_UPSERT = text("""
insert into channel_targets (channel, sku, quantity, revision, targeted_at)
select *, cast(:now as timestamptz) from unnest(
    cast(:channels as text[]), cast(:skus as text[]), cast(:quantities as int[]), cast(:revisions as bigint[]))
on conflict (channel, sku) do update
    set quantity = excluded.quantity, revision = excluded.revision, targeted_at = excluded.targeted_at
""")
_NOTE = text("""
update channel_targets t
set applied_revision = n.revision, applied_status = n.status, applied_at = :now,
    live_quantity = case when n.status = 'live' then n.quantity else t.live_quantity end,
    live_at = case when n.status = 'live' then n.live_at else t.live_at end
from unnest(
    cast(:channels as text[]), cast(:skus as text[]), cast(:revisions as bigint[]), cast(:statuses as text[]),
    cast(:quantities as int[]), cast(:lives as timestamptz[])) as n (channel, sku, revision, status, quantity, live_at)
where t.channel = n.channel and t.sku = n.sku
    and (n.revision, coalesce(array_position(cast(:steps as text[]), n.status), 0))
        > (coalesce(t.applied_revision, 0), coalesce(array_position(cast(:steps as text[]), t.applied_status), 0))
returning t.channel, t.sku
""")
_SYNCED = text("""
update marketplace_listings l
set last_sync_at = :now, stock_qty = case when n.status = 'live' then n.quantity else l.stock_qty end
from unnest(cast(:channels as text[]), cast(:skus as text[]), cast(:statuses as text[]), cast(:quantities as int[]))
    as n (channel, sku, status, quantity)
where l.channel = n.channel and l.sku = n.sku
""")


async def upsert_targets(connection: AsyncConnection, targets: Sequence[Target], now: dt.datetime) -> None:
    """The last one of each offer counts."""
    newest = {(target.sku, target.offer.channel): target for target in targets}
    targets = list(newest.values())
    await connection.execute(
        _UPSERT,
        {
            "channels": [t.offer.channel for t in targets],
            "skus": [t.sku for t in targets],
            "quantities": [t.quantity for t in targets],
            "revisions": [t.revision for t in targets],
            "now": now,
        },
    )


async def note_applied(
    connection: AsyncConnection, answers: Sequence[StockApplied], now: dt.datetime
) -> set[tuple[str, str]]:
    """`answers` holds each (channel, sku) once, sorted by it. What says nothing new leaves every time as it was.

    Answers with the (channel, sku) of those that say something new.
    """
    noted = [a for a in answers if a.status is not AppliedStatus.SUPERSEDED]
    if not noted:
        return set()
    told = {
        "channels": [a.channel for a in noted],
        "skus": [a.sku for a in noted],
        "revisions": [a.revision for a in noted],
        "statuses": [str(a.status) for a in noted],
        "quantities": [a.quantity for a in noted],
        "lives": [a.live_at for a in noted],
        "steps": [str(status) for status in STEPS],
        "now": now,
    }
    news = {(row.channel, row.sku) for row in await connection.execute(_NOTE, told)}
    fresh = [a for a in noted if (a.channel, a.sku) in news]
    await connection.execute(
        _SYNCED,
        {
            "channels": [a.channel for a in fresh],
            "skus": [a.sku for a in fresh],
            "statuses": [str(a.status) for a in fresh],
            "quantities": [a.quantity for a in fresh],
            "now": now,
        },
    )
    return news
