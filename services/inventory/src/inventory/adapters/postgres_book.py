"""The ledger in Postgres."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.adapters.targets import upsert_targets
from inventory.domain.allocation import Policy
from inventory.domain.stock import Item, LogEntry, Offer
from inventory.domain.targets import Target

_LOCK = text("""
select sku, is_active, on_hand, reserved, counted_at, category from products
where sku = any(cast(:skus as text[])) order by sku for update
""")
_OFFERS = text("""
select s.sku, c.name as channel, coalesce(l.external_sku, s.sku) as external_sku,
    c.is_active and coalesce(l.is_active, true) as is_active,
    coalesce(t.quantity, 0) as quantity, coalesce(t.revision, 0) as revision
from unnest(cast(:skus as text[])) as s (sku)
cross join marketplace_channels c
left join marketplace_listings l on l.channel = c.name and l.sku = s.sku
left join channel_targets t on t.channel = c.name and t.sku = s.sku
where c.name = any(cast(:channels as text[])) and (l.sku is not null or c.name = :storefront)
order by s.sku, array_position(cast(:channels as text[]), c.name)
""")
_LISTED = text("""
select sku from marketplace_listings where channel = :channel and changed_at <= :moment
union
select sku from products where :channel = :storefront and created_at <= :moment
order by sku
""")
_KNOWN = text("select event_id from inventory_logs where event_id = any(cast(:ids as text[]))")
_MOVED_SINCE = text(
    "select coalesce(sum(change_qty), 0) from inventory_logs where sku = :sku and happened_at > :moment"
)
_APPEND = text("""
insert into inventory_logs
    (sku, channel, change_qty, reason, reference, line_reference, before_qty, after_qty, event_id, happened_at,
    created_at)
select *, cast(:now as timestamptz) from unnest(
    cast(:skus as text[]), cast(:channels as text[]), cast(:changes as int[]), cast(:reasons as text[]),
    cast(:refs as text[]), cast(:lines as text[]), cast(:befores as int[]), cast(:afters as int[]),
    cast(:ids as text[]), cast(:moments as timestamptz[]))
""")
_SAVE = text("""
update products p set on_hand = n.on_hand, counted_at = n.counted_at, updated_at = :now
from unnest(
    cast(:skus as text[]), cast(:on_hands as int[]), cast(:counted as timestamptz[])) as n (sku, on_hand, counted_at)
where p.sku = n.sku
""")


class PostgresBook:
    """Implements `inventory.ports.Book` on one connection, within the caller's transaction."""

    def __init__(self, connection: AsyncConnection, policy: Policy) -> None:
        """The storefront offers every product, listed or not; any other channel needs a listing."""
        self._connection = connection
        self._channels = list(policy.weights)
        self._storefront = policy.storefront

    async def lock(self, skus: Sequence[str]) -> dict[str, Item]:
        rows = (await self._connection.execute(_LOCK, {"skus": list(skus)})).all()
        offers = await self._offers([row.sku for row in rows])
        return {
            row.sku: Item(
                row.sku,
                row.is_active,
                row.on_hand,
                row.reserved,
                row.counted_at,
                tuple(offers[row.sku]),
                category=row.category,
            )
            for row in rows
        }

    async def _offers(self, skus: Sequence[str]) -> dict[str, list[Offer]]:
        parameters = {"skus": list(skus), "channels": self._channels, "storefront": self._storefront}
        offers: dict[str, list[Offer]] = defaultdict(list)
        for row in await self._connection.execute(_OFFERS, parameters):
            offers[row.sku].append(Offer(row.channel, row.external_sku, row.is_active, row.quantity, row.revision))
        return offers

    async def known_events(self, event_ids: Sequence[str]) -> set[str]:
        return set((await self._connection.execute(_KNOWN, {"ids": list(event_ids)})).scalars())

    async def moved_since(self, sku: str, moment: dt.datetime) -> int:
        result = await self._connection.execute(_MOVED_SINCE, {"sku": sku, "moment": moment})
        return int(result.scalar_one())

    async def append(self, entries: Sequence[LogEntry], now: dt.datetime) -> None:
        await self._connection.execute(
            _APPEND,
            {
                "skus": [e.movement.sku for e in entries],
                "channels": [e.movement.channel for e in entries],
                "changes": [e.change for e in entries],
                "reasons": [str(e.movement.reason) for e in entries],
                "refs": [e.movement.reference for e in entries],
                "lines": [e.movement.line_reference for e in entries],
                "befores": [e.before for e in entries],
                "afters": [e.after for e in entries],
                "ids": [e.movement.event_id for e in entries],
                "moments": [e.movement.happened_at for e in entries],
                "now": now,
            },
        )

    async def save(self, items: Sequence[Item], now: dt.datetime) -> None:
        await self._connection.execute(
            _SAVE,
            {
                "skus": [item.sku for item in items],
                "on_hands": [item.on_hand for item in items],
                "counted": [item.counted_at for item in items],
                "now": now,
            },
        )

    async def set_targets(self, targets: Sequence[Target], now: dt.datetime) -> None:
        await upsert_targets(self._connection, targets, now)

    async def listed(self, channel: str, moment: dt.datetime) -> list[str]:
        parameters = {"channel": channel, "storefront": self._storefront, "moment": moment}
        result = await self._connection.execute(_LISTED, parameters)
        return list(result.scalars())
