"""Apply `stock.changed` to the ledger, once for ever, and tell the channels."""

import asyncio
import dataclasses as dc
import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from contracts import AnyEvent, StockChanged, StockReason
from runtime.logs import get_logger
from runtime.metrics import OVERSOLD_UNITS
from runtime.records import Delivery
from runtime.work import Work

from inventory.domain import attention
from inventory.domain.allocation import Policy
from inventory.domain.ledger import apply
from inventory.domain.stock import Item, LogEntry, Movement, Reason
from inventory.domain.terms import Terms
from inventory.handlers.causes import cause_of
from inventory.handlers.retarget import retargeting
from inventory.handlers.shelves import Shelves
from inventory.ports import Book

_log = get_logger(__name__)


class ChangeStock:
    """The ledger itself remembers the event ids, so that a replay from any time changes nothing."""

    def __init__(self, open_book: Callable[[Work], Book], policy: Policy, terms: Terms | None = None) -> None:
        """Without `terms` no bounds are kept."""
        self._open_book = open_book
        self._policy = policy
        self._terms = terms
        self._retarget = retargeting(terms)

    async def __call__(self, deliveries: Sequence[Delivery[StockChanged]], work: Work) -> None:
        book = self._open_book(work)
        items, known = await self._lock(deliveries, book)
        fresh = [d for d in deliveries if d.event.id not in known and self._is_usable(d, items, work)]
        if not fresh:
            return
        causes: dict[str, AnyEvent] = {delivery.data.sku: delivery.event for delivery in fresh}
        if self._terms:
            await self._escrowed(self._terms, fresh, items, causes, book, work)
            return
        entries = await _apply_all(fresh, items, book)
        _tell_oversold(entries, work)
        await book.append(entries, work.now)
        changed = [items[sku] for sku in sorted(causes)]
        await book.save(changed, work.now)
        await self._retarget(changed, book, work, causes=causes, touched=_touched(entries))

    async def _lock(
        self, deliveries: Sequence[Delivery[StockChanged]], book: Book
    ) -> tuple[dict[str, Item], AbstractSet[str]]:
        """The items, and which of the events were known when they were locked."""
        skus = sorted({delivery.data.sku for delivery in deliveries})
        event_ids = [delivery.event.id for delivery in deliveries]
        if self._terms is None:
            return await book.lock(skus), await book.known_events(event_ids)
        items, known = await book.lock_stock(skus, event_ids)
        unseen = {
            d.data.sku for d in deliveries if d.data.channel and _is_unseen(items.get(d.data.sku), d.data.channel)
        }
        return (items | await book.lock(sorted(unseen)) if unseen else items), known

    async def _escrowed(
        self,
        terms: Terms,
        fresh: Sequence[Delivery[StockChanged]],
        items: dict[str, Item],
        causes: dict[str, AnyEvent],
        book: Book,
        work: Work,
    ) -> None:
        """A sale needs no call as a rule: it lowers its channel's bound. What needs one at once is moved here."""
        before = dict(items)
        shelves = Shelves(terms, work, await book.claims(_reservations(fresh)))
        entries = await _apply_all(fresh, items, book, shelves.move)
        _tell_oversold(entries, work)
        appending = asyncio.create_task(book.append(entries, work.now))
        try:
            await asyncio.sleep(0)  # it is sent, and Postgres writes while we think
            noted = {sku: self._noted(before[sku], items[sku], causes[sku], terms, work) for sku in sorted(causes)}
            urgent = {sku: item for sku, item in noted.items() if attention.is_urgent(before[sku], item)}
            calm = [item for sku, item in noted.items() if sku not in urgent]
            if calm:
                await book.save(calm, work.now)
        finally:
            await appending
        await shelves.tell_incidents(book)
        await book.consume(shelves.consumed, work)
        if urgent:
            whole = await book.lock(list(urgent))
            await self._retarget([_whole(whole[sku], item) for sku, item in urgent.items()], book, work)
        await book.hasten([item for item in calm if item.wake_at != before[item.sku].wake_at])

    @staticmethod
    def _noted(before: Item, item: Item, event: AnyEvent, terms: Terms, work: Work) -> Item:
        soon = attention.deserves_a_look(before, item, terms, work.now)
        wake_at = attention.look_by(item, terms, work.now, soon=soon)
        return item.noting(work.now, wake_at, cause_of(event, work))

    def _is_usable(self, delivery: Delivery[StockChanged], items: dict[str, Item], work: Work) -> bool:
        data = delivery.data
        if data.sku not in items:
            work.reject(delivery, "unknown-sku", f"no product {data.sku!r}: publish its product.changed, then retry")
            return False
        if data.channel is not None and data.channel not in self._policy.weights:
            channels = ", ".join(self._policy.weights)
            work.reject(delivery, "unknown-channel", f"no channel {data.channel!r}: the channels are {channels}")
            return False
        return True


