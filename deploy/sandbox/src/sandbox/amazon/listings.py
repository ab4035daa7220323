"""Listings Items 2021-08-01: patchListingsItem, getListingsItem and searchListingsItems.

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

from sandbox.amazon.operations import GET_LISTING, PATCH_LISTING, PREVIEW_LISTING, SEARCH_LISTINGS, Gate
from sandbox.amazon.patches import AVAILABILITY, Change, Json, issue, read_patches
from sandbox.amazon.settings import MARKETPLACE_ID, AmazonSettings
from sandbox.amazon.wire import Query, RefusedError, denied, invalid_input, money
from sandbox.clock import iso
from sandbox.faults import Faults
from sandbox.limits import Limit
from sandbox.listing import Listing
from sandbox.store import NotFoundError, Store, WriteRejectedError

ROOT = "/listings/2021-08-01/items/"
MOST_IDENTIFIERS, LARGEST_PAGE, MOST_FOUND = 20, 20, 1000
DATA_SETS = (
    *("summaries", "attributes", "issues", "offers"),
    *("fulfillmentAvailability", "procurement", "relationships", "productTypes"),
)


class ListingsItems:
    """The three operations over the store."""

    def __init__(self, settings: AmazonSettings, store: Store, faults: Faults) -> None:
        self._settings = settings
        self._store = store
        self._faults = faults

    def router(self, gate: Gate) -> APIRouter:
        router = APIRouter()
        patch, get = gate.operation(_limit_of_patch, self.patch), gate.operation(GET_LISTING, self.get)
        for method, endpoint in (("PATCH", patch), ("GET", get)):
            router.add_api_route(f"{ROOT}{{seller_id}}/{{sku:path}}", endpoint, methods=[method], response_model=None)
        search = gate.operation(SEARCH_LISTINGS, self.search)
        router.add_api_route(f"{ROOT}{{seller_id}}", search, methods=["GET"], response_model=None)
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
        return _item(listing, data_sets)

    async def search(self, request: Request) -> dict[str, object]:
        """By SKU, the newest listing first; a page has at most 20, and a search at most a thousand in all."""
        seller_id = request.scope["raw_path"].decode("ascii").removeprefix(ROOT)
        if unquote(seller_id) != self._settings.seller_id:
            raise denied("The seller is unknown.")
        query = _query(request)
        data_sets = query.many("includedData", DATA_SETS) or ["summaries"]
        wanted = _identifiers(query)
        size = self._faults.page_size(_page_size(query))
        found = [listing for listing in self._store.listings() if wanted is None or listing.external_sku in wanted]
        found = sorted(found, key=lambda listing: listing.updated_at, reverse=True)[:MOST_FOUND]
        start = _start(query.one("pageToken"), query)
        page = found[start : start + size]
        is_stale = self._faults.settings.stale_searches
        pagination = {"nextToken": _token(start + size, query)} if start + size < len(found) else {}
        return {
            "numberOfResults": len(found),
            "pagination": pagination,
            "items": [_item(listing, data_sets, is_stale=is_stale) for listing in page],
        }

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
            if preview and listing.rejects_writes:
                return [issue(AVAILABILITY, f"the listing {sku!r} takes no write")]
            try:
                if not issues and not preview:
                    write, is_lost = change.applied_to(listing), self._faults.loses_write()
                    self._store.submit(sku, write, self._faults.live_delay(), is_lost=is_lost)
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


def _limit_of_patch(request: Request) -> Limit:
    """A preview has a limit of its own, and a lower one."""
    is_preview = request.query_params.get("mode") == "VALIDATION_PREVIEW"
    return PREVIEW_LISTING if is_preview else PATCH_LISTING


def _query(request: Request) -> Query:
    query = Query(request.scope["query_string"])
    if query.many("marketplaceIds") != [MARKETPLACE_ID]:
        raise invalid_input(f"marketplaceIds must be {MARKETPLACE_ID}, the one marketplace of this seller.")
    return query


def _identifiers(query: Query) -> list[str] | None:
    identifiers = query.many("identifiers")
    kind = query.one("identifiersType")
    if not identifiers:
        return None
    if kind != "SKU":
        raise invalid_input("identifiersType must be SKU, the one kind that is served here.")
    if len(identifiers) > MOST_IDENTIFIERS:
        raise invalid_input(f"identifiers may hold at most {MOST_IDENTIFIERS}.")
    return identifiers


def _page_size(query: Query) -> int:
    text = query.one("pageSize") or "10"
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LARGEST_PAGE):
        raise invalid_input(f"pageSize must be a number from 1 to {LARGEST_PAGE}.")
    return int(text)


def _token(start: int, query: Query) -> str:
    """Where a page starts, good for the same search only."""
    return f"{start}.{zlib.crc32(repr(query.without('pageToken')).encode()):08x}"


def _start(token: str | None, query: Query) -> int:
    if token is None:
        return 0
    start = token.partition(".")[0]
    if not (start.isascii() and start.isdigit()) or token != _token(int(start), query):
        raise invalid_input("pageToken is not one of this search: every other parameter must stay the same.")
    return int(start)


def _item(listing: Listing, data_sets: Sequence[str], *, is_stale: bool = False) -> dict[str, object]:
    full = _printed(listing, listing.quantity_before if is_stale else listing.quantity)
    return {"sku": listing.external_sku} | {name: full[name] for name in data_sets if name in full}


def _printed(listing: Listing, quantity: int) -> dict[str, object]:
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
        "fulfillmentAvailability": [{"fulfillmentChannelCode": _channel(listing), "quantity": quantity}],
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
    availability = {"fulfillment_channel_code": _channel(listing), "quantity": listing.quantity_set}
    return {"fulfillment_availability": [availability], "purchasable_offer": [offer | _plain(listing.terms)]}


def _channel(listing: Listing) -> str:
    return "AMAZON_EU" if listing.fulfilled_by_marketplace else "DEFAULT"


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
