"""Note how far each target got at its channel."""

from collections.abc import Sequence

from contracts import StockApplied
from runtime.records import Delivery
from runtime.work import Work

from inventory.adapters.targets import STEPS, note_applied


async def record_applied(deliveries: Sequence[Delivery[StockApplied]], work: Work) -> None:
    """Safe to see again: an older revision never overwrites a newer one, nor an earlier step of one its later step."""
    newest: dict[tuple[str, str], StockApplied] = {}
    for delivery in deliveries:
        data = delivery.data
        known = newest.get((data.channel, data.sku))
        if data.revision is not None and (known is None or _progress(data) >= _progress(known)):
            newest[data.channel, data.sku] = data
    await note_applied(work.connection, [newest[key] for key in sorted(newest)], work.now)


def _progress(applied: StockApplied) -> tuple[int, int]:
    """The revision, and how far it got."""
    return applied.revision or 0, STEPS.index(applied.status) if applied.status in STEPS else -1
