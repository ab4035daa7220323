"""The listings in Postgres: which external SKU a product has on a channel."""

import datetime as dt
from collections.abc import Sequence

from contracts import ListingChanged
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_QUEUE = text("select pg_advisory_xact_lock(hashtext(current_schema() || '.marketplace_listings'))")
_OWNERS = text("""
select l.channel, l.external_sku, l.sku from marketplace_listings l
join unnest(cast(:channels as text[]), cast(:externals as text[])) as n (channel, external_sku)
    on l.channel = n.channel and l.external_sku = n.external_sku
""")
_UPSERT = text("""
insert into marketplace_listings as l
    (channel, sku, external_sku, external_id, external_url, is_active, changed_at)
select *, cast(:now as timestamptz) from unnest(
    cast(:channels as text[]), cast(:skus as text[]), cast(:externals as text[]), cast(:ids as text[]),
    cast(:urls as text[]), cast(:actives as boolean[]))
on conflict (channel, sku) do update set
    external_sku = excluded.external_sku, external_id = excluded.external_id, external_url = excluded.external_url,
    is_active = excluded.is_active, changed_at = excluded.changed_at
where (l.external_sku, l.external_id, l.external_url, l.is_active)
    is distinct from (excluded.external_sku, excluded.external_id, excluded.external_url, excluded.is_active)
returning channel, sku
""")


class PostgresListings:
    """Within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def queue(self) -> None:
        """Wait until no other transaction changes listings. To be called before products are locked."""
        await self._connection.execute(_QUEUE)

    async def owners(self, listings: Sequence[ListingChanged]) -> dict[tuple[str, str], str]:
        """(channel, external SKU) -> SKU, as it is now, for the external SKUs of `listings`."""
        result = await self._connection.execute(
            _OWNERS,
            {
                "channels": [listing.channel for listing in listings],
                "externals": [listing.external_sku for listing in listings],
            },
        )
        return {(row.channel, row.external_sku): row.sku for row in result}

    async def upsert(self, listings: Sequence[ListingChanged], now: dt.datetime) -> list[ListingChanged]:
        """Keep them, each (channel, SKU) once; answers with those that were not like that already."""
        if not listings:
            return []
        result = await self._connection.execute(
            _UPSERT,
            {
                "channels": [listing.channel for listing in listings],
                "skus": [listing.sku for listing in listings],
                "externals": [listing.external_sku for listing in listings],
                "ids": [listing.external_id for listing in listings],
                "urls": [listing.external_url for listing in listings],
                "actives": [listing.is_active for listing in listings],
                "now": now,
            },
        )
        changed = {(row.channel, row.sku) for row in result}
        return [listing for listing in listings if (listing.channel, listing.sku) in changed]
