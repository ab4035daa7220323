"""The table `seen_orders`: which version of each order was published, so that only news is."""

import dataclasses as dc
import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence

from contracts import FulfilledBy, MarketplaceOrderReceived, OrderStatus
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk import sold_lines
from connector_sdk.marketplace import UnreadableOrder

_OPEN = frozenset({OrderStatus.PENDING, OrderStatus.UNSHIPPED, OrderStatus.PARTIALLY_SHIPPED, OrderStatus.UNKNOWN})

_KNOWN = text("""
select external_order_id, updated_at, digest from seen_orders
where external_order_id = any(cast(:ids as text[])) order by external_order_id for update
""")
_UPSERT = text("""
insert into seen_orders (external_order_id, placed_at, updated_at, digest, is_open)
select * from unnest(
    cast(:ids as text[]), cast(:placed as timestamptz[]), cast(:updated as timestamptz[]),
    cast(:digests as text[]), cast(:open as boolean[]))
on conflict (external_order_id) do update set
    placed_at = excluded.placed_at, updated_at = excluded.updated_at, digest = excluded.digest,
    is_open = excluded.is_open
where excluded.updated_at >= seen_orders.updated_at
""")
_NOW_READABLE = text("delete from unreadable_orders where external_order_id = any(cast(:ids as text[]))")
_UNREADABLE = text("""
insert into unreadable_orders (external_order_id, reason, first_seen_at)
select id, reason, :now from unnest(cast(:ids as text[]), cast(:reasons as text[])) as u (id, reason)
on conflict (external_order_id) do update set reason = excluded.reason
returning external_order_id, reason, xmax = 0 as is_new
""")
_TAKE_TURN = text("select pg_advisory_xact_lock(hashtext('seen_orders'), hashtext(current_schema()))")
_SEARCHED = text("""
update seen_orders set searched_at = :now
where external_order_id = any(cast(:ids as text[])) and searched_at is null
""")
_OLDEST_OPEN = text("select min(placed_at) from seen_orders where is_open and placed_at >= :not_before")


@dc.dataclass(frozen=True, slots=True)
class Seen:
    updated_at: dt.datetime
    digest: str


def digest(order: MarketplaceOrderReceived) -> str:
    """What the order says, without when it was touched: an order that was only touched is no news."""
    return hashlib.sha256(order.model_dump_json(exclude={"updated_at", "raw"}).encode()).hexdigest()


def event_id(order: MarketplaceOrderReceived) -> str:
    """The same for the same version of an order, so that a repeat is recognised whoever sends it."""
    version = "\n".join((order.channel, order.external_order_id, order.updated_at.isoformat(), digest(order)))
    return f"order-{hashlib.sha256(version.encode()).hexdigest()}"


def newest(orders: Iterable[MarketplaceOrderReceived]) -> list[MarketplaceOrderReceived]:
    """Each order once, in its newest version, by id."""
    by_id: dict[str, MarketplaceOrderReceived] = {}
    for order in orders:
        known = by_id.get(order.external_order_id)
        if known is None or order.updated_at >= known.updated_at:
            by_id[order.external_order_id] = order
    return [by_id[order_id] for order_id in sorted(by_id)]


def is_news(order: MarketplaceOrderReceived, seen: Mapping[str, Seen]) -> bool:
    """Whether the order is new, or says something else than the version seen and is not older than it."""
    known = seen.get(order.external_order_id)
    return known is None or (order.updated_at >= known.updated_at and digest(order) != known.digest)


async def keep(
    connection: AsyncConnection, orders: Sequence[MarketplaceOrderReceived]
) -> list[MarketplaceOrderReceived]:
    """Remember `orders`, each given once and in the order of their ids. Returns those that are news.

    One transaction at a time: else a search and a fetch that both see an order for the first time would both call it
    news, and the older version could be published last.
    """
    if not orders:
        return []
    await connection.execute(_TAKE_TURN)
    ids = [order.external_order_id for order in orders]
    rows = await connection.execute(_KNOWN, {"ids": ids})
    seen = {row.external_order_id: Seen(row.updated_at, row.digest) for row in rows}
    await connection.execute(
        _UPSERT,
        {
            "ids": ids,
            "placed": [order.placed_at for order in orders],
            "updated": [order.updated_at for order in orders],
            "digests": [digest(order) for order in orders],
            "open": [is_open(order) for order in orders],
        },
    )
    await connection.execute(_NOW_READABLE, {"ids": ids})
    await sold_lines.keep(connection, orders)
    return [order for order in orders if is_news(order, seen)]


async def note_searched(
    connection: AsyncConnection, orders: Sequence[MarketplaceOrderReceived], now: dt.datetime
) -> None:
    """A search has shown these, which are kept already. Only orders that we ship are told of by notifications."""
    ids = [order.external_order_id for order in orders if order.fulfilled_by is FulfilledBy.MERCHANT]
    await connection.execute(_SEARCHED, {"ids": ids, "now": now})


async def keep_unreadable(
    connection: AsyncConnection, unreadable: Sequence[UnreadableOrder], now: dt.datetime
) -> list[UnreadableOrder]:
    """Remember what could not be read. Returns what was not known to be unreadable before."""
    reasons = {each.external_order_id: each.reason for each in unreadable}
    if not reasons:
        return []
    ids = sorted(reasons)
    values = {"ids": ids, "reasons": [reasons[order_id] for order_id in ids], "now": now}
    rows = await connection.execute(_UNREADABLE, values)
    return [UnreadableOrder(row.external_order_id, row.reason) for row in rows if row.is_new]


async def oldest_open(connection: AsyncConnection, not_before: dt.datetime) -> dt.datetime | None:
    """When the oldest order was placed that may still change, among those placed since `not_before`."""
    moment: dt.datetime | None = (await connection.execute(_OLDEST_OPEN, {"not_before": not_before})).scalar_one()
    return moment


def is_open(order: MarketplaceOrderReceived) -> bool:
    """Whether the order may still change in a way that matters to our stock."""
    return order.status in _OPEN and order.fulfilled_by is FulfilledBy.MERCHANT
