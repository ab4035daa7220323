"""Note how far each price got at its channel, and what the marketplace was seen to charge."""

import datetime as dt
from collections.abc import Sequence

from contracts import AppliedStatus, PriceApplied
from runtime.records import Delivery
from runtime.work import Work

from inventory.adapters.channel_prices import note_applied, note_observed
from inventory.adapters.targets import STEPS

_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


class NotePriceApplied:
    """Safe to see again: an older revision never overwrites a newer one, nor an earlier step of one its later step.

    A price may be written again under its revision, so nothing follows from an outcome that nobody knows.
    """

    async def __call__(self, deliveries: Sequence[Delivery[PriceApplied]], work: Work) -> None:
        newest: dict[tuple[str, str], PriceApplied] = {}
        readings: dict[tuple[str, str], PriceApplied] = {}
        for data in (delivery.data for delivery in deliveries):
            key = data.channel, data.sku
            if data.status is AppliedStatus.OBSERVED:
                if key not in readings or _seen_at(data) >= _seen_at(readings[key]):
                    readings[key] = data
            elif data.revision is not None and (key not in newest or _progress(data) >= _progress(newest[key])):
                newest[key] = data
        await note_applied(work.connection, [newest[key] for key in sorted(newest)], work.now)
        await note_observed(work.connection, [readings[key] for key in sorted(readings)])


def _progress(applied: PriceApplied) -> tuple[int, int]:
    """The revision, and how far it got."""
    return applied.revision or 0, STEPS.index(applied.status) if applied.status in STEPS else -1


def _seen_at(reading: PriceApplied) -> dt.datetime:
    return reading.observed_at or _LONG_AGO
