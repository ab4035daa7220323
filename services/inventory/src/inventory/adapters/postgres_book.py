"""The ledger in Postgres."""

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from runtime.work import Work
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.adapters import explanations, incidents, items, reservations, schedule
from inventory.adapters.channel_prices import price_waits
from inventory.adapters.rules import PostgresPolicies, RuleCache
from inventory.adapters.targets import upsert_targets
from inventory.domain.allocation import Policy
from inventory.domain.incidents import Incident
from inventory.domain.price_waits import PriceWaits
from inventory.domain.stock import Item, LogEntry
from inventory.domain.targets import Target

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
_KNOWN_UNTIL = text("select channel, known_until from channel_watermarks where known_until is not null")


class PostgresBook:
    """Implements `inventory.ports.Book` on one connection, within the caller's transaction."""

    def __init__(
        self, connection: AsyncConnection, policy: Policy, *, keeps_bounds: bool, rules: RuleCache | None = None
    ) -> None:
        """`keeps_bounds`: False where quantities are written without escrow; then what was kept is forgotten."""
        self._connection = connection
        self._policy = policy
        self._keeps_bounds = keeps_bounds
        self._rules = rules or RuleCache(policy)
        self._troubled: set[str] = set()
        self._turn = asyncio.Lock()  # a connection does one thing after the other; what is next is made ready meanwhile

    async def lock(self, skus: Sequence[str]) -> dict[str, Item]:
        found = await items.lock(self._connection, skus, self._policy)
        self._troubled |= {sku for sku, item in found.items() if item.overcommit}
        return found

    async def lock_stock(self, skus: Sequence[str], event_ids: Sequence[str]) -> tuple[dict[str, Item], set[str]]:
        rows = await items.lock_stock(self._connection, skus)
        asking = asyncio.create_task(self.known_events(event_ids))
        try:
            await asyncio.sleep(0)  # it is sent, and Postgres looks while we decode
            found = items.decode_stock(rows)
        finally:
            known = await asking
        self._troubled |= {sku for sku, item in found.items() if item.overcommit}
        return found, known

    async def claims(self, reservation_ids: Sequence[str]) -> Mapping[tuple[str, str], int]:
        return await reservations.claims(self._connection, reservation_ids) if reservation_ids else {}

    async def consume(self, units: Mapping[tuple[str, str], int], work: Work) -> None:
        if units:
            reservations.tell_consumed(await reservations.consume(self._connection, units, work.now), work)

    async def policies(self, items: Sequence[Item]) -> Mapping[str, Policy]:
        return await PostgresPolicies(self._connection, self._rules).of(items)

    async def waits(self, items: Sequence[Item]) -> PriceWaits:
        channels = self._policy.price_first
        empty = [item.sku for item in items if item.available > 0 and self._is_anything_empty(item, channels)]
        found = await price_waits(self._connection, empty, channels)
        by_sku = {item.sku: item for item in items}
        return PriceWaits({key: wait for key, wait in found.pending.items() if self._is_empty(by_sku[key[0]], key[1])})

    def _is_anything_empty(self, item: Item, channels: AbstractSet[str]) -> bool:
        return any(self._is_empty(item, channel) for channel in channels)

    def _is_empty(self, item: Item, channel: str) -> bool:
        """Nothing is on sale there, nor will be by what is on its way."""
        offer = item.offer(channel)
        return offer is not None and not (offer.shelf.bound if self._keeps_bounds else offer.quantity)

    async def known_events(self, event_ids: Sequence[str]) -> set[str]:
        async with self._turn:
            return set((await self._connection.execute(_KNOWN, {"ids": list(event_ids)})).scalars())

    async def moved_since(self, sku: str, moment: dt.datetime) -> int:
        result = await self._connection.execute(_MOVED_SINCE, {"sku": sku, "moment": moment})
        return int(result.scalar_one())

    async def append(self, entries: Sequence[LogEntry], now: dt.datetime) -> None:
        columns = {
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
        }
        async with self._turn:
            await self._connection.execute(_APPEND, columns)

    async def save(self, changed: Sequence[Item], now: dt.datetime) -> None:
        if not self._keeps_bounds:
            await items.save_plain(self._connection, changed, now)
            return
        columns = items.columns(changed, now)
        async with self._turn:
            await items.save(self._connection, columns)
        well = sorted(item.sku for item in changed if item.sku in self._troubled and not item.overcommit)
        if well:
            await incidents.resolve(self._connection, well, now)

    async def set_targets(
        self, targets: Sequence[Target], now: dt.datetime, causes: Mapping[str, str] | None = None
    ) -> None:
        if targets:
            await upsert_targets(self._connection, targets, now)
            await explanations.log_targets(self._connection, targets, causes or {}, now)

    async def listed(self, channel: str, moment: dt.datetime) -> list[str]:
        parameters = {"channel": channel, "storefront": self._policy.storefront, "moment": moment}
        result = await self._connection.execute(_LISTED, parameters)
        return list(result.scalars())

    async def known_until(self) -> Mapping[str, dt.datetime]:
        return {row.channel: row.known_until for row in await self._connection.execute(_KNOWN_UNTIL)}

    async def hasten(self, woken: Sequence[Item]) -> None:
        await schedule.hasten(self._connection, woken)

    async def replan(self, looked_at: Sequence[Item]) -> None:
        await schedule.replace(self._connection, looked_at)

    async def raise_incidents(self, news: Sequence[Incident], now: dt.datetime) -> None:
        await incidents.raise_incidents(self._connection, news, now)
        self._troubled |= {incident.sku for incident in news}
