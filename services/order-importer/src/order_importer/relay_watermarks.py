"""Handles watermarks: passes on up to when a channel's orders are known, once every partition has told."""

from collections.abc import Sequence

from contracts import OrdersWatermark, StockChanged, topic_of
from runtime.holds import passed_over
from runtime.records import Delivery, Record
from runtime.watermarks import Watermarks, newest
from runtime.work import Work

STOCK_CHANGES = topic_of(StockChanged)


class RelayWatermarks:
    """What the stock changes of earlier orders precede, in every partition of `stock.changed`."""

    def __init__(self, watermarks: Watermarks) -> None:
        self._watermarks = watermarks

    async def __call__(self, deliveries: Sequence[Delivery[OrdersWatermark]], work: Work) -> None:
        risen = await self._watermarks.note(deliveries, work)
        doubtful = await passed_over(work.connection, list(risen))
        for channel, watermark in sorted(newest(deliveries).items()):
            if channel in risen:
                data = OrdersWatermark(
                    channel=channel,
                    known_until=risen[channel],
                    is_incomplete=True if channel in doubtful else watermark.data.is_incomplete,
                )
                work.broadcast(data, STOCK_CHANGES, cause=watermark.event)


def channel_of_order(record: Record) -> str | None:
    """The channel in an order's record key, `channel:external_order_id`."""
    channel, colon, _ = (record.key or b"").decode("utf-8", "replace").partition(":")
    return channel if colon and channel else None
