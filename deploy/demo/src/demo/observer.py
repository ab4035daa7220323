"""Listening to sales, targets and answers, to tell how long a sale takes to reach a marketplace."""

import asyncio
import contextlib
import datetime as dt
import math
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer
from contracts import AnyEvent, AppliedStatus, StockApplied, StockChanged, StockReason, StockTarget, parse

_TOPICS = (
    "stock.changed",
    "channel.stock.target",
    "channel.stock.applied",
    "order.imported",
    "channel.shipment.applied",
)
_STOREFRONT = "saberstore"
Offer = tuple[str, str]
"""(channel, SKU)."""


class Observer:
    """The storefront's sales, the targets that an event led to before its product was at rest, the accepted answers."""

    def __init__(self) -> None:
        self._sales: dict[str, dt.datetime] = {}
        self._targets: dict[str, dict[str, StockTarget]] = defaultdict(dict)
        self._accepted: dict[Offer, dict[int, dt.datetime]] = defaultdict(dict)

    def note(self, event: AnyEvent) -> None:
        data = event.data
        if isinstance(data, StockChanged) and data.reason is StockReason.SALE and data.channel == _STOREFRONT:
            self._sales[event.id] = data.placed_at or event.time
        elif isinstance(data, StockTarget) and event.causationid and not data.explanation.get("at_rest"):
            self._targets[event.causationid].setdefault(data.channel, data)
        elif isinstance(data, StockApplied) and data.status is AppliedStatus.ACCEPTED and data.revision is not None:
            self._accepted[data.channel, data.sku].setdefault(data.revision, event.time)

    def latencies(self, channels: Iterable[str]) -> list[float]:
        """Milliseconds from each sale of the storefront to the first accepted write that it led to, by channel.

        A marketplace's own sale is not known before its order is shown, which is no matter of speed.

        The write is that of the target whose cause the sale is, or of any later revision. A sale that led to no write
        on a channel has none and is left out; so is what only brought a SKU to its plain allocation at rest.
        """
        found = []
        for channel in channels:
            for event_id, moment in self._sales.items():
                target = self._targets.get(event_id, {}).get(channel)
                accepted = self._first_accepted(target) if target else None
                if accepted is not None:
                    found.append((accepted - moment).total_seconds() * 1000)
        return found

    def _first_accepted(self, target: StockTarget) -> dt.datetime | None:
        accepted = self._accepted.get((target.channel, target.sku), {})
        return min((time for revision, time in accepted.items() if revision >= target.revision), default=None)


@contextlib.asynccontextmanager
async def observe(bootstrap_servers: str, *others: Callable[[AnyEvent], None]) -> AsyncIterator[Observer]:
    """Listen from now on, until the end of the block. The `others` are told every event too."""
    consumer = AIOKafkaConsumer(
        *_TOPICS, bootstrap_servers=bootstrap_servers, auto_offset_reset="latest", group_id=None
    )
    await consumer.start()
    await consumer.seek_to_end()
    observer = Observer()
    listening = asyncio.create_task(_listen(consumer, (*others, observer.note)))
    try:
        yield observer
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        await consumer.stop()


async def _listen(consumer: Any, notes: Sequence[Callable[[AnyEvent], None]]) -> None:  # noqa: ANN401 - aiokafka is untyped
    while True:
        for records in (await consumer.getmany(timeout_ms=500)).values():
            for record in records:
                event = parse(record.topic, record.value)
                for note in notes:
                    note(event)


def percentile(values: list[float], share: float) -> float | None:
    """The smallest value that `share` (0 to 1) of all values do not exceed; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    position = math.ceil(share * len(ordered)) - 1
    return round(ordered[max(0, position)], 1)
