"""Made-up orders and listings, complete but for what a test wants to say."""

import datetime as dt
from typing import Any

from contracts import ListingChanged, MarketplaceOrderReceived, OrderLine, OrderStatus

NOON = dt.datetime(2025, 6, 1, 12, tzinfo=dt.UTC)


def minutes_later(minutes: float) -> dt.datetime:
    return NOON + dt.timedelta(minutes=minutes)


def line(reference: str = "1", external_sku: str = "X-1", quantity: int = 2, **more: Any) -> OrderLine:  # noqa: ANN401 - any field
    return OrderLine(external_line_id=reference, external_sku=external_sku, quantity=quantity, **more)


def order(*lines: OrderLine, at: float = 0, **more: Any) -> MarketplaceOrderReceived:  # noqa: ANN401 - any field
    """The version of order A-1 on amazon as of `at` minutes past its placing; unshipped, one line, unless said."""
    told: dict[str, Any] = {
        "channel": "amazon",
        "external_order_id": "A-1",
        "status": OrderStatus.UNSHIPPED,
        "placed_at": NOON,
        "updated_at": minutes_later(at),
        "lines": lines or (line(),),
    }
    return MarketplaceOrderReceived(**(told | more))


def listing(sku: str = "SKU-1", external_sku: str = "X-1", channel: str = "amazon", **more: Any) -> ListingChanged:  # noqa: ANN401 - any field
    return ListingChanged(channel=channel, sku=sku, external_sku=external_sku, **more)