def _is_unseen(item: Item | None, channel: str) -> bool:
    return item is not None and item.offer(channel) is None


def _whole(kept: Item, changed: Item) -> Item:
    """The item as `changed` says, with all of its offers as they are kept."""
    shelves = {offer.channel: offer.shelf for offer in changed.offers}
    offers = tuple(offer.having(shelves.get(offer.channel, offer.shelf)) for offer in kept.offers)
    return dc.replace(changed, offers=offers, is_active=kept.is_active, category=kept.category)


def _reservations(deliveries: Sequence[Delivery[StockChanged]]) -> list[str]:
    return sorted({d.data.reservation_id for d in deliveries if d.data.reservation_id is not None})


async def _apply_all(
    deliveries: Sequence[Delivery[StockChanged]],
    items: dict[str, Item],
    book: Book,
    move: Callable[[Item, Item, LogEntry], Item] | None = None,
) -> list[LogEntry]:
    """Apply in order; `items` holds the results afterwards.

    `move` adds what an entry does to the shelves, from the item before and after it.
    """
    entries: list[LogEntry] = []
    for delivery in deliveries:
        movement = _movement(delivery)
        since = await _moved_since_count(movement, entries, book)
        before = items[movement.sku]
        after, entry = apply(before, movement, since)
        items[movement.sku] = move(before, after, entry) if move else after
        entries.append(entry)
    return entries


def _tell_oversold(entries: Sequence[LogEntry], work: Work) -> None:
    for entry in entries:
        if entry.change < 0 and entry.after < 0:
            sku, channel = entry.movement.sku, entry.movement.channel
            _log.warning("oversold", sku=sku, channel=channel, on_hand=entry.after, event_id=entry.movement.event_id)
            work.count(OVERSOLD_UNITS, min(-entry.change, -entry.after), channel=channel or "none")


async def _moved_since_count(movement: Movement, entries: Sequence[LogEntry], book: Book) -> int:
    if movement.reason is not Reason.STOCKTAKE:
        return 0
    in_this_batch = sum(
        entry.change
        for entry in entries
        if entry.movement.sku == movement.sku and entry.movement.happened_at > movement.happened_at
    )
    return in_this_batch + await book.moved_since(movement.sku, movement.happened_at)


def _movement(delivery: Delivery[StockChanged]) -> Movement:
    data = delivery.data
    return Movement(
        event_id=delivery.event.id,
        sku=data.sku,
        reason=Reason(data.reason),
        happened_at=_happened_at(delivery),
        change=data.change_qty,
        counted=data.counted_qty,
        channel=data.channel,
        reference=data.reference,
        line_reference=data.line_reference,
        reservation_id=data.reservation_id,
    )


def _happened_at(delivery: Delivery[StockChanged]) -> dt.datetime:
    """A sale when its order was placed; what is given back when that was told, since its order may be much older."""
    data = delivery.data
    placed_at = data.placed_at if data.reason is StockReason.SALE else None
    return data.counted_at or placed_at or delivery.event.time


def _touched(entries: Sequence[LogEntry]) -> dict[str, set[str]]:
    """By SKU, the channels that an order of their own concerned."""
    touched: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.movement.channel is not None and entry.movement.reason in (Reason.SALE, Reason.CANCELLATION):
            touched[entry.movement.sku].add(entry.movement.channel)
    return touched
