"""Between Amazon's words and ours: pure functions."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connector_sdk.marketplace import UnreadableOrder
from contracts import FulfilledBy, Issue, MarketplaceOrderReceived, Money, OrderLine, OrderStatus
from pydantic import ValidationError

from amazon_connector.wire import IssueWire, ItemWire, ListingAnswer, MoneyWire, OrderWire, ParticipationsAnswer

CHANNEL = "amazon"
OUR_STOCK = "DEFAULT"
"""Amazon's code for stock that the merchant ships."""
AMAZONS_STOCK = "AMAZON_"
"""How its codes for stock in its own warehouses begin."""
EVERYBODY = "ALL"
"""Amazon's word for the audience of the standard offer."""
EASY_SHIP = "AMAZON_EASY_SHIP: Amazon's own carrier takes this order, so schedule its pick-up in Seller Central"
"""Why a parcel of such an order is not confirmed."""

_STATUSES = {
    "PENDING_AVAILABILITY": OrderStatus.PENDING,
    "PENDING": OrderStatus.PENDING,
    "UNSHIPPED": OrderStatus.UNSHIPPED,
    "PARTIALLY_SHIPPED": OrderStatus.PARTIALLY_SHIPPED,
    "SHIPPED": OrderStatus.SHIPPED,
    "CANCELLED": OrderStatus.CANCELLED,
    "UNFULFILLABLE": OrderStatus.UNFULFILLABLE,
}


def quantity_patch(quantity: int) -> dict[str, Any]:
    """The body that sets a merchant-fulfilled quantity. `merge` leaves the handling time alone; `replace` erases it."""
    availability = {"fulfillment_channel_code": OUR_STOCK, "quantity": quantity}
    patch = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": [availability]}
    return {"productType": "PRODUCT", "patches": [patch]}


def price_patch(price: Money, marketplace_id: str) -> dict[str, Any]:
    """The body that sets the price of the standard offer.

    `merge` finds the offer by marketplace, currency and audience, and leaves its discounts and its lowest and highest
    price alone; `replace` erases them.
    """
    selector = {"marketplace_id": marketplace_id, "currency": price.currency, "audience": EVERYBODY}
    offer = selector | {"our_price": [{"schedule": [{"value_with_tax": json_number(price.amount)}]}]}
    patch = {"op": "merge", "path": "/attributes/purchasable_offer", "value": [offer]}
    return {"productType": "PRODUCT", "patches": [patch]}


def refusal_of(answer: ListingAnswer) -> Issue | None:
    """Why no write may be made to a listing that is there.

    A merchant's quantity turns a listing that Amazon ships into one that the merchant ships.
    """
    codes = sorted({each.fulfillment_channel_code for each in answer.fulfillment_availability} - {OUR_STOCK})
    if not any(code.startswith(AMAZONS_STOCK) for code in codes):
        return None
    channels = ", ".join(codes)
    return Issue(
        code="FulfilledByAmazon",
        message=f"Amazon ships this listing from its own stock ({channels}): take it out of Mizan, or convert it to "
        "merchant fulfilment in Seller Central",
    )


def unknown_listing(marketplace_id: str, said: str) -> Issue:
    """Of a SKU that Amazon can't show. It accepts writes to one all the same, and they come to nothing."""
    return Issue(
        code="UnknownListing",
        message=f"Amazon shows no such SKU on {marketplace_id} ({said}): create the offer in Seller Central, or "
        "correct the listing's external_sku",
    )


def refusal_of_account(answer: ParticipationsAnswer, marketplace_id: str) -> str | None:
    """Why the token's seller may not sell on a marketplace."""
    ours = [each for each in answer.payload if each.marketplace.id == marketplace_id]
    if not ours or not ours[0].participation.is_participating:
        others = [each.marketplace.id for each in answer.payload if each.participation.is_participating]
        known = ", ".join(sorted(others))
        return (
            f"the seller does not take part in {marketplace_id} (but in: {known or 'none'}): register there, or "
            "correct AMAZON_MARKETPLACE_ID or AMAZON_REFRESH_TOKEN"
        )
    if ours[0].participation.has_suspended_listings:
        return f"Amazon has set the listings on {marketplace_id} to inactive: see Account Health in Seller Central"
    return None


def json_number(amount: Decimal) -> float:
    """A number that is printed with exactly these digits: up to 15 of them survive the way through a binary float.

    Raises:
        ValueError: they do not.
    """
    number = float(amount)
    if Decimal(repr(number)) != amount:
        raise ValueError(f"{amount} has too many digits for a JSON number")
    return number


