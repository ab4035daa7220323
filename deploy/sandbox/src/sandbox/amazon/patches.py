"""Reading the body of patchListingsItem: what it changes, or the issues for which Amazon calls it INVALID.

Two attributes are known, each with the operations `merge` and `replace`: `fulfillment_availability` (one entry for
the channel DEFAULT with a quantity) and `purchasable_offer` (the standard offer in EGP: its price, discounts, lowest
and highest price). `merge` leaves what is not named as it is, `replace` erases it. A body that is not a patch request
at all is refused with 400; a wrong attribute, operation or value is an issue of a submission with status INVALID.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sandbox.amazon.settings import MARKETPLACE_ID
from sandbox.amazon.wire import invalid_input
from sandbox.listing import Listing, Write

_PREFIX = "/attributes/"
_OPERATIONS = ("add", "replace", "merge", "delete")
_SERVED = ("replace", "merge")
AVAILABILITY = "fulfillment_availability"
_OFFER = "purchasable_offer"
_SELECTOR = {"marketplace_id": MARKETPLACE_ID, "currency": "EGP", "audience": "ALL"}
_PRICE = "our_price"
_LOWEST, _HIGHEST = "minimum_seller_allowed_price", "maximum_seller_allowed_price"
_TERMS = ("discounted_price", _LOWEST, _HIGHEST, "start_at", "end_at")

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Change:
    """What a submission sets; None leaves as it is. It is carried out only when there are no issues."""

    quantity: int | None
    offer: "Offer | None"
    issues: Sequence[Json]

    def applied_to(self, listing: Listing) -> Write:
        """What it comes to at this listing."""
        if self.offer is None:
            return Write(self.quantity)
        return Write(self.quantity, self.offer.price, self.offer.over(listing.terms))

    def issues_at(self, listing: Listing) -> Sequence[Json]:
        """What speaks against it there: a price that the offer's own limits do not allow."""
        terms = self.offer.over(listing.terms) if self.offer else {}
        price = (self.offer.price if self.offer else None) or listing.price_set
        lowest, highest = _limit(terms, _LOWEST), _limit(terms, _HIGHEST)
        if (lowest is None or price >= lowest) and (highest is None or price <= highest):
            return []
        return [issue(_OFFER, f"our_price {price} is outside of the allowed prices, {lowest} to {highest}.")]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a patch says of the standard offer. `price` None: nothing."""

    price: Decimal | None
    terms: Json
    replaces: bool

    def over(self, known: Mapping[str, object]) -> Json:
        """The terms once it is applied."""
        return dict(self.terms) if self.replaces else {**known, **self.terms}


class _InvalidError(Exception):
    """A patch that is well formed but that the listing cannot take."""


def read_patches(body: bytes) -> Change:
    """Read a patch request.

    Raises:
        RefusedError: 400, the body is not of the model's shape.
    """
    quantity: int | None = None
    offer: Offer | None = None
    issues: list[Json] = []
    for op, attribute, value in _read_request(body):
        try:
            _check(op, attribute)
            if attribute == AVAILABILITY:
                quantity = _read_quantity(value)
            else:
                offer = _read_offer(value, replaces=op == "replace")
        except _InvalidError as error:
            issues.append(issue(attribute, str(error)))
    return Change(quantity, offer, issues)


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


def _read_offer(value: object, *, replaces: bool) -> Offer:
    entry = {"audience": "ALL"} | _only_entry(value)
    if {name: entry.get(name) for name in _SELECTOR} != _SELECTOR:
        raise _InvalidError(f"marketplace_id must be {MARKETPLACE_ID}, currency EGP and audience ALL.")
    unknown = entry.keys() - {*_SELECTOR, _PRICE, *_TERMS}
    if unknown or (replaces and _PRICE not in entry):
        raise _InvalidError(f"an offer has {_PRICE} and may have {', '.join(_TERMS)}.")
    price = _read_price(entry[_PRICE]) if _PRICE in entry else None
    for limit in (_LOWEST, _HIGHEST):
        _limit(entry, limit)
    return Offer(price, {name: entry[name] for name in _TERMS if name in entry}, replaces)


def _limit(terms: Mapping[str, object], name: str) -> Decimal | None:
    return _read_price(terms[name]) if name in terms else None


def _read_price(value: object) -> Decimal:
    schedule = _only_entry(value).get("schedule")
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
