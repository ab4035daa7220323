"""Reading the body of patchListingsItem: what it changes, or the issues for which Amazon calls it INVALID.

Two attributes are known, each with the operations `merge` and `replace`: `fulfillment_availability` (one entry for
the channel DEFAULT with a quantity) and `purchasable_offer` (one price in EGP). A body that is not a patch request at
all is refused with 400; a wrong attribute, operation or value is an issue of a submission with status INVALID.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sandbox.amazon.settings import MARKETPLACE_ID
from sandbox.amazon.wire import invalid_input

_PREFIX = "/attributes/"
_OPERATIONS = ("add", "replace", "merge", "delete")
_SERVED = ("replace", "merge")
AVAILABILITY = "fulfillment_availability"
_OFFER = "purchasable_offer"

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Change:
    """What a submission sets; None leaves as it is. It is carried out only when there are no issues."""

    quantity: int | None
    price: Decimal | None
    issues: Sequence[Json]


class _InvalidError(Exception):
    """A patch that is well formed but that the listing cannot take."""


def read_patches(body: bytes) -> Change:
    """Read a patch request.

    Raises:
        RefusedError: 400, the body is not of the model's shape.
    """
    quantity: int | None = None
    price: Decimal | None = None
    issues: list[Json] = []
    for op, attribute, value in _read_request(body):
        try:
            _check(op, attribute)
            if attribute == AVAILABILITY:
                quantity = _read_quantity(value)
            else:
                price = _read_price(value)
        except _InvalidError as error:
            issues.append(issue(attribute, str(error)))
    return Change(quantity, price, issues)


def _read_request(body: bytes) -> list[tuple[str, str, object]]:
    try:
        document = json.loads(body, parse_float=Decimal)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("productType"), str):
        raise invalid_input("The body must be a JSON object with a productType.")
    patches = document.get("patches")
    if not isinstance(patches, list) or not patches:
        raise invalid_input("patches must hold at least one patch.")
    return [_read_patch(patch) for patch in patches]


def _read_patch(patch: object) -> tuple[str, str, object]:
    if not isinstance(patch, dict) or patch.get("op") not in _OPERATIONS:
        raise invalid_input(f"A patch needs an op out of {', '.join(_OPERATIONS)}.")
    path = patch.get("path")
    if not isinstance(path, str) or not path.startswith(_PREFIX):
        raise invalid_input(f"A patch needs a path that starts with {_PREFIX}")
    return str(patch["op"]), path.removeprefix(_PREFIX), patch.get("value")


def _check(op: str, attribute: str) -> None:
    if attribute not in (AVAILABILITY, _OFFER):
        raise _InvalidError("The attributes are invalid.")
    if op not in _SERVED:
        raise _InvalidError(f"The operation {op} is not served here; use merge or replace.")


def _read_quantity(value: object) -> int:
    entry = _only_entry(value)
    if entry.get("fulfillment_channel_code") != "DEFAULT":
        raise _InvalidError("fulfillment_channel_code must be DEFAULT for what the merchant ships.")
    quantity = entry.get("quantity")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 0:
        raise _InvalidError("quantity must be a whole number of at least 0.")
    return quantity


def _read_price(value: object) -> Decimal:
    entry = _only_entry(value)
    if (entry.get("marketplace_id"), entry.get("currency")) != (MARKETPLACE_ID, "EGP"):
        raise _InvalidError(f"marketplace_id must be {MARKETPLACE_ID} and currency EGP.")
    schedule = _only_entry(entry.get("our_price")).get("schedule")
    price = _only_entry(schedule).get("value_with_tax")
    if not isinstance(price, int | Decimal) or isinstance(price, bool) or price <= 0:
        raise _InvalidError("value_with_tax must be a number above 0.")
    return Decimal(price)


def _only_entry(value: object) -> Json:
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
        raise _InvalidError("value must be an array of exactly one object.")
    return value[0]


def issue(attribute: str, message: str) -> Json:
    """Say why Amazon calls a submission INVALID."""
    return {
        "code": "90000900",
        "message": message,
        "severity": "ERROR",
        "attributeNames": [attribute],
        "categories": ["INVALID_ATTRIBUTE"],
        "marketplaceIds": [MARKETPLACE_ID],
    }
