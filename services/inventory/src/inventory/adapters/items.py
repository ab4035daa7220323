"""Items in Postgres: a product with what its channels offer and hold, in one row and its listings."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.adapters import shelf_codec
from inventory.domain.allocation import Policy
from inventory.domain.shelf import Shelf
from inventory.domain.stock import Cause, Item, Offer

_LOCK = text("""
select sku, category, is_active, on_hand, reserved, counted_at, cast(bounds as text) as bounds,
    cast(escrow as text) as escrow, overcommit, waiting, stock_changed_at, wake_at, cause_id,
    cause_correlation_id, cause_traceparent
from products where sku = any(cast(:skus as text[])) order by sku for update
""")
_READ = text(_LOCK.text.removesuffix(" for update\n") + "\n")
_LOCK_STOCK = text("""
select sku, on_hand, reserved, counted_at, cast(bounds as text), cast(escrow as text), overcommit, waiting, wake_at
from products where sku = any(cast(:skus as text[])) order by sku for update
""")
_OFFERS = text("""
select s.sku, c.name as channel, coalesce(l.external_sku, s.sku) as external_sku,
    c.is_active and coalesce(l.is_active, true) as is_active,
    coalesce(t.quantity, 0) as quantity, coalesce(t.revision, 0) as revision, l.changed_at as listed_at
from unnest(cast(:skus as text[])) as s (sku)
cross join marketplace_channels c
left join marketplace_listings l on l.channel = c.name and l.sku = s.sku
left join channel_targets t on t.channel = c.name and t.sku = s.sku
where c.name = any(cast(:channels as text[])) and (l.sku is not null or c.name = :storefront)
order by s.sku, array_position(cast(:channels as text[]), c.name)
""")
_SAVE = text("""
update products p set on_hand = n.on_hand, reserved = n.reserved, waiting = n.waiting, counted_at = n.counted_at,
    bounds = n.bounds, escrow = n.escrow, overcommit = n.overcommit, stock_changed_at = n.changed_at,
    wake_at = n.wake_at, cause_id = n.cause_id,
    cause_correlation_id = n.correlation_id, cause_traceparent = n.traceparent, updated_at = :now
from unnest(
    cast(:skus as text[]), cast(:on_hands as int[]), cast(:reserved as int[]), cast(:waiting as int[]),
    cast(:counted as timestamptz[]), cast(:bounds as jsonb[]),
    cast(:escrows as jsonb[]), cast(:overcommits as int[]), cast(:changed as timestamptz[]),
    cast(:wakes as timestamptz[]), cast(:causes as text[]), cast(:correlations as text[]),
    cast(:traceparents as text[]))
    as n (sku, on_hand, reserved, waiting, counted_at, bounds, escrow, overcommit, changed_at, wake_at, cause_id,
          correlation_id, traceparent)
where p.sku = n.sku
""")
_SAVE_PLAIN = text("""
update products p set on_hand = n.on_hand, counted_at = n.counted_at, bounds = null, escrow = null, overcommit = 0,
    wake_at = null, updated_at = :now
from unnest(
    cast(:skus as text[]), cast(:on_hands as int[]), cast(:counted as timestamptz[])) as n (sku, on_hand, counted_at)
