"""What other services are told of a changed order, with ids that a replay finds again."""

from typing import Any

from contracts import CloudEvent, ImportedLine, OrderChanged, OrderImported, StockChanged
from runtime.work import Work

from order_importer.identity import stable_id
from order_importer.order import WORKFLOW, Change, Line, Order
from order_importer.stock_effects import Effect


def publish(change: Change, work: Work, cause: CloudEvent[Any]) -> None:
    """Send the change's effects on stock, and the order itself where others see a difference."""
    order = change.after
    for line, effect in change.effects:
        event_id = stable_id(order.source, order.external_order_id, line.line_reference, effect.step)
        happened_at = order.placed_at if effect.is_as_of_order else None
        work.publish(_stock_changed(order, line, effect), cause=cause, event_id=event_id, happened_at=happened_at)
    announcement = announcement_of(change)
    if announcement is not None:
        names = (order.order_id, announcement.event_type, str(order.updated_at), announcement.model_dump_json())
        work.publish(announcement, cause=cause, event_id=stable_id(*names))


def announcement_of(change: Change) -> OrderImported | OrderChanged | None:
    """`order.imported` once, as soon as every line is mapped: half an order can't be packed. Then each change at once.

    A line that joins an announced order under an unmapped external SKU is told when it is mapped.
    """
    if not change.after.is_announced:
        return None
    now = _told_of(change.after)
    if not change.before.is_announced:
        return OrderImported.model_validate(now)
    return OrderChanged.model_validate(now) if now != _told_of(change.before) else None


def _told_of(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "source": order.source,
        "external_order_id": order.external_order_id,
        "status": order.status,
        "workflow": WORKFLOW,
        "lines": tuple(_imported(line, line.sku) for _, line in sorted(order.lines.items()) if line.sku is not None),
    }


def _imported(line: Line, sku: str) -> ImportedLine:
    return ImportedLine(
        line_reference=line.line_reference,
        sku=sku,
        title=line.title,
        quantity=line.quantity,
        quantity_shipped=line.quantity_shipped,
        quantity_cancelled=line.quantity_cancelled,
        unit_price=line.unit_price,
    )


def _stock_changed(order: Order, line: Line, effect: Effect) -> StockChanged:
    return StockChanged(
        sku=line.sku or "",
        reason=effect.reason,
        change_qty=effect.change_qty,
        channel=order.source,
        placed_at=order.placed_at,
        reference=order.external_order_id,
        line_reference=line.line_reference,
    )
