"""Note up to when each channel's sales are known to the ledger."""

import json
from collections.abc import Sequence

from contracts import OrdersWatermark
from runtime.records import Delivery, Record
from runtime.watermarks import Watermarks
from runtime.work import Work


class NoteWatermarks:
    """Safe to see again: an old watermark changes nothing."""

    def __init__(self, watermarks: Watermarks) -> None:
        self._watermarks = watermarks

    async def __call__(self, deliveries: Sequence[Delivery[OrdersWatermark]], work: Work) -> None:
        await self._watermarks.note(deliveries, work)


def channel_of_change(record: Record) -> str | None:
    """The channel that a stock change names, as far as it can be read; no product's events name one."""
    try:
        channel = json.loads(record.value or b"")["data"]["channel"]
    except (ValueError, KeyError, TypeError):
        return None
    return channel if isinstance(channel, str) else None
