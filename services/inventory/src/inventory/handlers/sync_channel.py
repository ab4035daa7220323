"""Tell a channel its quantities again because somebody asked for it."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from contracts import AnyEvent, SyncRequested, SyncScope
from runtime.records import Delivery
from runtime.work import Work

from inventory.domain.allocation import Policy
from inventory.domain.ledger import apply
from inventory.domain.stock import Item, LogEntry, Movement, Reason
from inventory.domain.terms import Terms
from inventory.handlers.retarget import retargeting
from inventory.ports import Book

_OURS = (SyncScope.STOCK, SyncScope.ALL)
_NAMESPACE = uuid.UUID("b7c8f2a4-55a5-5d0e-8c0b-2f7b7d6b1c11")


class SyncChannel:
    """The handler of `channel.sync.requested`.

    Each SKU gets a row of change 0 in the ledger and a new revision, even where the quantity stays the same. That row
    holds the request's event id, so that a request that comes again is recognised. One for a whole channel is taken
    apart into one for each SKU that was listed when it was made, under ids that follow from its own: no transaction
    locks the whole catalogue, and a replay asks for nothing new.
    """

    def __init__(self, open_book: Callable[[Work], Book], policy: Policy, terms: Terms | None = None) -> None:
        self._open_book = open_book
        self._policy = policy
        self._retarget = retargeting(terms)

    async def __call__(self, deliveries: Sequence[Delivery[SyncRequested]], work: Work) -> None:
        book = self._open_book(work)
        ours = [d for d in deliveries if d.data.scope in _OURS and self._is_known_channel(d, work)]
        for delivery in ours:
            if delivery.data.sku is None:
                await _take_apart(delivery, book, work)
        await self._tell_again([delivery for delivery in ours if delivery.data.sku is not None], book, work)

    def _is_known_channel(self, delivery: Delivery[SyncRequested], work: Work) -> bool:
        if delivery.data.channel in self._policy.weights:
            return True
        channels = ", ".join(self._policy.weights)
        work.reject(delivery, "unknown-channel", f"no channel {delivery.data.channel!r}: the channels are {channels}")
        return False

    async def _tell_again(self, deliveries: Sequence[Delivery[SyncRequested]], book: Book, work: Work) -> None:
        items = await book.lock(sorted({_sku(delivery) for delivery in deliveries}))
        known = await book.known_events([delivery.event.id for delivery in deliveries])
        fresh = [d for d in deliveries if d.event.id not in known and _is_listed(d, items, work)]
        if not fresh:
            return
        touched: dict[str, set[str]] = defaultdict(set)
        causes: dict[str, AnyEvent] = {}
        for delivery in fresh:
            touched[_sku(delivery)].add(delivery.data.channel)
            causes[_sku(delivery)] = delivery.event
        await book.append([_row(delivery, items) for delivery in fresh], work.now)
        told = [items[sku] for sku in sorted(touched)]
        await self._retarget(told, book, work, causes=causes, touched=touched)


async def _take_apart(delivery: Delivery[SyncRequested], book: Book, work: Work) -> None:
    channel, scope = delivery.data.channel, SyncScope.STOCK
    for sku in await book.listed(channel, delivery.event.time):
        event_id = str(uuid.uuid5(_NAMESPACE, f"{delivery.event.id}\n{sku}"))
        work.publish(SyncRequested(channel=channel, scope=scope, sku=sku), cause=delivery.event, event_id=event_id)


def _is_listed(delivery: Delivery[SyncRequested], items: Mapping[str, Item], work: Work) -> bool:
    """A SKU that the channel does not list (any more) has nothing to be told."""
    item = items.get(_sku(delivery))
    if item is None:
        work.reject(delivery, "unknown-sku", f"no product {_sku(delivery)!r}: publish its product.changed, then retry")
        return False
    return any(offer.channel == delivery.data.channel for offer in item.offers)


def _row(delivery: Delivery[SyncRequested], items: Mapping[str, Item]) -> LogEntry:
    movement = Movement(
        event_id=delivery.event.id,
        sku=_sku(delivery),
        reason=Reason.SYNC,
        happened_at=delivery.event.time,
        change=0,
        channel=delivery.data.channel,
    )
    return apply(items[movement.sku], movement)[1]


def _sku(delivery: Delivery[SyncRequested]) -> str:
    return delivery.data.sku or ""
