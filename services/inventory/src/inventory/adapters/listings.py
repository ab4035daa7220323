"""The listings in Postgres: which external SKU a product has on a channel."""

import datetime as dt

from contracts import ListingChanged
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_OWNER = text("select sku from marketplace_listings where channel = :channel and external_sku = :external_sku")
_UPSERT = text("""
insert into marketplace_listings as l (channel, sku, external_sku, external_id, external_url, is_active, changed_at)
values (:channel, :sku, :external_sku, :external_id, :external_url, :is_active, :now)
on conflict (channel, sku) do update set
    external_sku = excluded.external_sku, external_id = excluded.external_id, external_url = excluded.external_url,
    is_active = excluded.is_active, changed_at = excluded.changed_at
where (l.external_sku, l.external_id, l.external_url, l.is_active)
    is distinct from (excluded.external_sku, excluded.external_id, excluded.external_url, excluded.is_active)
returning sku
""")


class PostgresListings:
    """Within the caller's transaction, which holds the product's lock."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def owner(self, channel: str, external_sku: str) -> str | None:
        """The SKU that has this external SKU on the channel."""
        found = await self._connection.execute(_OWNER, {"channel": channel, "external_sku": external_sku})
        return found.scalar_one_or_none()

    async def upsert(self, listing: ListingChanged, now: dt.datetime) -> bool:
        """False when it was like that already."""
        result = await self._connection.execute(_UPSERT, listing.model_dump() | {"now": now})
        return result.scalar_one_or_none() is not None
