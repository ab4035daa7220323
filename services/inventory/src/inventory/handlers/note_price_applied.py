"""Note how far each price got at its channel, and what the marketplace was seen to charge."""

import datetime as dt
from collections.abc import Mapping, Sequence

from contracts import AppliedStatus, PriceApplied
from runtime.records import Delivery
from runtime.work import Work

from inventory.adapters import incidents, rebalance_queue
from inventory.adapters.channel_prices import note_applied, note_observed
from inventory.adapters.targets import STEPS
from inventory.domain.incidents import PRICE_REFUSED, Incident
from inventory.handlers.telling import tell_incident

Key = tuple[str, str]
"""(channel, SKU)."""

_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)
_WAITED_FOR = (AppliedStatus.LIVE, AppliedStatus.REJECTED, AppliedStatus.UNSUPPORTED)
_GOOD = (AppliedStatus.LIVE, AppliedStatus.UNSUPPORTED)


class NotePriceApplied:
    """Safe to see again: an older revision never overwrites a newer one, nor an earlier step of one its later step.

    A price may be written again under its revision, so nothing follows from an outcome that nobody knows. Of any other
    the stock may have been waiting: the SKU is looked at. A price that is refused is an incident until one is live.
    """

    async def __call__(self, deliveries: Sequence[Delivery[PriceApplied]], work: Work) -> None:
        newest: dict[Key, Delivery[PriceApplied]] = {}
        readings: dict[Key, PriceApplied] = {}
        for delivery in deliveries:
            data = delivery.data
            key = data.channel, data.sku
            if data.status is AppliedStatus.OBSERVED:
                if key not in readings or _seen_at(data) >= _seen_at(readings[key]):
                    readings[key] = data
            elif data.revision is not None and (key not in newest or _progress(data) >= _progress(newest[key].data)):
                newest[key] = delivery
        await self._note(newest, work)
        await note_observed(work.connection, [readings[key] for key in sorted(readings)])

    async def _note(self, newest: Mapping[Key, Delivery[PriceApplied]], work: Work) -> None:
        """Products are held before listings, as everybody does who needs both."""
        answers = {key: newest[key].data for key in sorted(newest)}
        waited_for = [sku for (_, sku), data in answers.items() if data.status in _WAITED_FOR]
        refused = [sku for (_, sku), data in answers.items() if data.status is AppliedStatus.REJECTED]
        await rebalance_queue.wake(work.connection, waited_for, work.now)
        await incidents.hold_products(work.connection, refused)
        news = await note_applied(work.connection, [*answers.values()], work.now)
        good = {key for key in news if answers[key].status in _GOOD}
        await incidents.resolve_prices(work.connection, good, work.now)
        bad = [_incident(newest[key]) for key in sorted(news) if answers[key].status is AppliedStatus.REJECTED]
        if bad:
            await incidents.raise_incidents(work.connection, bad, work.now)
        for incident in bad:
            tell_incident(incident, work)


def _incident(delivery: Delivery[PriceApplied]) -> Incident:
    data = delivery.data
    detail = {
        "revision": data.revision,
        "price": data.price.model_dump(mode="json") if data.price else None,
        "issues": [issue.model_dump(mode="json") for issue in data.issues],
    }
    return Incident(data.sku, data.channel, PRICE_REFUSED, 0, delivery.event.id, detail)


def _progress(applied: PriceApplied) -> tuple[int, int]:
    """The revision, and how far it got."""
    return applied.revision or 0, STEPS.index(applied.status) if applied.status in STEPS else -1


def _seen_at(reading: PriceApplied) -> dt.datetime:
    return reading.observed_at or _LONG_AGO
