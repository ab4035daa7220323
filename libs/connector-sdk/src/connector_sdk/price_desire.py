"""Takes price targets in: keeps the newest revision of each SKU and lets the pusher know."""

from collections.abc import Sequence

from contracts import CloudEvent, PriceTarget, SyncRequested, SyncScope
from runtime.logs import get_logger
from runtime.records import Delivery
from runtime.work import Work

from connector_sdk import price_applied, price_pushes
from connector_sdk.desire import coalesce, passed_over
from connector_sdk.submission import State

_SCOPES = (SyncScope.PRICES, SyncScope.ALL)

_log = get_logger(__name__)


class PriceDesire:
    """The handlers of `channel.price.target` and of `channel.sync.requested`, as far as it asks for prices.

    Without inbox: an older or equal revision changes nothing. Where the channel's API has no prices, each revision is
    answered at once and once, and the log says so once.
    """

    def __init__(self, channel: str, *, can_write: bool) -> None:
        self._channel = channel
        self._can_write = can_write
        self._has_said_so = False

    async def handle(self, deliveries: Sequence[Delivery[PriceTarget]], work: Work) -> None:
        ours = [delivery for delivery in deliveries if delivery.data.channel == self._channel]
        newest = coalesce(ours)
        if not newest:
            return
        state = State.PENDING if self._can_write else State.UNSUPPORTED
        events = [delivery.event for delivery in newest.values()]
        replaced = await price_pushes.desire(work.connection, events, state, work.now)
        for push in (row.unfinished for row in replaced if row.unfinished):
            work.publish(price_applied.overtaken(self._channel, push), cause=push.cause)
        previous = {row.sku: row.previous or 0 for row in replaced}
        for delivery in passed_over(ours, newest, previous):
            work.publish(price_applied.passed_over(delivery.data), cause=delivery.event)
        if not self._can_write:
            self._refuse([newest[sku].event for sku in previous], work)

    async def write_again(self, deliveries: Sequence[Delivery[SyncRequested]], work: Work) -> None:
        """What was written since the request is left alone, so a request that comes again changes nothing."""
        for delivery in deliveries:
            data = delivery.data
            if self._can_write and data.channel == self._channel and data.scope in _SCOPES:
                skus = None if data.sku is None else [data.sku]
                await price_pushes.again(work.connection, skus, work.now, asked_at=delivery.event.time)

    def _refuse(self, events: Sequence[CloudEvent[PriceTarget]], work: Work) -> None:
        for event in events:
            work.publish(price_applied.unsupported(event.data), cause=event)
        if events and not self._has_said_so:
            _log.warning("prices are not written: " + price_applied.NO_PRICES.message, channel=self._channel)
            self._has_said_so = True
