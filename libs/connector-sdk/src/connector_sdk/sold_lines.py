"""The table `sold_lines`: what orders hold of our stock, to tell a sale from a write that was lost."""

import dataclasses as dc
import datetime as dt
from collections.abc import Sequence

from contracts import FulfilledBy, MarketplaceOrderReceived
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_UPSERT = text("""
insert into sold_lines (external_order_id, external_line_id, external_sku, quantity, quantity_cancelled, placed_at,
                        updated_at)
select * from unnest(
    cast(:orders as text[]), cast(:lines as text[]), cast(:external_skus as text[]), cast(:quantities as int[]),
    cast(:cancelled as int[]), cast(:placed as timestamptz[]), cast(:updated as timestamptz[]))
on conflict (external_order_id, external_line_id) do update set
    external_sku = excluded.external_sku, quantity = excluded.quantity,
    quantity_cancelled = excluded.quantity_cancelled, updated_at = excluded.updated_at
where excluded.updated_at >= sold_lines.updated_at
""")
_READ = text("""
select external_sku, quantity, quantity_cancelled, placed_at, updated_at from sold_lines
where external_sku = any(cast(:external_skus as text[])) and (placed_at >= :since or updated_at >= :since)
""")
_FORGET = text("delete from sold_lines where updated_at < :before")


@dc.dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of an order; times are on the marketplace's clock."""

    external_sku: str
    quantity: int
    quantity_cancelled: int
    placed_at: dt.datetime
    updated_at: dt.datetime


async def keep(connection: AsyncConnection, orders: Sequence[MarketplaceOrderReceived]) -> None:
    """Keep the lines of orders of our own stock; an older version of an order changes nothing."""
    rows = {
        (order.external_order_id, line.external_line_id): (order, line)
        for order in orders
        if order.fulfilled_by is FulfilledBy.MERCHANT
        for line in order.lines
    }
    found = [rows[key] for key in sorted(rows)]
    if not found:
        return
    values = {
        "orders": [order.external_order_id for order, _ in found],
        "lines": [line.external_line_id for _, line in found],
        "external_skus": [line.external_sku for _, line in found],
        "quantities": [line.quantity for _, line in found],
        "cancelled": [line.quantity_cancelled for _, line in found],
        "placed": [order.placed_at for order, _ in found],
        "updated": [order.updated_at for order, _ in found],
    }
    await connection.execute(_UPSERT, values)


async def read(
    connection: AsyncConnection, external_skus: Sequence[str], since: dt.datetime
) -> dict[str, list[SoldLine]]:
    """The lines that were placed or changed since then, by listing."""
    found: dict[str, list[SoldLine]] = {external_sku: [] for external_sku in external_skus}
    for row in await connection.execute(_READ, {"external_skus": sorted(found), "since": since}):
        found[row.external_sku].append(SoldLine(*row))
    return found


async def forget(connection: AsyncConnection, before: dt.datetime) -> None:
    await connection.execute(_FORGET, {"before": before})
