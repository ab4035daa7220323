"""What the handlers need of storage."""

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from inventory.domain.allocation import Policy
from inventory.domain.rules import Effective
from inventory.domain.stock import Item, LogEntry
from inventory.domain.targets import Target


class Book(Protocol):
    """The ledger and what hangs on it, within one transaction."""

    async def lock(self, skus: Sequence[str]) -> dict[str, Item]:
        """The items that exist among `skus`, with their offers, locked in SKU order until the transaction ends."""
        ...

    async def known_events(self, event_ids: Sequence[str]) -> set[str]:
        """Those ids that the ledger already holds. Ask after `lock`: then nobody else can add one."""
        ...

    async def moved_since(self, sku: str, moment: dt.datetime) -> int:
        """The sum of the SKU's movements that happened after `moment`, as the ledger holds them."""
        ...

    async def append(self, entries: Sequence[LogEntry], now: dt.datetime) -> None:
        """Add rows to the ledger, in their order."""
        ...

    async def save(self, items: Sequence[Item], now: dt.datetime) -> None:
        """Keep each item's on hand and time of count."""
        ...

    async def set_targets(self, targets: Sequence[Target], now: dt.datetime) -> None:
        """Keep the newest target of each offer."""
        ...

    async def listed(self, channel: str, moment: dt.datetime) -> list[str]:
        """The SKUs whose listing on the channel is as it was at `moment`, in their order."""
        ...


class Policies(Protocol):
    """Which policy each item is under, within one transaction."""

    async def of(self, items: Sequence[Item]) -> dict[str, Policy]:
        """By SKU. Ask after `lock`: then no rule that was committed before the lock is missed."""
        ...

    async def why(self, item: Item) -> Effective:
        """The policy of one item, and which rule set what."""
        ...
