"""Deliveries that ask for readings, as the consumer hands them over."""

import datetime as dt

from contracts import CloudEvent, ListingChanged, SyncRequested, SyncScope
from runtime.records import Delivery, Record

from connector_sdk.testing.targets import CHANNEL

_START = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def listed(
    sku: str,
    minute: int = 0,
    *,
    external_sku: str | None = None,
    is_active: bool = True,
    channel: str = CHANNEL,
) -> Delivery[ListingChanged]:
    """A listing as it was changed `minute` minutes after midnight."""
    listing = ListingChanged(channel=channel, sku=sku, external_sku=external_sku or f"X-{sku}", is_active=is_active)
    moment = _START + dt.timedelta(minutes=minute)
    event = CloudEvent[ListingChanged].wrap(
        listing, source="/inventory", time=moment, event_id=f"{channel}/{sku}/{minute}"
    )
    return Delivery(Record("listing.changed", 0, minute, sku.encode(), event.to_bytes(), {}), event)


def requested(
    sku: str | None,
    *,
    scope: SyncScope = SyncScope.LISTINGS,
    channel: str = CHANNEL,
    time: dt.datetime = _START,
) -> Delivery[SyncRequested]:
    request = SyncRequested(channel=channel, scope=scope, sku=sku)
    event = CloudEvent[SyncRequested].wrap(request, source="/inventory", time=time, event_id=f"request-{sku}")
    return Delivery(Record("channel.sync.requested", 0, 0, channel.encode(), event.to_bytes(), {}), event)
