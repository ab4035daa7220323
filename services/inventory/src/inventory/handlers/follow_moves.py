"""Under escrow: what the channels answer moves the bounds.

No inbox is needed. An answer counts only while its revision is an open move, and a revision is never given twice: once
it is closed or settled, whatever comes late or again finds nothing to change. A later write that is live ends all
earlier ones. A reading counts only if it is newer than the last one and than the last write that went live.
"""

import datetime as dt
from collections.abc import Sequence

from contracts import AnyEvent, AppliedStatus, StockApplied
from runtime.records import Delivery
from runtime.work import Work

from inventory.domain import escrow, incidents
from inventory.domain.incidents import Incident
from inventory.domain.stock import Item, Offer
from inventory.domain.terms import Terms
from inventory.handlers.retarget import Retarget
from inventory.handlers.shelves import Shelves
from inventory.ports import Book

_MARGIN = dt.timedelta(seconds=2)
"""How far a marketplace's clock is taken to be from ours where nobody says."""
_LONGEST_DOUBLINGS = 6


class FollowMoves:
    def __init__(self, terms: Terms, retarget: Retarget) -> None:
        self._terms = terms
        self._retarget = retarget

    async def follow(self, deliveries: Sequence[Delivery[StockApplied]], book: Book, work: Work) -> None:
        """Apply the answers in their order, then settle and move what they allow."""
        telling = [delivery for delivery in deliveries if delivery.data.status is not AppliedStatus.ACCEPTED]
        items = await book.lock(sorted({delivery.data.sku for delivery in telling})) if telling else {}
        before = dict(items)
        shelves = Shelves(self._terms, work)
        causes: dict[str, AnyEvent] = {}
        for delivery in telling:
            sku = delivery.data.sku
            after = self._after(items[sku], delivery, shelves, work.now) if sku in items else None
            if after is None or after == items[sku]:
                continue
            items[sku] = after
            if delivery.data.status is not AppliedStatus.LIVE:
                causes[sku] = delivery.event
        await shelves.tell_incidents(book)
        changed = [items[sku] for sku in sorted(items) if items[sku] is not before[sku]]
        await self._retarget(changed, book, work, causes=causes)

    def _after(self, item: Item, delivery: Delivery[StockApplied], shelves: Shelves, now: dt.datetime) -> Item:
        data = delivery.data
        offer = item.offer(data.channel)
        if offer is None:
            return item
        if data.status is AppliedStatus.OBSERVED:
            return _read(item, offer, delivery, shelves, now)
        if data.revision is None:
            return item
        return escrow.overcommit(item.having(self._answered(offer, data.revision, delivery, now)))

    def _answered(self, offer: Offer, revision: int, delivery: Delivery[StockApplied], now: dt.datetime) -> Offer:
        data = delivery.data
        match data.status:
            case AppliedStatus.LIVE:
                return escrow.go_live(offer, revision, data.live_at or delivery.event.time, _margin(data))
            case AppliedStatus.UNKNOWN:
                return escrow.doubt(offer, revision)
            case AppliedStatus.REJECTED | AppliedStatus.SUPERSEDED:
                is_newest = revision == offer.revision
                return escrow.close(offer, revision, retry_at=self._retry_at(offer, now) if is_newest else None)
            case _:
                return offer

    def _retry_at(self, offer: Offer, now: dt.datetime) -> dt.datetime:
        return now + self._terms.retry_after * (1 << min(offer.shelf.failures, _LONGEST_DOUBLINGS))


def _read(item: Item, offer: Offer, delivery: Delivery[StockApplied], shelves: Shelves, now: dt.datetime) -> Item:
    data = delivery.data
    if data.observed_quantity is None:
        return item if offer.shelf.is_read else item.having(escrow.unreadable(offer))
    observed_at = data.observed_at or delivery.event.time
    after, drift = escrow.read(offer, data.observed_quantity, observed_at, _margin(data), now)
    changed = escrow.overcommit(item.having(after))
    units = max(drift, changed.overcommit - item.overcommit)
    if units > 0:
        cause = incidents.HAND_EDIT if offer.shelf.is_read else incidents.FOUND_ON_SALE
        detail = {
            "observed": data.observed_quantity,
            "observed_at": observed_at.isoformat(),
            "bound_before": offer.shelf.bound,
            "overcommit": changed.overcommit,
        }
        shelves.note(Incident(item.sku, offer.channel, cause, units, delivery.event.id, detail))
    return changed


def _margin(data: StockApplied) -> dt.timedelta:
    return _MARGIN if data.margin_ms is None else dt.timedelta(milliseconds=data.margin_ms)
