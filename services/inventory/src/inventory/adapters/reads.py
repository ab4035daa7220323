"""What the HTTP API shows, read without locks."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.adapters import shelf_codec
from inventory.domain.shelf import Shelf

_PRODUCTS = text("""
select sku, title, category, is_active, on_hand, reserved, overcommit, wake_at, cast(bounds as text) as bounds,
    cast(escrow as text) as escrow
from products
where sku > :after and (cast(:sku as text) is null or sku = :sku) order by sku limit :limit
""")
_CHANNELS = text("""
select s.sku, c.name as channel, l.external_sku, t.quantity, t.revision, t.live_quantity, t.live_at,
    t.applied_revision, t.applied_status
from unnest(cast(:skus as text[])) as s (sku)
cross join marketplace_channels c
left join marketplace_listings l on l.channel = c.name and l.sku = s.sku
left join channel_targets t on t.channel = c.name and t.sku = s.sku
where t.sku is not null or l.sku is not null
order by s.sku, c.priority
""")
_LOGS = text("""
select id, sku, channel, change_qty, reason, reference, line_reference, before_qty, after_qty, event_id,
    happened_at, created_at
from inventory_logs where id > :after and (cast(:sku as text) is null or sku = :sku) order by id limit :limit
""")

_SALES_CHANNELS = text("""
select c.name, c.title, c.is_active, w.known_until as orders_known_until,
    (select count(*) from watermark_holds h
     where h.expired_at is null and (h.channel = c.name or h.channel is null)) as holds,
    (select count(*) from watermark_holds h
     where h.expired_at is not null and (h.channel = c.name or h.channel is null)) as holds_expired
from marketplace_channels c left join channel_watermarks w on w.channel = c.name
order by c.priority
""")


async def channels(connection: AsyncConnection) -> list[dict[str, Any]]:
    """The sales channels, up to when the sales of each are known, and how many dead letters hold that up.

    `holds_expired`: what held has run out and is not resolved, so that time may be told too far.
    """
    return [dict(row) for row in (await connection.execute(_SALES_CHANNELS)).mappings()]


async def stock(
    connection: AsyncConnection, *, sku: str | None = None, after: str = "", limit: int = 1
) -> list[dict[str, Any]]:
    """Products with their channels, by SKU.

    `target` is what a channel is to show now: the quantity on its way to it, else what it holds of the last one.
    `wake_at`: when it will be looked at again even if nothing happens; null when it has come to its plain allocation.
    `bound` is null where no bound is kept: without escrow, or where nobody has looked at the offer yet.
    """
    rows = (await connection.execute(_PRODUCTS, {"sku": sku, "after": after, "limit": limit})).mappings().all()
    channels = await _channels(connection, [row["sku"] for row in rows])
    return [_product(dict(row), channels[row["sku"]]) for row in rows]


def _product(row: dict[str, Any], channels: dict[str, Any]) -> dict[str, Any]:
    shelves = shelf_codec.decode(bounds=row.pop("bounds"), escrow=row.pop("escrow"))
    held = {
        channel: facts | _held(shelves[channel]) if channel in shelves else facts for channel, facts in channels.items()
    }
    return row | {"available": row["on_hand"] - row["reserved"], "channels": held}


def _held(shelf: Shelf) -> dict[str, Any]:
    newest = shelf.newest
    return {
        "bound": shelf.bound if shelf.is_read else None,
        "target": newest.quantity if newest else shelf.bound,
        "moves": [
            {
                "revision": move.revision,
                "quantity": move.quantity,
                "issued_at": move.issued_at,
                "live_at": move.live_at,
                "is_unknown": move.is_unknown,
            }
            for move in shelf.moves
        ],
        "is_settled": shelf.is_read and not shelf.moves and shelf.reading is None,
    }


async def _channels(connection: AsyncConnection, skus: Sequence[str]) -> dict[str, dict[str, Any]]:
    by_sku: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in await connection.execute(_CHANNELS, {"skus": list(skus)}):
        by_sku[row.sku][row.channel] = {
            "external_sku": row.external_sku or row.sku,
            "bound": None,
            "target": row.quantity,
            "told": row.quantity,
            "revision": row.revision,
            "applied_revision": row.applied_revision,
            "applied_status": row.applied_status,
            "live": row.live_quantity,
            "live_at": row.live_at,
        }
    return by_sku


async def logs(connection: AsyncConnection, *, sku: str | None, after: int, limit: int) -> list[dict[str, Any]]:
    """The ledger's rows in the order in which they were written."""
    result = await connection.execute(_LOGS, {"sku": sku, "after": after, "limit": limit})
    return [dict(row) for row in result.mappings()]
