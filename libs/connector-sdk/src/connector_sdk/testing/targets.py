"""Deliveries of targets, as the consumer hands them over."""

import datetime as dt
from decimal import Decimal

from contracts import CloudEvent, Money, PriceTarget, StockTarget, Urgency
from runtime.records import Delivery, Record

CHANNEL = "testmart"


def delivery(
    sku: str,
    revision: int,
    quantity: int = 5,
    *,
    urgency: Urgency = Urgency.INCREASE,
    channel: str = CHANNEL,
    live_above: int | None = None,
) -> Delivery[StockTarget]:
    """A target whose event id and external SKU tell what it is about."""
    target = StockTarget(
        channel=channel,
        sku=sku,
        external_sku=f"X-{sku}",
        quantity=quantity,
        revision=revision,
        urgency=urgency,
        live_above=live_above,
    )
    event = CloudEvent[StockTarget].wrap(
        target,
        source="/inventory",
        time=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
        event_id=f"{channel}/{sku}/{revision}",
        correlation_id=f"cause-of-{sku}",
    )
    return Delivery(Record("channel.stock.target", 0, revision, sku.encode(), event.to_bytes(), {}), event)


def price_delivery(sku: str, revision: int, price: str = "1499.00", *, channel: str = CHANNEL) -> Delivery[PriceTarget]:
    """The same for a price in EGP."""
    target = PriceTarget(
        channel=channel,
        sku=sku,
        external_sku=f"X-{sku}",
        price=Money(amount=Decimal(price), currency="EGP"),
        revision=revision,
    )
    event = CloudEvent[PriceTarget].wrap(
        target,
        source="/inventory",
        time=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
        event_id=f"{channel}/{sku}/price/{revision}",
        correlation_id=f"cause-of-{sku}",
    )
    return Delivery(Record("channel.price.target", 0, revision, sku.encode(), event.to_bytes(), {}), event)
