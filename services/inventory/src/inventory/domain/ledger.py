"""What a movement does to the stock of its SKU."""

import dataclasses as dc

from inventory.domain.stock import Item, LogEntry, Movement, Reason


def apply(item: Item, movement: Movement, moved_since_count: int = 0) -> tuple[Item, LogEntry]:
    """The item after the movement, and the ledger's row for it; the row's change is 0 where nothing counts.

    A stocktake sets on hand to what was counted, plus `moved_since_count`: what the ledger already holds of movements
    that happened after the count. A sale from before the newest count was counted out already, so it changes nothing;
    a count older than the newest one neither.
    """
    change = _change(item, movement, moved_since_count)
    counted_at = item.counted_at
    if movement.reason is Reason.STOCKTAKE and not _is_outdated(item, movement):
        counted_at = movement.happened_at
    after = dc.replace(item, on_hand=item.on_hand + change, counted_at=counted_at)
    return after, LogEntry(movement, change, before=item.on_hand, after=after.on_hand)


def _change(item: Item, movement: Movement, moved_since_count: int) -> int:
    if movement.reason is Reason.STOCKTAKE:
        if _is_outdated(item, movement) or movement.counted is None:
            return 0
        return movement.counted + moved_since_count - item.on_hand
    if movement.reason is Reason.SALE and _is_outdated(item, movement):
        return 0
    return movement.change or 0


def _is_outdated(item: Item, movement: Movement) -> bool:
    return item.counted_at is not None and movement.happened_at < item.counted_at
