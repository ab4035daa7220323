"""An order in the shape of the Orders model 2026-01-01.

Cancelled units, for whoever reads this as a client: `quantityOrdered` never changes. A cancellation lowers the item's
`fulfillment.quantityUnfulfilled` and adds `cancellation.cancellationExecution`, so

    units cancelled = quantityOrdered - quantityFulfilled - quantityUnfulfilled

and both data sets (FULFILLMENT, CANCELLATION) must be asked for to see it. An order all of whose units are cancelled
has the status CANCELLED. The model does not say how Amazon tells a partial cancellation: this is our reading of it.
A PENDING order has no price and no proceeds yet.
"""

from collections.abc import Collection
from datetime import timedelta

from sandbox.amazon.listings import asin
from sandbox.amazon.settings import MARKETPLACE_ID
from sandbox.amazon.wire import money
from sandbox.clock import iso
from sandbox.store import Order, Status

DATA_SETS = (
    *("BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION"),
    *("FULFILLMENT", "PACKAGES", "TAX", "PAYMENT", "FULFILLMENT_ORDERS"),
)
"""All that may be asked for. There is nothing here about the buyer, taxes or packages, so those stay absent."""

SHIP_WITHIN = timedelta(days=2)


def printed(order: Order, data_sets: Collection[str]) -> dict[str, object]:
    """Print an order with the data sets that were asked for."""
    body: dict[str, object] = {
        "orderId": order.external_order_id,
        "createdTime": iso(order.placed_at),
        "lastUpdatedTime": iso(order.updated_at),
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": MARKETPLACE_ID, "marketplaceName": "Amazon.eg"},
        "orderItems": [_item(order, data_sets)],
    }
    if order.easy_ship:
        body["programs"] = ["AMAZON_EASY_SHIP"]
    if "FULFILLMENT" in data_sets:
        body["fulfillment"] = _fulfillment(order)
    if order.status is Status.PENDING:
        return body
    if "PROCEEDS" in data_sets:
        total = money(order.total)
        body["proceeds"] = {"grandTotal": total, "breakdowns": [{"type": "ITEM", "subtotal": total}]}
    if "PAYMENT" in data_sets:
        payment = {"paymentMethod": "CashOnDelivery", "paymentAmount": money(order.total)}
        body["payment"] = {"paymentExecutions": [payment]}
    return body


def _fulfillment(order: Order) -> dict[str, object]:
    window = {"earliestDateTime": iso(order.placed_at), "latestDateTime": iso(order.placed_at + SHIP_WITHIN)}
    return {
        "fulfillmentStatus": order.status.upper(),
        "fulfilledBy": "MERCHANT",
        "fulfillmentServiceLevel": "STANDARD",
        "shipByWindow": window,
    }


def _item(order: Order, data_sets: Collection[str]) -> dict[str, object]:
    item: dict[str, object] = {
        "orderItemId": item_id(order),
        "quantityOrdered": order.quantity,
        "product": _product(order),
    }
    if "FULFILLMENT" in data_sets:
        item["fulfillment"] = {"quantityFulfilled": order.shipped, "quantityUnfulfilled": order.open}
    if "CANCELLATION" in data_sets and order.cancelled:
        item["cancellation"] = {
            "cancellationExecution": {"cancelledBy": "BUYER", "cancelReason": "Buyer requested cancellation"}
        }
    if "PROCEEDS" in data_sets and order.status is not Status.PENDING:
        total = money(order.total)
        item["proceeds"] = {"proceedsTotal": total, "breakdowns": [{"type": "ITEM", "subtotal": total}]}
    return item


def item_id(order: Order) -> str:
    """Make up the id of the order's one item."""
    return order.external_order_id.replace("-", "")[3:]


def _product(order: Order) -> dict[str, object]:
    product: dict[str, object] = {
        "asin": asin(order.external_sku),
        "title": f"Item {order.external_sku}",
        "sellerSku": order.external_sku,
        "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
    }
    if order.status is not Status.PENDING:
        product["price"] = {"unitPrice": money(order.unit_price)}
    return product