where p.sku = n.sku
""")


async def lock(connection: AsyncConnection, skus: Sequence[str], policy: Policy) -> dict[str, Item]:
    """The items that exist among `skus`, locked in SKU order.

    The storefront offers every product, listed or not; any other channel needs a listing.
    """
    return await _fetch(connection, _LOCK, skus, policy)


async def read(connection: AsyncConnection, skus: Sequence[str], policy: Policy) -> dict[str, Item]:
    """The same without locks: to look only."""
    return await _fetch(connection, _READ, skus, policy)


async def _fetch(
    connection: AsyncConnection, query: TextClause, skus: Sequence[str], policy: Policy
) -> dict[str, Item]:
    rows = (await connection.execute(query, {"skus": list(skus)})).all()
    if not rows:
        return {}
    parameters = {"skus": [row.sku for row in rows], "channels": list(policy.weights), "storefront": policy.storefront}
    listed: dict[str, list[Any]] = defaultdict(list)
    for sku, *offer in await connection.execute(_OFFERS, parameters):
        listed[sku].append(offer)
    return {row.sku: _item(row, listed[row.sku], policy.storefront) for row in rows}


def _item(row: Any, listed: Sequence[Any], storefront: str) -> Item:  # noqa: ANN401 - a row
    shelves = shelf_codec.decode(bounds=row.bounds, escrow=row.escrow)
    return Item(
        sku=row.sku,
        is_active=row.is_active,
        on_hand=row.on_hand,
        reserved=row.reserved,
        counted_at=row.counted_at,
        offers=tuple([_offer(offer, shelves, storefront) for offer in listed]),
        category=row.category,
        overcommit=row.overcommit,
        waiting=row.waiting,
        changed_at=row.stock_changed_at,
        wake_at=row.wake_at,
        cause=Cause(row.cause_id, row.cause_correlation_id, row.cause_traceparent) if row.cause_id else None,
    )


def _offer(row: Sequence[Any], shelves: Mapping[str, Shelf], storefront: str) -> Offer:
    channel, external_sku, is_active, quantity, revision, listed_at = row
    shelf = shelves.get(channel)
    if shelf is None:
        shelf = Shelf() if channel == storefront else shelf_codec.unread()
    return Offer(channel, external_sku, is_active, quantity, revision, shelf, listed_at)


async def lock_stock(connection: AsyncConnection, skus: Sequence[str]) -> Sequence[Any]:
    """Lock like `lock`; the rows are for `decode_stock`."""
    return (await connection.execute(_LOCK_STOCK, {"skus": list(skus)})).all()


def decode_stock(rows: Sequence[Any]) -> dict[str, Item]:
    """Items with no more of each offer than its shelf, and no offer that nobody has looked at yet."""
    return {row[0]: _stock(row) for row in rows}


def _stock(row: Any) -> Item:  # noqa: ANN401 - a row
    sku, on_hand, reserved, counted_at, bounds, escrow, overcommit, waiting, wake_at = row
    shelves = shelf_codec.decode(bounds=bounds, escrow=escrow)
    return Item(
        sku=sku,
        is_active=True,
        on_hand=on_hand,
        reserved=reserved,
        counted_at=counted_at,
        offers=tuple([Offer(channel, "", is_active=True, shelf=shelf) for channel, shelf in shelves.items()]),
        overcommit=overcommit,
        waiting=waiting,
        wake_at=wake_at,
    )


def columns(items: Sequence[Item], now: dt.datetime) -> dict[str, Any]:
    """What `save` keeps of them: the stock, and what each channel holds of it."""
    shelves = [shelf_codec.encode(item.offers) for item in items]
    return {
        "skus": [item.sku for item in items],
        "on_hands": [item.on_hand for item in items],
        "reserved": [item.reserved for item in items],
        "waiting": [item.waiting for item in items],
        "counted": [item.counted_at for item in items],
        "bounds": [bounds for bounds, _ in shelves],
        "escrows": [escrow for _, escrow in shelves],
        "overcommits": [item.overcommit for item in items],
        "changed": [item.changed_at for item in items],
        "wakes": [item.wake_at for item in items],
        "causes": [item.cause.event_id if item.cause else None for item in items],
        "correlations": [item.cause.correlation_id if item.cause else None for item in items],
        "traceparents": [item.cause.traceparent if item.cause else None for item in items],
        "now": now,
    }


async def save(connection: AsyncConnection, columns: Mapping[str, Any]) -> None:
    """Keep what `columns` tells. The database refuses bounds that hold more than there is."""
    await connection.execute(_SAVE, columns)


async def save_plain(connection: AsyncConnection, items: Sequence[Item], now: dt.datetime) -> None:
    """Keep the stock where no bounds are kept."""
    await connection.execute(
        _SAVE_PLAIN,
        {
            "skus": [item.sku for item in items],
            "on_hands": [item.on_hand for item in items],
            "counted": [item.counted_at for item in items],
            "now": now,
        },
    )
