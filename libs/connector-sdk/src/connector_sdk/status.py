"""The figures of a connector: how much waits to be pushed and how far its orders are known."""

import dataclasses as dc
import datetime as dt

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_READ = text("""
select p.pending, p.in_flight, p.quarantined, p.oldest_pending_seconds,
       c.position as orders_cursor, c.known_until as orders_known_until, c.read_at as orders_read_at,
       (select count(*) from unreadable_orders) as unreadable_orders,
       (select external_order_id || ': ' || reason from unreadable_orders
        order by first_seen_at, external_order_id limit 1) as oldest_unreadable_order,
       (select count(*) from listings where next_read_at is not null) as to_be_read,
       prices.pending as prices_pending, prices.failed as prices_failed, prices.unsupported as prices_unsupported,
       shipments.pending as shipments_pending, shipments.failed as shipments_failed,
       shipments.unsupported as shipments_unsupported
from (
    select count(*) as pending, count(in_flight_revision) as in_flight,
           count(*) filter (where state = 'quarantined') as quarantined,
           coalesce(greatest(extract(epoch from :now - min(pending_since)), 0), 0)::float8 as oldest_pending_seconds
    from pushes where state in ('pending', 'quarantined') and (reached or not closed)
) p left join cursors c on c.search = 'created'
cross join (
    select count(*) filter (where state in ('pending', 'quarantined')) as pending,
           count(*) filter (where state in ('rejected', 'quarantined')) as failed,
           count(*) filter (where state = 'unsupported') as unsupported
    from price_pushes
) prices
cross join (
    select count(*) filter (where state in ('pending', 'quarantined')) as pending,
           count(*) filter (where state in ('rejected', 'quarantined')) as failed,
           count(*) filter (where state = 'unsupported') as unsupported
    from shipments
) shipments
""")


@dc.dataclass(frozen=True, slots=True)
class Figures:
    """`pending` counts the listings whose newest target is neither accepted nor rejected, quarantined ones included.

    A raise that was withdrawn is not pending. `to_be_read`: listings that somebody waits to have read. `prices_failed`
    are rejected or quarantined; `prices_unsupported` can't be written by this connector at all. Likewise for parcels.
    """

    pending: int
    in_flight: int
    quarantined: int
    oldest_pending_seconds: float
    orders_cursor: dt.datetime | None
    orders_known_until: dt.datetime | None
    orders_read_at: dt.datetime | None
    unreadable_orders: int
    oldest_unreadable_order: str | None
    to_be_read: int
    prices_pending: int = 0
    prices_failed: int = 0
    prices_unsupported: int = 0
    shipments_pending: int = 0
    shipments_failed: int = 0
    shipments_unsupported: int = 0


async def read(connection: AsyncConnection, now: dt.datetime) -> Figures:
    return Figures(*(await connection.execute(_READ, {"now": now})).one())
