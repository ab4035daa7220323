"""The figures behind a target and an allocation, for people: they add up by hand."""

from typing import Any

from inventory.domain.allocation import Allocation
from inventory.domain.targets import Target


def explain_allocation(allocation: Allocation) -> dict[str, Any]:
    """Every step from what is available to each channel's plain allocation."""
    return {
        "available": allocation.available,
        "buffer": allocation.buffer,
        "sellable": allocation.sellable,
        "rule": allocation.rule,
        "units": dict(allocation.units),
        "steps": [{"name": s.name, "words": s.words, "figures": dict(s.figures)} for s in allocation.steps],
    }


def explain_target(target: Target) -> dict[str, Any]:
    """The allocation that it works towards; under escrow also what the channel held and was told before."""
    figures = explain_allocation(target.allocation)
    if target.live_above is not None:
        figures["bound_before"] = target.offer.shelf.bound
        figures["told_before"] = target.offer.quantity
        figures["moves_on_the_way"] = len(target.offer.shelf.moves)
    return figures
