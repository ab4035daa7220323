"""POST /inventory/update: set what one SKU has on sale.

The body is {partner_id, sku, quantity, timestamp, signature}; quantity and timestamp are JSON numbers.
"""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus

from sandbox.listing import Write
from sandbox.noon.wire import RefusedError, read_object
from sandbox.store import NotFoundError, Store, WriteRejectedError

PATH = "/inventory/update"


def update(store: Store, body: Mapping[str, object], delay: timedelta) -> dict[str, object]:
    """Accept an update, which is live after `delay`, and make its answer.

    Raises:
        RefusedError: 422 for a field that cannot be or a listing that takes no write, 404 for a SKU that is not listed.
    """
    sku, quantity = body.get("sku"), _quantity(body.get("quantity"))
    if not isinstance(sku, str):
        raise _unprocessable("invalid_sku", "sku must be a text")
    if quantity is None:
        raise _unprocessable("invalid_quantity", "quantity must be a whole number that is not negative")
    if isinstance(body.get("timestamp"), str):
        raise _unprocessable("invalid_timestamp", "timestamp must be a JSON number, not a text")
    try:
        store.submit(sku, Write(quantity), delay)
    except WriteRejectedError as error:
        raise _unprocessable("write_rejected", str(error)) from error
    except NotFoundError as error:
        raise RefusedError(HTTPStatus.NOT_FOUND, "sku_not_found", f"No listing has the SKU {sku!r}") from error
    return {"status": "ok", "sku": sku, "quantity": quantity}


def describe(path: str, body: bytes) -> tuple[str | None, int | None]:
    """Tell the SKU and the quantity of an update, for the call log."""
    if not path.endswith(PATH):
        return None, None
    try:
        document = read_object(body)
    except RefusedError:
        return None, None
    sku = document.get("sku")
    return sku if isinstance(sku, str) else None, _quantity(document.get("quantity"))


def _quantity(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JavaScript knows one kind of number: 3.0 is 3
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _unprocessable(code: str, message: str) -> RefusedError:
    return RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, code, message)
