"""The incidents in Postgres."""

import datetime as dt
import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.incidents import PRICE_REFUSED, Incident

_HOLD = text("select 1 from products where sku = any(cast(:skus as text[])) order by sku for key share")
_RAISE = text("""
insert into incidents (sku, channel, cause, units, detail, event_id, raised_at)
select *, cast(:now as timestamptz) from unnest(
    cast(:skus as text[]), cast(:channels as text[]), cast(:causes as text[]), cast(:units as int[]),
    cast(:details as jsonb[]), cast(:ids as text[]))
on conflict (event_id) do nothing
""")
_RESOLVE = text("""
update incidents set resolved_at = :now
where resolved_at is null and sku = any(cast(:skus as text[])) and cause <> :price_refused
""")
_RESOLVE_PRICES = text("""
update incidents i set resolved_at = :now
from unnest(cast(:channels as text[]), cast(:skus as text[])) as n (channel, sku)
where i.resolved_at is null and i.sku = n.sku and i.channel = n.channel and i.cause = :price_refused
""")
_READ = text("""
select id, sku, channel, cause, units, cast(detail as text) as detail, event_id, raised_at, resolved_at from incidents
where id > :after and (cast(:sku as text) is null or sku = :sku) and (not :open or resolved_at is null)
order by id limit :limit
""")


async def hold_products(connection: AsyncConnection, skus: Collection[str]) -> None:
    """Wait for whoever has these products locked, as `raise_incidents` would: before anything else is locked."""
    if skus:
        await connection.execute(_HOLD, {"skus": sorted(set(skus))})


async def raise_incidents(connection: AsyncConnection, incidents: Sequence[Incident], now: dt.datetime) -> None:
    """Keep them, each event's once."""
    await connection.execute(
        _RAISE,
        {
            "skus": [incident.sku for incident in incidents],
            "channels": [incident.channel for incident in incidents],
            "causes": [incident.cause for incident in incidents],
            "units": [incident.units for incident in incidents],
            "details": [json.dumps(incident.detail) for incident in incidents],
            "ids": [incident.event_id for incident in incidents],
            "now": now,
        },
    )


async def resolve(connection: AsyncConnection, skus: Sequence[str], now: dt.datetime) -> None:
    """Their bounds hold no more than there is (again)."""
    await connection.execute(_RESOLVE, {"skus": list(skus), "price_refused": PRICE_REFUSED, "now": now})


async def resolve_prices(connection: AsyncConnection, listings: Collection[tuple[str, str]], now: dt.datetime) -> None:
    """These (channel, sku) have a price that nobody refuses (any more)."""
    if listings:
        found = sorted(listings)
        of = {"channels": [channel for channel, _ in found], "skus": [sku for _, sku in found]}
        await connection.execute(_RESOLVE_PRICES, {**of, "price_refused": PRICE_REFUSED, "now": now})


async def read(
    connection: AsyncConnection, *, sku: str | None, after: int, limit: int, only_open: bool
) -> list[dict[str, Any]]:
    """The oldest first."""
    parameters = {"sku": sku, "after": after, "limit": limit, "open": only_open}
    rows = (await connection.execute(_READ, parameters)).mappings()
    return [dict(row) | {"detail": json.loads(row["detail"])} for row in rows]
