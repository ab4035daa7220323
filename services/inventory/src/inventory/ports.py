"""What the handlers need of storage."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from runtime.work import Work

from inventory.domain import price_waits
from inventory.domain.allocation import Policy
from inventory.domain.incidents import Incident
from inventory.domain.stock import Item, LogEntry
from inventory.domain.targets import Target


class Book(Protocol):
    """The ledger and what hangs on it, within one transaction."""

    async def lock(self, skus: Sequence[str]) -> dict[str, Item]:
        """The items that exist among `skus`, with their offers, locked in SKU order until the transaction ends."""
        ...

    async def lock_stock(self, skus: Sequence[str], event_ids: Sequence[str]) -> tuple[dict[str, Item], set[str]]:
        """Like `lock` and then `known_events`, but of the offers there may be no more than the shelves.

        Of those that nobody looked at yet there is nothing. That is enough for what a sale does as a rule, and may be
        saved; to plan targets, `lock` them.
        """
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
        """Keep each item's stock and what its channels hold of it; an incident of a SKU is over when its overcommit is.

        Raises:
            IntegrityError: its bounds hold more than there is.
        """
        ...

    async def set_targets(
        self, targets: Sequence[Target], now: dt.datetime, causes: Mapping[str, str] | None = None
    ) -> None:
        """Keep the newest target of each offer, and log all with their figures; `causes` are event ids by SKU."""
        ...

    async def listed(self, channel: str, moment: dt.datetime) -> list[str]:
        """The SKUs whose listing on the channel is as it was at `moment`, in their order."""
        ...

    async def known_until(self) -> Mapping[str, dt.datetime]:
        """By channel, up to when its sales are in the ledger."""
        ...

    async def hasten(self, items: Sequence[Item]) -> None:
        """Have each looked at by its `wake_at` at the latest."""
        ...

    async def replan(self, items: Sequence[Item]) -> None:
        """They have just been looked at: next by `wake_at`, or when a channel that they wait for is known further."""
        ...

    async def raise_incidents(self, incidents: Sequence[Incident], now: dt.datetime) -> None:
        """Keep them, each event's once. To be followed by `save` of their items."""
        ...

    async def claims(self, reservation_ids: Sequence[str]) -> Mapping[tuple[str, str], int]:
        """By (reservation, SKU), the granted units that a sale may still consume. To be asked after `lock`."""
        ...

    async def waits(self, items: Sequence[Item]) -> price_waits.PriceWaits:
        """What the empty listings of these items wait for, where prices go first."""
        ...

    async def consume(self, units: Mapping[tuple[str, str], int], work: Work) -> None:
        """Take these units off their reservations, and tell of those that are used up."""
        ...

    async def policies(self, items: Sequence[Item]) -> Mapping[str, Policy]:
        """By SKU, the policy that it is under. Ask after `lock`: then no rule that was committed before is missed."""
        ...
