"""What went against the rules, and why: pure."""

import dataclasses as dc
from typing import Any

from inventory.domain.stock import Item, LogEntry, Reason

STOREFRONT_BEYOND_ITS_SHARE = "storefront-beyond-its-share"
SOLD_BEYOND_BOUND = "sold-beyond-bound"
SOLD_BELOW_ZERO = "sold-below-zero"
SHRINKAGE = "shrinkage"
HAND_EDIT = "hand-edit"
RESERVATION_GONE = "reservation-gone"
FOUND_ON_SALE = "found-on-sale"
PRICE_REFUSED = "price-refused"
"""Over once a price of the listing is live; the others are over when the bounds hold no more than there is."""


@dc.dataclass(frozen=True, slots=True)
class Incident:
    """`units`: how many are concerned. `event_id`: the event that told it."""

    sku: str
    channel: str | None
    cause: str
    units: int
    event_id: str
    detail: dict[str, Any] = dc.field(default_factory=dict)


def of_movement(
    before: Item, after: Item, entry: LogEntry, uncovered: int, storefront: str, unreserved: int = 0
) -> Incident | None:
    """What one row of the ledger went against.

    `uncovered`: the units of a sale that its channel's bound did not cover; `unreserved`: those that the reservation
    which it names did not hold (any more).
    """
    movement = entry.movement
    risen = after.overcommit - before.overcommit
    if movement.reason is Reason.SALE:
        below = min(-entry.change, max(0, -entry.after))
        units = max(uncovered, risen, below, unreserved)
        if unreserved:
            cause = RESERVATION_GONE
        elif uncovered and movement.channel == storefront:
            cause = STOREFRONT_BEYOND_ITS_SHARE
        else:
            cause = SOLD_BEYOND_BOUND if uncovered else SOLD_BELOW_ZERO if below else SHRINKAGE
    else:
        units, cause = risen, SHRINKAGE
    if units <= 0:
        return None
    detail = {
        "reason": movement.reason.value,
        "reference": movement.reference,
        "on_hand": after.on_hand,
        "overcommit": after.overcommit,
        "bounds": {offer.channel: offer.shelf.bound for offer in after.offers},
    }
    return Incident(movement.sku, movement.channel, cause, units, movement.event_id, detail)
