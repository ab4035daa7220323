"""What a movement does to its channel's bound."""

import dataclasses as dc
import datetime as dt

from inventory.domain import escrow
from inventory.domain.stock import Item, Movement, Reason
from inventory.domain.terms import Terms


def move_bound(item: Item, movement: Movement, terms: Terms, now: dt.datetime, reserved: int = 0) -> tuple[Item, int]:
    """The item with its channel's bound after the movement, and the units of a sale that the bound did not cover.

    A sale lowers it even where it changes nothing on hand, because it was counted out: what is sold is not on sale.
    `reserved` units of it were taken out of a reservation, so no bound held them. The storefront is not read back late:
    its orders only matter while a move or a reading of it is not over.
    """
    if movement.channel is None or movement.reason not in (Reason.SALE, Reason.CANCELLATION):
        return item, 0
    units = abs(movement.change or 0)
    offer = item.offer(movement.channel)
    if offer is None:
        return item, units if movement.reason is Reason.SALE else 0
    if movement.reason is Reason.SALE:
        remember = offer.channel != terms.storefront or bool(offer.shelf.moves) or offer.shelf.reading is not None
        sold, uncovered = escrow.sell(
            offer, units - reserved, movement.happened_at, now, terms.memory, remember=remember
        )
        if not reserved:
            return item.having(sold), uncovered
        shelf = dc.replace(sold.shelf, recent=sold.shelf.recent.plus(reserved, now, terms.memory.pace))
        return item.having(dc.replace(sold, shelf=shelf)), uncovered
    restocks = terms.channel(offer.channel).restocks
    return item.having(escrow.put_back(offer, units, now, restocks=restocks, memory=terms.memory)), 0
