"""What an order line means for our stock: pure arithmetic, told in effects that can be recognised again.

The net units that a line has taken follow from the newest version of its order alone, whichever versions came before.
"""

import dataclasses as dc
from collections.abc import Sequence
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
    def all_taken(self) -> int:
        """Units that it took, or would have taken if its SKU were known."""
        moves = pairwise((self.taken - self.returned, *self.waiting))
        return self.taken + sum(max(0, after - before) for before, after in moves)

    @property
    def net(self) -> int:
        """Units that the line holds, or would hold if its SKU were known."""
        return self.waiting[-1] if self.waiting else self.taken - self.returned


@dc.dataclass(frozen=True, slots=True)
class Effect:
    """One change of stock. `step` is unique within its line for ever: it names the cumulative units it moves.

    `is_as_of_order`: units that are given back as soon as their sale is told. They count from when the order was
    placed, as the sale does: whatever was counted since, the two together change nothing on hand.
    """

    step: str
    reason: StockReason
    change_qty: int
    is_as_of_order: bool = False


@dc.dataclass(frozen=True, slots=True)
class Claim:
    """What a version of an order makes of a line: units that it `ordered` of our stock, and that it holds still."""

    ordered: int
    due: int


def claim_of(order: MarketplaceOrderReceived, line: OrderLine) -> Claim | None:
    """What `line` claims of our stock as of this version of its order; None: its status tells nothing.

    - The marketplace fulfils it: nothing, its stock is not ours.
    - Pending, unshipped, partially shipped, shipped: what was ordered and not cancelled. A unit that was shipped is
      gone even if it is called cancelled as well; that it comes back is a return, not a cancellation.
    - Cancelled: only what was shipped before.
    - Unfulfillable: like cancelled, since a shop expects a unit that will never leave the shelf to be on sale again.
    """
    if order.status is OrderStatus.UNKNOWN:
        return None
    if order.fulfilled_by is FulfilledBy.MARKETPLACE:
        return Claim(0, 0)
    shipped = min(line.quantity_shipped, line.quantity)
    if order.status in GIVEN_UP:
        return Claim(line.quantity, shipped)
    return Claim(line.quantity, max(line.quantity - line.quantity_cancelled, shipped))


def settle(stock: LineStock, claim: Claim | None, *, is_mapped: bool) -> tuple[LineStock, tuple[Effect, ...]]:
    """Bring a line to what is due: at once if its SKU is known, else note what waits for it. No claim: as it was.

    Units that are first seen cancelled are taken and given back all the same: the marketplace showed fewer of them for
    a while, and shows more since, so whoever watches what it may sell must know (decision 23).
    What was waiting is made up for first, step by step. If nothing of it is left in the end, the steps are counted but
    not told: nobody has watched that listing yet.
    """
    claim = claim or Claim(0, stock.net)
    unseen = max(0, claim.ordered - stock.all_taken)
    path = _without_pauses(stock.net, stock.net + unseen, claim.due)
    if not is_mapped:
        return dc.replace(stock, waiting=(*stock.waiting, *path)), ()
    current, effects = dc.replace(stock, waiting=()), []
    for before, after in pairwise((current.net, *stock.waiting, *path)):
        current, effect = _move(current, after - before)
        effects.append(effect)
    return current, () if stock.waiting and not claim.due else _in_order(effects)


def _without_pauses(start: int, *path: int) -> list[int]:
    return [after for before, after in pairwise((start, *path)) if before != after]


def _in_order(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """What comes back goes before the sale that is told with it, so that stock is never short of it in between."""
    sales = [effect for effect in effects if effect.reason is StockReason.SALE]
    if not sales:
        return tuple(effects)
    back = [dc.replace(each, is_as_of_order=True) for each in effects if each.reason is not StockReason.SALE]
    return *back, *sales


def _move(stock: LineStock, units: int) -> tuple[LineStock, Effect]:
    """Take (`units` above 0) or give back (below 0)."""
    if units > 0:
        taken = stock.taken + units
        step = f"sale:{stock.taken}-{taken}" if stock.taken else "sale"
        return dc.replace(stock, taken=taken), Effect(step, StockReason.SALE, -units)
    returned = stock.returned - units
    step = f"cancellation:{stock.returned}-{returned}"
    return dc.replace(stock, returned=returned), Effect(step, StockReason.CANCELLATION, -units)
