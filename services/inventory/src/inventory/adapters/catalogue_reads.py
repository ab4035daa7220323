"""Products and listings as the HTTP API shows them, read without locks."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_PRODUCTS = text("""
select sku, title, category,
    case when base_price is not null then jsonb_build_object('amount', base_price::text, 'currency', currency) end
        as base_price,
    vat_rate, is_active, changed_at
from products where sku > :after and (cast(:sku as text) is null or sku = :sku) order by sku limit :limit
""")
_LISTINGS = text("""
select channel, sku, external_sku, external_id, external_url, is_active, changed_at
from marketplace_listings
where (channel, sku) > (:after_channel, :after_sku) and (cast(:channel as text) is null or channel = :channel)
order by channel, sku limit :limit
""")
_LISTING = text("""
select channel, sku, external_sku, external_id, external_url, is_active, changed_at
from marketplace_listings where channel = :channel and sku = :sku
""")


async def products(
    connection: AsyncConnection, *, sku: str | None = None, after: str = "", limit: int = 1
) -> list[dict[str, Any]]:
    """By SKU, those behind `after`; or the one with `sku`."""
    result = await connection.execute(_PRODUCTS, {"sku": sku, "after": after, "limit": limit})
    return [dict(row) for row in result.mappings()]


async def listings(
    connection: AsyncConnection, *, channel: str | None, after: tuple[str, str], limit: int
) -> list[dict[str, Any]]:
    """By channel and SKU, those behind `after`."""
    places = {"after_channel": after[0], "after_sku": after[1]}
    result = await connection.execute(_LISTINGS, {"channel": channel, "limit": limit} | places)
    return [dict(row) for row in result.mappings()]


async def listing(connection: AsyncConnection, channel: str, sku: str) -> dict[str, Any] | None:
    row = (await connection.execute(_LISTING, {"channel": channel, "sku": sku})).mappings().first()
    return dict(row) if row else None
