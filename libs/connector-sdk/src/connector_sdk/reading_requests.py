"""Takes in who wants a listing read: a listing that is new, or a request for a reading."""

from collections.abc import Mapping, Sequence

from contracts import AnyEvent, CloudEvent, ListingChanged, SyncRequested, SyncScope
from runtime.records import Delivery
from runtime.work import Work

from connector_sdk import applied, listings


class ReadingRequests:
    """The handlers of `listing.changed` and `channel.sync.requested`. Without inbox: a request too many does no harm.

    Where the channel has no read-back, the answer is known at once: an `observed` without a quantity.
    """

    def __init__(self, channel: str, *, can_read: bool) -> None:
        self._channel = channel
        self._can_read = can_read

    async def note_listings(self, deliveries: Sequence[Delivery[ListingChanged]], work: Work) -> None:
        """Have a listing read that is offered for the first time, again, or under another external SKU."""
        newest: dict[str, CloudEvent[ListingChanged]] = {}
        for event in (delivery.event for delivery in deliveries if delivery.data.channel == self._channel):
            known = newest.get(event.data.sku)
            if known is None or event.time >= known.time:
                newest[event.data.sku] = event
        if not newest:
            return
        wanted = await listings.remember(work.connection, [*newest.values()], work.now, can_read=self._can_read)
        if not self._can_read:
            self._answer({sku: newest[sku] for sku in wanted}, work)

    async def note_requests(self, deliveries: Sequence[Delivery[SyncRequested]], work: Work) -> None:
        """Have one listing read, or without a SKU every one that is offered. Other scopes are the inventory's."""
        causes: dict[str, AnyEvent] = {}
        for delivery in deliveries:
            if delivery.data.channel != self._channel or delivery.data.scope is not SyncScope.LISTINGS:
                continue
            sku = delivery.data.sku
            skus = await listings.active(work.connection) if sku is None else [sku]
            causes |= dict.fromkeys(skus, delivery.event)
        if not causes:
            return
        if self._can_read:
            await listings.ask(work.connection, causes, work.now)
        else:
            self._answer(causes, work)

    def _answer(self, causes: Mapping[str, AnyEvent], work: Work) -> None:
        for sku in sorted(causes):
            work.publish(applied.unreadable(self._channel, sku), cause=causes[sku])
