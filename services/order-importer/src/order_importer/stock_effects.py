"""What an order line means for our stock: pure arithmetic, told in effects that can be recognised again.

The net units that a line has taken follow from the newest version of its order alone, whichever versions came before.
"""

import dataclasses as dc
from itertools import pairwise

from contracts import FulfilledBy, MarketplaceOrderReceived, OrderLine, OrderStatus, StockReason

GIVEN_UP = frozenset({OrderStatus.CANCELLED, OrderStatus.UNFULFILLABLE})
"""Statuses in which nothing more will leave the warehouse."""


@dc.dataclass(frozen=True, slots=True)
class LineStock:
    """Units that a line took from and gave back to our stock, both counted up for ever.

    A line whose SKU is not known yet takes nothing; `waiting` then holds the net units it ought to have after each
    version, oldest first, so that the same effects follow later as if the SKU had been known all along.
    """

    taken: int = 0
    returned: int = 0
    waiting: tuple[int, ...] = ()

    @property
    def net(self) -> int:
        """Units that the line holds, or would hold if its SKU were known."""
        return self.waiting[-1] if self.waiting else self.taken - self.returned


@dc.dataclass(frozen=True, slots=True)
class Effect:
    """One change of stock. `step` is unique within its line for ever: it names the cumulative units it moves."""

    step: str
    reason: StockReason
    change_qty: int


def units_due(order: MarketplaceOrderReceived, line: OrderLine) -> int | None:
    """Units that `line` should hold of our stock as of this version of its order; None: its status tells nothing.

    - The marketplace fulfils it: none, its stock is not ours.
    - Pending, unshipped, partially shipped, shipped: what was ordered and not cancelled. A unit that was shipped is
      gone even if it is called cancelled as well; that it comes back is a return, not a cancellation.
    - Cancelled: only what was shipped before, so an order that is first seen cancelled takes nothing.
    - Unfulfillable: like cancelled, since a shop expects a unit that will never leave the shelf to be on sale again.
    """
    if order.status is OrderStatus.UNKNOWN:
        return None
    if order.fulfilled_by is FulfilledBy.MARKETPLACE:
        return 0
    shipped = min(line.quantity_shipped, line.quantity)
    if order.status in GIVEN_UP:
        return shipped
    return max(line.quantity - line.quantity_cancelled, shipped)


def settle(stock: LineStock, due: int, *, is_mapped: bool) -> tuple[LineStock, tuple[Effect, ...]]:
    """Bring a line to `due` net units: at once if its SKU is known, else note what waits for it.

    What was waiting is made up for first, step by step. If nothing of it is left in the end, the steps are counted but
    not told: a sale that came and went would only stir up the channels.
    """
    if not is_mapped:
        return (stock if due == stock.net else dc.replace(stock, waiting=(*stock.waiting, due))), ()
    current, effects = dc.replace(stock, waiting=()), []
    for before, after in pairwise((current.net, *stock.waiting, due)):
        if before != after:
            current, effect = _move(current, after - before)
            effects.append(effect)
    return current, () if stock.waiting and not due else tuple(effects)


def _move(stock: LineStock, units: int) -> tuple[LineStock, Effect]:
    """Take (`units` above 0) or give back (below 0)."""
    if units > 0:
        taken = stock.taken + units
        step = f"sale:{stock.taken}-{taken}" if stock.taken else "sale"
        return dc.replace(stock, taken=taken), Effect(step, StockReason.SALE, -units)
    returned = stock.returned - units
    step = f"cancellation:{stock.returned}-{returned}"
    return dc.replace(stock, returned=returned), Effect(step, StockReason.CANCELLATION, -units)
