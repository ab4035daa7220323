"""Tell the channels what to offer of these items now: the last step of everything that changes stock."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import contracts
from runtime.metrics import TARGETS
from runtime.work import Work

from inventory.domain.allocation import Policy
from inventory.domain.stock import Item
from inventory.domain.targets import Target, plan
from inventory.ports import Book

NOBODY: AbstractSet[str] = frozenset()


async def retarget(
    items: Sequence[Item],
    policy: Policy,
    book: Book,
    work: Work,
    *,
    causes: Mapping[str, contracts.AnyEvent] | None = None,
    touched: Mapping[str, AbstractSet[str]] | None = None,
) -> list[Target]:
    """Plan, keep and publish the targets of `items`. `causes` and `touched` (channels) are by SKU."""
    targets = [target for item in items for target in plan(item, policy, (touched or {}).get(item.sku, NOBODY))]
    await book.set_targets(targets, work.now)
    for target in targets:
        work.publish(_event(target), cause=(causes or {}).get(target.sku))
        work.count(TARGETS, channel=target.offer.channel, urgency=target.urgency.value)
    return targets


def _event(target: Target) -> contracts.StockTarget:
    return contracts.StockTarget(
        channel=target.offer.channel,
        sku=target.sku,
        external_sku=target.offer.external_sku,
        quantity=target.quantity,
        revision=target.revision,
        urgency=contracts.Urgency(target.urgency),
        explanation=explain(target),
    )


def explain(target: Target) -> dict[str, Any]:
    """The figures behind a target, for people."""
    allocation = target.allocation
    return {
        "available": allocation.available,
        "buffer": allocation.buffer,
        "sellable": allocation.sellable,
        "rule": allocation.rule,
        "units": dict(allocation.units),
    }
