from typing import Any

import pytest
from amazon_connector.mapping import quantity_patch, read_orders
from contracts import FulfilledBy, MarketplaceOrderReceived, OrderStatus


def _item(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "orderItemId": "11",
        "quantityOrdered": 3,
        "product": {
            "asin": "B0TEST",
            "title": "قميص قطن أزرق — مقاس كبير",
            "sellerSku": "SS/1#ع",
            "price": {"unitPrice": {"amount": "1499.00", "currencyCode": "EGP"}},
        },
        "fulfillment": {"quantityFulfilled": 1, "quantityUnfulfilled": 2},
        **changes,
    }


def _order(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "orderId": "402-1234567-7654321",
        "createdTime": "2026-11-22T10:00:00.123Z",
        "lastUpdatedTime": "2026-11-22T10:05:00Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ARBP9OOSHTCHU"},
        "buyer": {"buyerName": "Mona Secret", "buyerEmail": "mona@example.com"},
        "recipient": {"deliveryAddress": {"name": "Mona Secret", "phone": "0100"}},
        "proceeds": {"grandTotal": {"amount": "4497.00", "currencyCode": "EGP"}},
        "fulfillment": {
            "fulfillmentStatus": "PARTIALLY_SHIPPED",
            "fulfilledBy": "MERCHANT",
            "shipByWindow": {"latestDateTime": "2026-11-24T10:00:00Z"},
        },
        "orderItems": [_item()],
        **changes,
    }


def _read(raw: dict[str, Any]) -> MarketplaceOrderReceived:
    (order,), unreadable = read_orders([raw])
    assert unreadable == []
    return order


def _with_status(status: str, **item: Any) -> MarketplaceOrderReceived:  # noqa: ANN401 - any JSON
    return _read(_order(fulfillment={"fulfillmentStatus": status}, orderItems=[_item(**item)]))


def test_an_order_is_read_whole() -> None:
    order = _read(_order())

    assert (order.channel, order.external_order_id) == ("amazon", "402-1234567-7654321")
    assert order.status is OrderStatus.PARTIALLY_SHIPPED
    assert order.fulfilled_by is FulfilledBy.MERCHANT
    assert order.placed_at.isoformat() == "2026-11-22T10:00:00.123000+00:00"
    assert order.ship_by
    assert order.total
    assert str(order.total.amount) == "4497.00"
    (line,) = order.lines
    assert (line.external_line_id, line.external_sku) == ("11", "SS/1#ع")
    assert line.title == "قميص قطن أزرق — مقاس كبير"
    assert (line.quantity, line.quantity_shipped, line.quantity_cancelled) == (3, 1, 0)
    assert line.unit_price
    assert line.unit_price.model_dump(mode="json") == {"amount": "1499.00", "currency": "EGP"}


def test_no_personal_data_is_kept() -> None:
    told = _read(_order()).model_dump_json()

    assert "Mona" not in told
    assert "mona@example.com" not in told
    assert "0100" not in told


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("PENDING_AVAILABILITY", OrderStatus.PENDING),
        ("PENDING", OrderStatus.PENDING),
        ("UNSHIPPED", OrderStatus.UNSHIPPED),
        ("SHIPPED", OrderStatus.SHIPPED),
        ("CANCELLED", OrderStatus.CANCELLED),
        ("UNFULFILLABLE", OrderStatus.UNFULFILLABLE),
        ("SOMETHING_NEW", OrderStatus.UNKNOWN),
    ],
)
def test_every_status_has_ours(theirs: str, ours: OrderStatus) -> None:
    assert _with_status(theirs).status is ours


def test_of_a_cancelled_order_everything_not_shipped_is_cancelled() -> None:
    assert _with_status("CANCELLED").lines[0].quantity_cancelled == 2


def test_a_partial_cancellation_is_what_is_neither_shipped_nor_to_be() -> None:
    fulfillment = {"quantityFulfilled": 1, "quantityUnfulfilled": 1}
    cancellation = {"cancellationExecution": {"cancelledBy": "BUYER"}}

    assert _with_status("UNSHIPPED", fulfillment=fulfillment).lines[0].quantity_cancelled == 0
    order = _with_status("UNSHIPPED", fulfillment=fulfillment, cancellation=cancellation)
    assert order.lines[0].quantity_cancelled == 1


def test_an_order_from_amazons_stock_is_marked() -> None:
    order = _read(_order(fulfillment={"fulfillmentStatus": "SHIPPED", "fulfilledBy": "AMAZON"}))

    assert order.fulfilled_by is FulfilledBy.MARKETPLACE


def test_a_pending_order_needs_no_price() -> None:
    order = _with_status("PENDING", product={"sellerSku": "A"}, fulfillment=None)

    assert order.lines[0].unit_price is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"orderItems": [_item(product={"title": "Mona"})]}, "line 11 has no sellerSku"),
        ({"fulfillment": None}, "its status is not known"),
        ({"createdTime": "Mona"}, "createdTime"),
        ({"orderItems": []}, "orderItems"),
        ({"orderItems": [_item(quantityOrdered="Mona")]}, "orderItems.0.quantityOrdered"),
    ],
)
def test_an_unreadable_order_has_a_reason_and_leaves_the_others_alone(changes: dict[str, Any], reason: str) -> None:
    orders, unreadable = read_orders([_order(**changes), _order(orderId="402-2")])

    assert [order.external_order_id for order in orders] == ["402-2"]
    assert [each.external_order_id for each in unreadable] == ["402-1234567-7654321"]
    assert reason in unreadable[0].reason
    assert "Mona" not in unreadable[0].reason


def test_a_quantity_is_merged_into_the_offer() -> None:
    assert quantity_patch(7) == {
        "productType": "PRODUCT",
        "patches": [
            {
                "op": "merge",
                "path": "/attributes/fulfillment_availability",
                "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 7}],
            }
        ],
    }
