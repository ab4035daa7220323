"""The table `listings`: which SKU an external SKU of a channel stands for."""

from collections.abc import Collection, Sequence

from contracts import CloudEvent, ListingChanged
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from order_importer.order import Listing

_KNOWN = text("""
select channel, external_sku, sku
from listings
join unnest(cast(:channels as text[]), cast(:external_skus as text[])) as wanted (channel, external_sku)
    using (channel, external_sku)
where sku is not null
""")

_ASK_FOR = text("""
insert into listings (channel, external_sku)
select channel, external_sku
from unnest(cast(:channels as text[]), cast(:external_skus as text[])) as wanted (channel, external_sku)
order by channel, external_sku
on conflict (channel, external_sku) do update set external_sku = excluded.external_sku
returning channel, external_sku, sku
""")

_REMEMBER = text("""
insert into listings (channel, external_sku, sku, is_active, changed_at)
select channel, external_sku, sku, is_active, changed_at
from unnest(
    cast(:channels as text[]), cast(:external_skus as text[]), cast(:skus as text[]),
    cast(:are_active as boolean[]), cast(:changed_at as timestamptz[])
) as told (channel, external_sku, sku, is_active, changed_at)
order by channel, external_sku
on conflict (channel, external_sku) do update
set sku = excluded.sku, is_active = excluded.is_active, changed_at = excluded.changed_at
where listings.changed_at is null or listings.changed_at < excluded.changed_at
""")


async def skus_of(connection: AsyncConnection, wanted: Collection[Listing]) -> dict[Listing, str]:
    """The SKUs of those listings that are known.

    The others stay locked until the transaction ends. So a listing that appears at the same time waits for the orders
    that miss it, and finds them parked; otherwise it would pass them by.
    """
    known = await _select(connection, _KNOWN, wanted)
    missing = sorted(set(wanted) - set(known))
    return known | await _select(connection, _ASK_FOR, missing) if missing else known


async def _select(
    connection: AsyncConnection, statement: TextClause, wanted: Collection[Listing]
) -> dict[Listing, str]:
    parameters = {"channels": [key[0] for key in wanted], "external_skus": [key[1] for key in wanted]}
    rows = await connection.execute(statement, parameters)
    return {(row.channel, row.external_sku): row.sku for row in rows if row.sku is not None}


async def remember(connection: AsyncConnection, events: Sequence[CloudEvent[ListingChanged]]) -> None:
    """Keep what was told last of each listing, by the events' time; an older one changes nothing."""
    newest: dict[Listing, CloudEvent[ListingChanged]] = {}
    for event in sorted(events, key=lambda event: event.time):
        newest[event.data.channel, event.data.external_sku] = event
    await connection.execute(
        _REMEMBER,
        {
            "channels": [event.data.channel for event in newest.values()],
            "external_skus": [event.data.external_sku for event in newest.values()],
            "skus": [event.data.sku for event in newest.values()],
            "are_active": [event.data.is_active for event in newest.values()],
            "changed_at": [event.time for event in newest.values()],
        },
    )
