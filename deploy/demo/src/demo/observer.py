"""Listening to targets and answers, to tell how long a sale takes to reach a marketplace."""

import asyncio
import contextlib
import datetime as dt
import math
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer
from contracts import AnyEvent, AppliedStatus, StockApplied, StockTarget, parse

_TOPICS = ("channel.stock.target", "channel.stock.applied")
Offer = tuple[str, str]
"""(channel, SKU)."""


class Observer:
    """Every target and every accepted answer, by offer."""

    def __init__(self) -> None:
        self._targets: dict[Offer, dict[dt.datetime, int]] = defaultdict(dict)
        self._accepted: dict[Offer, dict[int, dt.datetime]] = defaultdict(dict)

    def note(self, event: AnyEvent) -> None:
        data = event.data
        if isinstance(data, StockTarget):
            self._targets[data.channel, data.sku].setdefault(event.time, data.revision)
        elif isinstance(data, StockApplied) and data.status is AppliedStatus.ACCEPTED and data.revision is not None:
            self._accepted[data.channel, data.sku].setdefault(data.revision, event.time)

    def latencies(
        self, applied_at: Iterable[tuple[str, dt.datetime, dt.datetime]], channels: Iterable[str]
    ) -> list[float]:
        """Milliseconds from each sale to the first accepted write that reflects it, for each of `channels`.

        `applied_at` names a sale's SKU, when it was published and when the ledger took it. A target carries the time of
        the ledger's transaction, so the target of that very time reflects the sale, and so does any later revision. A
        sale that changed nothing for a channel has no such target and is left out.
        """
        sales = list(applied_at)
        found = []
        for channel in channels:
            for sku, published, taken in sales:
                accepted = self._first_accepted((channel, sku), taken)
                if accepted is not None:
                    found.append((accepted - published).total_seconds() * 1000)
        return found

    def _first_accepted(self, offer: Offer, taken: dt.datetime) -> dt.datetime | None:
        revision = self._targets.get(offer, {}).get(taken)
        if revision is None:
            return None
        answers = [time for accepted, time in self._accepted.get(offer, {}).items() if accepted >= revision]
        return min(answers, default=None)


@contextlib.asynccontextmanager
async def observe(bootstrap_servers: str) -> AsyncIterator[Observer]:
    """Listen from now on, until the end of the block."""
    consumer = AIOKafkaConsumer(
        *_TOPICS, bootstrap_servers=bootstrap_servers, auto_offset_reset="latest", group_id=None
    )
    await consumer.start()
    await consumer.seek_to_end()
    observer = Observer()
    listening = asyncio.create_task(_listen(consumer, observer))
    try:
        yield observer
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        await consumer.stop()


async def _listen(consumer: Any, observer: Observer) -> None:  # noqa: ANN401 - aiokafka is untyped
    while True:
        for records in (await consumer.getmany(timeout_ms=500)).values():
            for record in records:
                observer.note(parse(record.topic, record.value))


def percentile(values: list[float], share: float) -> float | None:
    """The smallest value that `share` (0 to 1) of all values do not exceed; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    position = math.ceil(share * len(ordered)) - 1
    return round(ordered[max(0, position)], 1)


def sale_times(
    logs: Iterable[Mapping[str, Any]], published: Mapping[str, dt.datetime]
) -> list[tuple[str, dt.datetime, dt.datetime]]:
    """(SKU, published, taken into the ledger) of every sale that the ledger holds."""
    return [
        (log["sku"], published[log["event_id"]], dt.datetime.fromisoformat(log["created_at"]))
        for log in logs
        if log["event_id"] in published
    ]
