"""Orders as a connector reads them."""

import datetime as dt

from contracts import FulfilledBy, MarketplaceOrderReceived, OrderLine, OrderStatus

from connector_sdk.testing.targets import CHANNEL

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def order(
    number: str,
    *,
    status: OrderStatus = OrderStatus.UNSHIPPED,
    updated: int = 0,
    quantity: int = 1,
    fulfilled_by: FulfilledBy = FulfilledBy.MERCHANT,
) -> MarketplaceOrderReceived:
    """An order placed at noon and touched `updated` minutes later."""
    return MarketplaceOrderReceived(
        channel=CHANNEL,
        external_order_id=number,
        status=status,
        placed_at=NOON,
        updated_at=NOON + dt.timedelta(minutes=updated),
        fulfilled_by=fulfilled_by,
        lines=(OrderLine(external_line_id=f"{number}-1", external_sku="X-A", quantity=quantity),),
    )
