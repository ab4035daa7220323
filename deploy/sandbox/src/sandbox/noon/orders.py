"""GET /orders: every order placed at or after from_date, oldest first.

Pages hold 500 orders unless `page_size` says fewer; `next_page` is there while there are more. An order's status is
one of pending, unshipped, partially_shipped, shipped, cancelled. Prices are JSON numbers in EGP. A partly cancelled
order keeps its `quantity` and tells the rest in `quantity_cancelled`; `total` is what is left to pay.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from sandbox.clock import iso
from sandbox.faults import Faults
from sandbox.noon.wire import RefusedError
from sandbox.store import Order, Store

LARGEST_PAGE = 500
_DIGITS = re.compile(r"[0-9]{1,9}")
_JS_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


def list_orders(store: Store, faults: Faults, query: Mapping[str, str]) -> dict[str, object]:
    """Make the answer to a list call.

    Raises:
        RefusedError: 400 for a from_date or page that cannot be read.
    """
    since = _from_date(query.get("from_date", ""))
    page, page_size = _number(query, "page", 1), faults.page_size(_number(query, "page_size", LARGEST_PAGE))
    found = [order for order in store.orders_known(faults.settings.order_lag) if order.placed_at >= since]
    start = (page - 1) * page_size
    previous = found[start - 1] if 0 < start <= len(found) else None
    told = faults.disorder(found[start : start + page_size], previous)
    answer: dict[str, object] = {"orders": [_printed(order) for order in told]}
    if len(found) > start + page_size:
        answer["next_page"] = page + 1
    return answer


def _from_date(text: str) -> datetime:
    try:
        if _JS_ISO.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass  # the shape is right but there is no such day or hour
    raise RefusedError(
        HTTPStatus.BAD_REQUEST, "invalid_from_date", "from_date must look like 2026-11-22T10:00:00.000Z (UTC)"
    )


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    number = int(text) if _DIGITS.fullmatch(text) else 0
    if number < 1 or (name == "page_size" and number > LARGEST_PAGE):
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"invalid_{name}", f"{name} must be from 1; page_size at most 500")
    return number


def _printed(order: Order) -> dict[str, object]:
    return {
        "order_id": order.external_order_id,
        "status": order.status,
        "created_at": iso(order.placed_at),
        "updated_at": iso(order.updated_at),
        "payment_method": "cod",
        "total": float(order.total),
        "currency": "EGP",
        "items": [
            {
                "item_id": f"{order.external_order_id}-1",
                "sku": order.external_sku,
                "title": f"Item {order.external_sku}",
                "quantity": order.quantity,
                "quantity_cancelled": order.cancelled,
                "unit_price": float(order.unit_price),
            }
        ],
    }
