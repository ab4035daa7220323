"""The SKUs whose prices must be computed again: a table, so that it happens once what led to it is committed.

Its rows are the only locks that pricing waits for, and nobody who holds one waits for a product: no deadlock.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.price_rules import PriceRule
from inventory.domain.stock import Cause

_ADD = text("""
insert into price_queue (sku, since, cause_id, cause_correlation_id, cause_traceparent)
select n.sku, cast(:now as timestamptz), n.id, n.correlation_id, n.traceparent from unnest(
    cast(:skus as text[]), cast(:ids as text[]), cast(:correlations as text[]), cast(:traces as text[]))
    as n (sku, id, correlation_id, traceparent)
order by n.sku
on conflict (sku) do update set
    cause_id = excluded.cause_id, cause_correlation_id = excluded.cause_correlation_id,
    cause_traceparent = excluded.cause_traceparent
where excluded.cause_id is not null
""")
_ADD_SCOPES = text("""
insert into price_scopes (sku, category, channel)
select * from unnest(cast(:skus as text[]), cast(:categories as text[]), cast(:channels as text[]))
""")
_SPREAD = text("""
with gone as (delete from price_scopes returning sku, category, channel)
insert into price_queue (sku, since)
select distinct p.sku, cast(:now as timestamptz)
from products p join marketplace_listings l on l.sku = p.sku
join gone g on (g.sku is null or g.sku = p.sku) and (g.category is null or g.category = p.category)
    and (g.channel is null or g.channel = l.channel)
order by p.sku
on conflict do nothing
""")
_TAKE = text("""
with taken as materialized (
    select sku from price_queue order by since, sku limit :limit for update skip locked)
delete from price_queue q using taken t where q.sku = t.sku
returning q.sku, q.cause_id, q.cause_correlation_id, q.cause_traceparent
""")


async def add(
    connection: AsyncConnection, skus: Sequence[str], now: dt.datetime, causes: Mapping[str, Cause] | None = None
) -> None:
    """Put them into the queue; `causes` is by SKU."""
    if not skus:
        return
    known = [(causes or {}).get(sku) for sku in skus]
    await connection.execute(
        _ADD,
        {
            "skus": list(skus),
            "now": now,
            "ids": [cause.event_id if cause else None for cause in known],
            "correlations": [cause.correlation_id if cause else None for cause in known],
            "traces": [cause.traceparent if cause else None for cause in known],
        },
    )


async def add_scopes(connection: AsyncConnection, rules: Iterable[PriceRule]) -> None:
    """Note that everything these rules speak of must be looked at; give a changed rule as it was and as it is."""
    known = list(rules)
    await connection.execute(
        _ADD_SCOPES,
        {
            "skus": [rule.sku for rule in known],
            "categories": [rule.category for rule in known],
            "channels": [rule.channel for rule in known],
        },
    )


async def spread(connection: AsyncConnection, now: dt.datetime) -> None:
    """Put the listed SKUs of the scopes that were noted into the queue.

    A product that is changed at the same time queues itself, so that no SKU falls between two transactions.
    """
    await connection.execute(_SPREAD, {"now": now})


async def take(connection: AsyncConnection, limit: int) -> dict[str, Cause | None]:
    """Take the SKUs that wait longest out of the queue, with what led to it; no other transaction gets the same.

    They are back in the queue if the transaction fails. Whoever adds one of them meanwhile waits, and adds it again.
    """
    rows = (await connection.execute(_TAKE, {"limit": limit})).all()
    return {
        row.sku: Cause(row.cause_id, row.cause_correlation_id, row.cause_traceparent) if row.cause_id else None
        for row in sorted(rows, key=lambda row: str(row.sku))
    }
