"""Note how far each target got at its channel."""

from collections.abc import Sequence

from contracts import StockApplied
from runtime.records import Delivery
from runtime.work import Work

from inventory.adapters.targets import note_applied


async def record_applied(deliveries: Sequence[Delivery[StockApplied]], work: Work) -> None:
    """Safe to see again: an answer about an older revision never overwrites one about a newer."""
    newest: dict[tuple[str, str], StockApplied] = {}
    for delivery in deliveries:
        data = delivery.data
        known = newest.get((data.channel, data.sku))
        if data.revision is not None and (known is None or data.revision >= (known.revision or 0)):
            newest[data.channel, data.sku] = data
    await note_applied(work.connection, [newest[key] for key in sorted(newest)], work.now)
