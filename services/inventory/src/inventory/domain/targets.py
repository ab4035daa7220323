"""Which channels must be told a new quantity."""

import dataclasses as dc
import enum
from collections.abc import Set as AbstractSet

from inventory.domain.allocation import Allocation, Policy, allocate
from inventory.domain.stock import Item, Offer


class Urgency(enum.StrEnum):
    OVERSELL = "oversell"
    DECREASE = "decrease"
    INCREASE = "increase"


@dc.dataclass(frozen=True, slots=True)
class Target:
    """What a channel is to offer from now on, as the revision after the offer's newest."""

    sku: str
    offer: Offer
    quantity: int
    revision: int
    urgency: Urgency
    allocation: Allocation
    live_above: int | None = None


def plan(item: Item, policy: Policy, touched: AbstractSet[str]) -> list[Target]:
    """The targets that `item` needs now.

    A channel is told when its quantity changes, and also when it is `touched`: when an order or a cancellation of its
    own arrived, since its marketplace has counted by itself and a write on its way may have overwritten that.
    """
    active = [offer.channel for offer in item.offers if offer.is_active] if item.is_active else []
    allocation = allocate(item.available, active, policy)
    return [
        Target(item.sku, offer, quantity, offer.revision + 1, _urgency(item, offer, quantity, touched), allocation)
        for offer in item.offers
        if _must_tell(offer, quantity := allocation.units.get(offer.channel, 0), touched)
    ]


def _must_tell(offer: Offer, quantity: int, touched: AbstractSet[str]) -> bool:
    if offer.revision == 0:
        return offer.is_active
    return quantity != offer.quantity or offer.channel in touched


def _urgency(item: Item, offer: Offer, quantity: int, touched: AbstractSet[str]) -> Urgency:
    if item.available < 0:
        return Urgency.OVERSELL
    if quantity < offer.quantity or (offer.channel in touched and quantity == offer.quantity):
        return Urgency.DECREASE
    return Urgency.INCREASE


def after(item: Item, targets: list[Target]) -> Item:
    """The item once `targets` are its offers' newest."""
    new = {target.offer.channel: target for target in targets}
    offers = tuple(
        dc.replace(offer, quantity=new[offer.channel].quantity, revision=new[offer.channel].revision)
        if offer.channel in new
        else offer
        for offer in item.offers
    )
    return dc.replace(item, offers=offers)
