"""Note up to when each channel's sales are known to the ledger."""

import json
from collections.abc import Sequence

from contracts import OrdersWatermark
from runtime.holds import Hold, hold, release
from runtime.records import Delivery, Record
from runtime.watermarks import Watermarks, newest
from runtime.work import Work


class NoteWatermarks:
    """Safe to see again: an old watermark changes nothing.

    One that says that it is incomplete leaves a hold that has run out already, until a complete one comes: so it shows.
    """

    def __init__(self, watermarks: Watermarks) -> None:
        self._watermarks = watermarks

    async def __call__(self, deliveries: Sequence[Delivery[OrdersWatermark]], work: Work) -> None:
        risen = await self._watermarks.note(deliveries, work)
        told = [delivery.data for channel, delivery in newest(deliveries).items() if channel in risen]
        complete = [watermark.channel for watermark in told if not watermark.is_incomplete]
        if complete:
            await release(work.connection, [_name(channel) for channel in complete])
        doubtful = [watermark.channel for watermark in told if watermark.is_incomplete]
        if doubtful:
            await hold(
                work.connection,
                [Hold(_name(channel), channel, "ran-out-upstream", work.now, work.now) for channel in doubtful],
            )


def _name(channel: str) -> str:
    return f"upstream/{channel}"


def channel_of_change(record: Record) -> str | None:
    """The channel that a stock change names, as far as it can be read; no product's events name one."""
    try:
        channel = json.loads(record.value or b"")["data"]["channel"]
    except (ValueError, KeyError, TypeError):
        return None
    return channel if isinstance(channel, str) else None
