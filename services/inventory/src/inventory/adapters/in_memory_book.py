"""The ledger in memory: a real adapter, under the same tests as the one in Postgres."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from runtime.work import Work

from inventory.domain.allocation import Policy
from inventory.domain.incidents import Incident
from inventory.domain.price_waits import NO_WAITS, PriceWaits
from inventory.domain.stock import Item, LogEntry
from inventory.domain.targets import Target, after


class InMemoryBook:
    """Implements `inventory.ports.Book` for one writer; nothing is undone."""

    def __init__(self, items: Iterable[Item] = (), policy: Policy | None = None) -> None:
        self._policy = policy
        self.items = {item.sku: item for item in items}
        self.entries: list[LogEntry] = []
        self.reserved: dict[tuple[str, str], int] = {}
        self.incidents: list[Incident] = []
        self.watermarks: dict[str, dt.datetime] = {}
        self.due: dict[str, dt.datetime] = {}
        self.price_waits = NO_WAITS

    async def lock(self, skus: Sequence[str]) -> dict[str, Item]:
        return {sku: self.items[sku] for sku in skus if sku in self.items}

    async def claims(self, reservation_ids: Sequence[str]) -> Mapping[tuple[str, str], int]:
        return {claim: units for claim, units in self.reserved.items() if claim[0] in reservation_ids}

    async def consume(self, units: Mapping[tuple[str, str], int], work: Work) -> None:  # noqa: ARG002 - the port's signature
        for claim, consumed in units.items():
            self.reserved[claim] -= consumed

    async def policies(self, items: Sequence[Item]) -> Mapping[str, Policy]:
        if self._policy is None:
            raise RuntimeError("this book was made without a policy")
        return {item.sku: self._policy for item in items}

    async def waits(self, items: Sequence[Item]) -> PriceWaits:  # noqa: ARG002 - the port's signature
        return self.price_waits

    async def lock_stock(self, skus: Sequence[str], event_ids: Sequence[str]) -> tuple[dict[str, Item], set[str]]:
        return await self.lock(skus), await self.known_events(event_ids)

    async def known_events(self, event_ids: Sequence[str]) -> set[str]:
        return {entry.movement.event_id for entry in self.entries} & set(event_ids)

    async def moved_since(self, sku: str, moment: dt.datetime) -> int:
        return sum(e.change for e in self.entries if e.movement.sku == sku and e.movement.happened_at > moment)

    async def append(self, entries: Sequence[LogEntry], now: dt.datetime) -> None:  # noqa: ARG002 - the port's signature
        self.entries.extend(entries)

    async def save(self, items: Sequence[Item], now: dt.datetime) -> None:  # noqa: ARG002 - the port's signature
        for item in items:
            self.items[item.sku] = item

    async def set_targets(
        self,
        targets: Sequence[Target],
        now: dt.datetime,  # noqa: ARG002 - the port's signature
        causes: Mapping[str, str] | None = None,  # noqa: ARG002 - the port's signature
    ) -> None:
        for target in targets:
            self.items[target.sku] = after(self.items[target.sku], [target])

    async def listed(self, channel: str, moment: dt.datetime) -> list[str]:  # noqa: ARG002 - its listings never change
        return sorted(sku for sku, item in self.items.items() if any(o.channel == channel for o in item.offers))

    async def known_until(self) -> Mapping[str, dt.datetime]:
        return self.watermarks

    async def hasten(self, items: Sequence[Item]) -> None:
        for item in items:
            if item.wake_at is not None:
                self.due[item.sku] = min(item.wake_at, self.due.get(item.sku, item.wake_at))

    async def replan(self, items: Sequence[Item]) -> None:
        for item in items:
            self.due.pop(item.sku, None)
        await self.hasten(items)

    async def raise_incidents(self, incidents: Sequence[Incident], now: dt.datetime) -> None:  # noqa: ARG002 - the port's signature
        known = {incident.event_id for incident in self.incidents}
        self.incidents += [incident for incident in incidents if incident.event_id not in known]
