"""What a movement does to the stock of its SKU."""

from inventory.domain.stock import Item, LogEntry, Movement, Reason


def apply(item: Item, movement: Movement, moved_since_count: int = 0) -> tuple[Item, LogEntry]:
    """The item after the movement, and the ledger's row for it; the row's change is 0 where nothing counts.

    A stocktake sets on hand to what was counted, plus `moved_since_count`: what the ledger already holds of movements
    that happened after the count. Whatever happened before the newest count is in what was counted, so it changes
    nothing; an older count neither. So the order in which movements arrive makes no difference in the end.
    """
    change = _change(item, movement, moved_since_count)
    counted_at = item.counted_at
    if movement.reason is Reason.STOCKTAKE and not _is_outdated(item, movement):
        counted_at = movement.happened_at
    after = item.counting(item.on_hand + change, counted_at)
    return after, LogEntry(movement, change, before=item.on_hand, after=after.on_hand)


def _change(item: Item, movement: Movement, moved_since_count: int) -> int:
    if _is_outdated(item, movement):
        return 0
    if movement.counted is not None:
        return movement.counted + moved_since_count - item.on_hand
    return movement.change or 0


def _is_outdated(item: Item, movement: Movement) -> bool:
    return item.counted_at is not None and movement.happened_at < item.counted_at
