"""Listings Items 2021-08-01: patchListingsItem and getListingsItem.

A patch that is accepted is live after the delay that the faults ask for. As at Amazon, one for an unknown SKU is
ACCEPTED and comes to nothing. `attributes` tells what the seller last wrote, `fulfillmentAvailability` what is on sale
now, net of orders.
"""

import contextlib
import json
import uuid
import zlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter, Request

from sandbox.amazon.operations import GET_LISTING, PATCH_LISTING, Gate
from sandbox.amazon.patches import AVAILABILITY, Change, Json, issue, read_patches
from sandbox.amazon.settings import MARKETPLACE_ID, AmazonSettings
from sandbox.amazon.wire import Query, RefusedError, denied, invalid_input, money
from sandbox.clock import iso
from sandbox.faults import Faults
from sandbox.listing import Listing
from sandbox.store import NotFoundError, Store, WriteRejectedError

ROOT = "/listings/2021-08-01/items/"
DATA_SETS = (
    *("summaries", "attributes", "issues", "offers"),
    *("fulfillmentAvailability", "procurement", "relationships", "productTypes"),
)


class ListingsItems:
    """The two operations over the store."""

    def __init__(self, settings: AmazonSettings, store: Store, faults: Faults) -> None:
        self._settings = settings
        self._store = store
        self._faults = faults

    def router(self, gate: Gate) -> APIRouter:
        router = APIRouter()
        for method, limit, work in (("PATCH", PATCH_LISTING, self.patch), ("GET", GET_LISTING, self.get)):
            endpoint = gate.operation(limit, work)
            router.add_api_route(f"{ROOT}{{seller_id}}/{{sku:path}}", endpoint, methods=[method], response_model=None)
        return router

    async def patch(self, request: Request) -> dict[str, object]:
        sku = self._sku(request)
        query = _query(request)
        query.many("includedData", ("issues", "identifiers"))
        change = read_patches(await request.body())
        preview = query.one("mode") == "VALIDATION_PREVIEW"
        issues = change.issues or self._carry_out(sku, change, preview=preview)
        status = "INVALID" if issues else "VALID" if preview else "ACCEPTED"
        return {"sku": sku, "status": status, "submissionId": uuid.uuid4().hex, "issues": issues}

    async def get(self, request: Request) -> dict[str, object]:
        sku = self._sku(request)
        data_sets = _query(request).many("includedData", DATA_SETS) or ["summaries"]
        try:
            listing = self._store.listing(sku)
        except NotFoundError as error:
            message = f"SKU '{sku}' not found in marketplace {MARKETPLACE_ID}"
            raise RefusedError(HTTPStatus.NOT_FOUND, "NOT_FOUND", message) from error
        full = _printed(listing)
        return {"sku": sku} | {name: full[name] for name in data_sets if name in full}

    def patch_by_feed(self, sku: str, body: Json) -> Sequence[Json]:
        """Carry out a feed's message; answers with the issues that spoke against it."""
        try:
            change = read_patches(json.dumps(body).encode())
        except RefusedError as error:
            return [issue(AVAILABILITY, str(error))]
        return change.issues or self._carry_out(sku, change, preview=False)

    def _sku(self, request: Request) -> str:
        """Take the SKU from the path as it was sent; one that is not percent-encoded gets Amazon's 403."""
        seller_id, _, sku = request.scope["raw_path"].decode("ascii").removeprefix(ROOT).partition("/")
        if unquote(seller_id) != self._settings.seller_id:
            raise denied("The seller is unknown.")
        if "/" in sku:
            raise denied("The SKU in the path must be percent-encoded.")
        return unquote(sku)

    def _carry_out(self, sku: str, change: Change, *, preview: bool) -> Sequence[Json]:
        """Submit what the listing can take; else tell why it can't."""
        with contextlib.suppress(NotFoundError):  # Amazon accepts an offer for a SKU that it does not know
            listing = self._store.listing(sku)
            issues = change.issues_at(listing)
            try:
                if not issues and not preview:
                    self._store.submit(sku, change.applied_to(listing), self._faults.live_delay())
            except WriteRejectedError as error:
                return [issue(AVAILABILITY, str(error))]
            return issues
        return []


def describe(path: str, body: bytes) -> tuple[str | None, int | None]:
    """Tell the SKU of a listings call and the quantity that it writes, for the call log."""
    if not path.startswith(ROOT):
        return None, None
    sku = path.removeprefix(ROOT).partition("/")[2] or None
    try:
        return sku, read_patches(body).quantity if body else None
    except RefusedError:
        return sku, None


def _query(request: Request) -> Query:
    query = Query(request.scope["query_string"])
    if query.many("marketplaceIds") != [MARKETPLACE_ID]:
        raise invalid_input(f"marketplaceIds must be {MARKETPLACE_ID}, the one marketplace of this seller.")
    return query


def _printed(listing: Listing) -> dict[str, object]:
    of_marketplace = {"marketplaceId": MARKETPLACE_ID}
    return {
        "summaries": [of_marketplace | _summary(listing)],
        "attributes": _attributes(listing),
        "issues": [],
        "offers": [
            of_marketplace
            | {
                "offerType": "B2C",
                "price": money(listing.price),
                "audience": {"value": "ALL", "displayName": "Sell on Amazon"},
            }
        ],
        "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": listing.quantity}],
        "relationships": [],
        "productTypes": [of_marketplace | {"productType": "PRODUCT"}],
    }


def _summary(listing: Listing) -> dict[str, object]:
    return {
        "asin": asin(listing.external_sku),
        "productType": "PRODUCT",
        "conditionType": "new_new",
        "status": ["BUYABLE", "DISCOVERABLE"] if listing.quantity else ["DISCOVERABLE"],
        "itemName": listing.title,
        "createdDate": iso(listing.created_at),
        "lastUpdatedDate": iso(listing.updated_at),
    }


def _attributes(listing: Listing) -> dict[str, object]:
    offer = {
        "marketplace_id": MARKETPLACE_ID,
        "currency": "EGP",
        "audience": "ALL",
        "our_price": [{"schedule": [{"value_with_tax": float(listing.price_set)}]}],
    }
    availability = {"fulfillment_channel_code": "DEFAULT", "quantity": listing.quantity_set}
    return {"fulfillment_availability": [availability], "purchasable_offer": [offer | _plain(listing.terms)]}


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """JSON whose numbers are floats again."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return float(value) if isinstance(value, Decimal) else value


def asin(external_sku: str) -> str:
    """Make up an ASIN that is always the same for a SKU."""
    return f"B0{zlib.crc32(external_sku.encode()):08X}"
