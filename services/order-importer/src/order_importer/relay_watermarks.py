"""Handles watermarks: passes on up to when a channel's orders are known, once every partition has told."""

from collections.abc import Sequence

from contracts import OrdersWatermark, StockChanged, topic_of
from runtime.records import Delivery, Record
from runtime.watermarks import Watermarks
from runtime.work import Work

STOCK_CHANGES = topic_of(StockChanged)


class RelayWatermarks:
    """What the stock changes of earlier orders precede, in every partition of `stock.changed`."""

    def __init__(self, watermarks: Watermarks) -> None:
        self._watermarks = watermarks

    async def __call__(self, deliveries: Sequence[Delivery[OrdersWatermark]], work: Work) -> None:
        causes = {delivery.data.channel: delivery.event for delivery in deliveries}
        for channel, known_until in sorted((await self._watermarks.note(deliveries, work)).items()):
            work.broadcast(
                OrdersWatermark(channel=channel, known_until=known_until), STOCK_CHANGES, cause=causes[channel]
            )


def channel_of_order(record: Record) -> str | None:
    """The channel in an order's record key, `channel:external_order_id`."""
    channel, colon, _ = (record.key or b"").decode("utf-8", "replace").partition(":")
    return channel if colon and channel else None
