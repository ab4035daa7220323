"""Between Noon's words and ours: pure functions."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connector_sdk.marketplace import UnreadableOrder
from contracts import Issue, MarketplaceOrderReceived, Money, OrderLine, OrderStatus
from pydantic import ValidationError

from noon_connector import wire
from noon_connector.wire import Json, UnexpectedShapeError

CHANNEL = "noon"

_ORDER_ID = ("order_id", "id", "order_nr")
_LINES = ("items", "lines")
_SKU = ("sku", "partner_sku", "seller_sku")
_DONE = frozenset({"ok", "success", "succeeded", "accepted", "updated", "done"})
_STATUSES = {
    "pending": OrderStatus.PENDING,
    "created": OrderStatus.PENDING,
    "new": OrderStatus.PENDING,
    "confirmed": OrderStatus.UNSHIPPED,
    "processing": OrderStatus.UNSHIPPED,
    "unshipped": OrderStatus.UNSHIPPED,
    "partially_shipped": OrderStatus.PARTIALLY_SHIPPED,
    "shipped": OrderStatus.SHIPPED,
    "delivered": OrderStatus.SHIPPED,
    "cancelled": OrderStatus.CANCELLED,
    "canceled": OrderStatus.CANCELLED,
    "unfulfillable": OrderStatus.UNFULFILLABLE,
}
_KEPT_OF_ORDER = (*_ORDER_ID, "status", "created_at", "placed_at", "updated_at", "payment_method", "total", "currency")
_KEPT_OF_LINE = ("item_id", "line_id", "id", *_SKU, "quantity", "quantity_shipped", "quantity_cancelled", "unit_price")


def refusal(answer: Json) -> Issue | None:
    """Why a 2xx answer to an update is not a yes; None if nothing in it says no."""
    error = answer.get("error")
    if error or answer.get("success") is False:
        detail = error if isinstance(error, Mapping) else {}
        code = wire.text(detail, "code") or "NotAccepted"
        message = wire.text(detail, "message") or (error if isinstance(error, str) else "Noon did not accept it")
        return Issue(code=code, message=message[:500])
    status = answer.get("status")
    if isinstance(status, str) and status.lower() not in _DONE:
        return Issue(code="NotAccepted", message=f"Noon answered with the status {status[:100]!r}")
    return None


def read_orders(
    raw_orders: Sequence[object], read_at: dt.datetime
) -> tuple[list[MarketplaceOrderReceived], list[UnreadableOrder]]:
    """What can be read, and what can't, each with its reason. `read_at` dates an order that does not say itself."""
    orders, unreadable = [], []
    for raw in raw_orders:
        source: Json = raw if isinstance(raw, dict) else {}
        try:
            orders.append(to_order(source, read_at))
        except ValueError as error:
            unreadable.append(UnreadableOrder(_name(source, raw), _reason(error)))
    return orders, unreadable


def to_order(source: Json, read_at: dt.datetime) -> MarketplaceOrderReceived:
    """Our words for one order.

    Raises:
        ValueError: something that we can't do without is missing.
    """
    order_id = wire.text(source, *_ORDER_ID)
    if order_id is None:
        raise UnexpectedShapeError(f"it has no {' or '.join(_ORDER_ID)}")
    placed_at = wire.moment(source, "created_at", "placed_at", "order_date")
    if placed_at is None:
        raise UnexpectedShapeError("it has no readable created_at")
    status = _STATUSES.get((wire.text(source, "status") or "").lower(), OrderStatus.UNKNOWN)
    currency = wire.text(source, "currency", "currency_code") or "EGP"
    lines = wire.items(source, *_LINES)
    return MarketplaceOrderReceived(
        channel=CHANNEL,
        external_order_id=order_id,
        status=status,
        placed_at=placed_at,
        updated_at=wire.moment(source, "updated_at") or read_at,
        payment_method=wire.text(source, "payment_method"),
        total=_money(wire.first(source, "total", "total_price"), currency),
        lines=tuple(_line(line, f"{order_id}-{number}", status, currency) for number, line in enumerate(lines, 1)),
        raw=_kept(source, lines),
    )


def _line(line: Json, fallback_id: str, status: OrderStatus, currency: str) -> OrderLine:
    sku = wire.text(line, *_SKU)
    if sku is None:
        raise UnexpectedShapeError("a line has no sku")
    ordered = wire.quantity(line, "quantity", "qty", default=1)
    shipped = wire.quantity(line, "quantity_shipped", default=0)
    is_cancelled = status is OrderStatus.CANCELLED
    return OrderLine(
        external_line_id=wire.text(line, "item_id", "line_id", "id") or fallback_id,
        external_sku=sku,
        title=wire.text(line, "title", "name"),
        quantity=ordered,
        quantity_shipped=shipped,
        quantity_cancelled=wire.quantity(
            line, "quantity_cancelled", default=max(0, ordered - shipped) if is_cancelled else 0
        ),
        unit_price=_money(wire.first(line, "unit_price", "price"), currency),
    )


def _money(amount: object, currency: str) -> Money | None:
    """A price that makes no sense is left out: the stock effect of an order does not wait for it."""
    number = wire.decimal(amount)
    try:
        return Money(amount=number, currency=currency.upper()) if number is not None else None
    except ValidationError:
        return None


def _kept(source: Json, lines: Sequence[Json]) -> dict[str, Any]:
    """The fields that are known to hold nothing about a person, and of those only plain values."""
    return {**_plain(source, _KEPT_OF_ORDER), "items": [_plain(line, _KEPT_OF_LINE) for line in lines]}


def _plain(source: Json, names: Sequence[str]) -> dict[str, str | int]:
    """Texts and numbers only, a number with a fraction as text; whatever else stands there may hold anything."""
    values = {name: source[name] for name in names if isinstance(source.get(name), str | int | Decimal)}
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def _name(source: Json, raw: object) -> str:
    """The order's number, or a name for what has none that stays the same when it is read again."""
    digest = hashlib.sha256(repr(raw).encode("utf-8", "replace")).hexdigest()[:16]
    return (wire.text(source, *_ORDER_ID) or f"(no number, {digest})")[:256]


def _reason(error: ValueError) -> str:
    """One line that names fields but never what they hold."""
    if isinstance(error, ValidationError):
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        return "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in problems[:3])[:500]
    return str(error)[:500]
