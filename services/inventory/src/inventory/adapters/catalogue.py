"""The products in Postgres."""

from collections.abc import Sequence

from contracts import AnyEvent, ProductChanged
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_UPSERT = text("""
insert into products (sku, title, category, base_price, currency, vat_rate, is_active, changed_at)
select * from unnest(
    cast(:skus as text[]), cast(:titles as text[]), cast(:categories as text[]), cast(:prices as numeric[]),
    cast(:currencies as text[]), cast(:vat_rates as numeric[]), cast(:actives as boolean[]),
    cast(:changed as timestamptz[]))
on conflict (sku) do update set
    title = excluded.title, category = excluded.category, base_price = excluded.base_price,
    currency = excluded.currency, vat_rate = excluded.vat_rate, is_active = excluded.is_active,
    changed_at = excluded.changed_at, updated_at = now()
where excluded.changed_at > products.changed_at
returning sku
""")


class PostgresCatalogue:
    """Implements `inventory.handlers.change_product.Catalogue` within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def upsert(self, events: Sequence[AnyEvent]) -> list[str]:
        """`events` holds each SKU once, sorted by it."""
        products = [(event, event.data) for event in events if isinstance(event.data, ProductChanged)]
        prices = [product.base_price for _, product in products]
        result = await self._connection.execute(
            _UPSERT,
            {
                "skus": [product.sku for _, product in products],
                "titles": [product.title for _, product in products],
                "categories": [product.category for _, product in products],
                "prices": [price.amount if price else None for price in prices],
                "currencies": [price.currency if price else None for price in prices],
                "vat_rates": [product.vat_rate for _, product in products],
                "actives": [product.is_active for _, product in products],
                "changed": [event.time for event, _ in products],
            },
        )
        return list(result.scalars())
