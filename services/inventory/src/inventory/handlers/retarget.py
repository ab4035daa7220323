"""Tell the channels what to offer of these items now: the last step of everything that changes stock."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from contracts import AnyEvent
from runtime.work import Work

from inventory.domain.price_waits import PriceGate
from inventory.domain.stock import Item
from inventory.domain.targets import Target, plan
from inventory.domain.terms import Terms
from inventory.handlers.rebalance import Rebalance
from inventory.handlers.telling import tell
from inventory.ports import Book

NOBODY: AbstractSet[str] = frozenset()


class Retarget(Protocol):
    async def __call__(
        self,
        items: Sequence[Item],
        book: Book,
        work: Work,
        *,
        causes: Mapping[str, AnyEvent] | None = None,
        touched: Mapping[str, AbstractSet[str]] | None = None,
    ) -> list[Target]:
        """Plan, keep and publish the targets of `items`, which are locked.

        `causes` and `touched` are by SKU; `touched` channels are told even what they were told before.
        """
        ...


def retargeting(terms: Terms | None) -> Retarget:
    """Under escrow, or without `terms` each channel's allocation as it is."""
    return Rebalance(terms) if terms else PlainRetarget()


class PlainRetarget:
    """Implements `Retarget` without bounds: a quantity is told when it changes."""

    async def __call__(
        self,
        items: Sequence[Item],
        book: Book,
        work: Work,
        *,
        causes: Mapping[str, AnyEvent] | None = None,
        touched: Mapping[str, AbstractSet[str]] | None = None,
    ) -> list[Target]:
        by_sku = touched or {}
        policies, waits = await book.policies(items), await book.waits(items)
        gated = {item.sku: PriceGate(waits.of(item), work.now).policy(policies[item.sku]) for item in items}
        targets = [t for item in items for t in plan(item, gated[item.sku], by_sku.get(item.sku, NOBODY))]
        await book.set_targets(targets, work.now, {sku: event.id for sku, event in (causes or {}).items()})
        tell(targets, work, causes or {})
        return targets