def shown_price(answer: ListingAnswer, marketplace_id: str) -> tuple[Money | None, bool]:
    """What consumers pay, and whether the standard offer has a discount, be it for now or for some other time."""
    ours = [offer for offer in answer.offers if (offer.marketplace_id, offer.offer_type) == (marketplace_id, "B2C")]
    sent = answer.attributes.purchasable_offer
    is_discounted = any(
        offer.discounted_price
        for offer in sent
        if (offer.marketplace_id, offer.audience) == (marketplace_id, EVERYBODY)
    )
    return _money(ours[0].price if ours else None), is_discounted


def to_issues(issues: Sequence[IssueWire]) -> tuple[Issue, ...]:
    return tuple(Issue(code=i.code, message=i.message[:1000], severity=i.severity.lower()) for i in issues)


def read_orders(
    raw_orders: Sequence[Mapping[str, Any]],
) -> tuple[list[MarketplaceOrderReceived], list[UnreadableOrder]]:
    """What can be read, and what can't, each with its reason."""
    orders, unreadable = [], []
    for raw in raw_orders:
        try:
            orders.append(to_order(OrderWire.model_validate(raw)))
        except ValueError as error:
            unreadable.append(UnreadableOrder(str(raw.get("orderId") or "(no orderId)")[:256], _reason(error)))
    return orders, unreadable


def is_easy_ship(raw_order: Mapping[str, Any]) -> bool:
    return "AMAZON_EASY_SHIP" in (raw_order.get("programs") or ())


def shipped_elsewhere(raw_orders: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """By order number, the orders whose parcels Amazon's own carrier takes."""
    return {str(raw.get("orderId")): EASY_SHIP for raw in raw_orders if is_easy_ship(raw)}


def to_order(order: OrderWire) -> MarketplaceOrderReceived:
    """Our words for one order.

    Raises:
        ValueError: something that we can't do without is missing.
    """
    if order.fulfillment is None:
        raise ValueError("it has no fulfillment, so its status is not known")
    status = _STATUSES.get(order.fulfillment.fulfillment_status, OrderStatus.UNKNOWN)
    window = order.fulfillment.ship_by_window
    is_amazons = order.fulfillment.fulfilled_by == "AMAZON"
    return MarketplaceOrderReceived(
        channel=CHANNEL,
        external_order_id=order.order_id,
        status=status,
        placed_at=order.created_time,
        updated_at=order.last_updated_time,
        fulfilled_by=FulfilledBy.MARKETPLACE if is_amazons else FulfilledBy.MERCHANT,
        ship_by=window.latest_date_time if window else None,
        total=_money(order.proceeds.grand_total if order.proceeds else None),
        lines=tuple(_line(item, status) for item in order.order_items),
        raw=order.model_dump(mode="json", by_alias=True, exclude_none=True),
    )


def _line(item: ItemWire, status: OrderStatus) -> OrderLine:
    if not item.product.seller_sku:
        raise ValueError(f"line {item.order_item_id} has no sellerSku")
    shipped = max(0, item.fulfillment.quantity_fulfilled or 0) if item.fulfillment else 0
    return OrderLine(
        external_line_id=item.order_item_id,
        external_sku=item.product.seller_sku,
        title=item.product.title,
        quantity=item.quantity_ordered,
        quantity_shipped=shipped,
        quantity_cancelled=_cancelled(item, status, shipped),
        unit_price=_money(item.product.price.unit_price if item.product.price else None),
    )


def _cancelled(item: ItemWire, status: OrderStatus, shipped: int) -> int:
    """The model has no field for it: what is neither fulfilled nor still to be, of an item with a cancellation."""
    if status is OrderStatus.CANCELLED:
        return max(0, item.quantity_ordered - shipped)
    has_cancellation = item.cancellation is not None and item.cancellation.cancellation_execution is not None
    unfulfilled = item.fulfillment.quantity_unfulfilled if item.fulfillment else None
    if not has_cancellation or unfulfilled is None:
        return 0
    return max(0, item.quantity_ordered - shipped - unfulfilled)


def _money(money: MoneyWire | None) -> Money | None:
    """A price that makes no sense is left out: the stock effect of an order does not wait for it."""
    if money is None:
        return None
    try:
        return Money(amount=money.amount, currency=money.currency_code)
    except ValidationError:
        return None


def _reason(error: ValueError) -> str:
    """One line that names fields but never what they hold."""
    if isinstance(error, ValidationError):
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        return "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in problems[:3])[:500]
    return str(error)[:500]
