"""Publish targets: what each channel is to offer from now on, and the figures behind it."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import contracts
from runtime.metrics import TARGETS
from runtime.work import Work

from inventory.domain.targets import Target


def tell(
    targets: Sequence[Target],
    work: Work,
    causes: Mapping[str, contracts.AnyEvent],
    at_rest: AbstractSet[str] = frozenset(),
) -> None:
    """`causes` are by SKU; `at_rest` are SKUs that are only brought to their plain allocation."""
    for target in targets:
        explanation = explain(target) | ({"at_rest": True} if target.sku in at_rest else {})
        work.publish(_event(target, explanation), cause=causes.get(target.sku))
        work.count(TARGETS, channel=target.offer.channel, urgency=target.urgency.value)


def _event(target: Target, explanation: Mapping[str, Any]) -> contracts.StockTarget:
    return contracts.StockTarget(
        channel=target.offer.channel,
        sku=target.sku,
        external_sku=target.offer.external_sku,
        quantity=target.quantity,
        revision=target.revision,
        live_above=target.live_above,
        urgency=contracts.Urgency(target.urgency),
        explanation=dict(explanation),
    )


def explain(target: Target) -> dict[str, Any]:
    """The figures behind a target, for people."""
    allocation = target.allocation
    figures: dict[str, Any] = {
        "available": allocation.available,
        "buffer": allocation.buffer,
        "sellable": allocation.sellable,
        "rule": allocation.rule,
        "units": dict(allocation.units),
    }
    if target.live_above is not None:
        figures["bound_before"] = target.offer.shelf.bound
        figures["told_before"] = target.offer.quantity
        figures["moves_on_the_way"] = len(target.offer.shelf.moves)
    return figures
