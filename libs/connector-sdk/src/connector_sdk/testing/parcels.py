"""Deliveries of what was shipped, as the consumer hands them over."""

import datetime as dt

from contracts import CloudEvent, OrderShipped, Package, PackageLine
from runtime.records import Delivery, Record

from connector_sdk.testing.targets import CHANNEL

SHIPPED_AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def parcel(package_id: str = "P-1", *, tracking: str = "T-1", line: str = "L-1", quantity: int = 1) -> Package:
    """A parcel of one line."""
    return Package(
        package_id=package_id,
        carrier_code="Aramex",
        tracking_number=tracking,
        shipped_at=SHIPPED_AT,
        lines=(PackageLine(external_line_id=line, quantity=quantity),),
    )


def shipped(
    order: str, *packages: Package, at: int = 0, event_id: str = "", channel: str = CHANNEL
) -> Delivery[OrderShipped]:
    """An event told `at` minutes after the parcels left; its id tells what it is about."""
    data = OrderShipped(channel=channel, external_order_id=order, packages=packages or (parcel(),))
    event = CloudEvent[OrderShipped].wrap(
        data,
        source="/storefront",
        time=SHIPPED_AT + dt.timedelta(minutes=at),
        event_id=event_id or f"{channel}/{order}/{at}",
        correlation_id=f"cause-of-{order}",
    )
    return Delivery(Record("order.shipped", 0, at, data.subject.encode(), event.to_bytes(), {}), event)
