"""Amazon's operations as methods: a request goes out with a token in force, an answer comes back."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from amazon_connector.auth import AccessToken

_LISTINGS = "/listings/2021-08-01/items"
_ORDERS = "/orders/2026-01-01/orders"
_SHIPPED_ORDERS = "/orders/v0/orders"
_FEES = "/products/fees/v0/feesEstimate"
_INCLUDED_DATA = "FULFILLMENT,PROCEEDS,CANCELLATION"
_PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
_LISTING_DATA = "fulfillmentAvailability,offers,attributes"
_PAGE_SIZE = "100"
_LISTINGS_PAGE_SIZE = "20"
_TOKEN_REFUSED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)

USER_AGENT = "Mizan/0.1 (Language=Python/3.11)"

_Body = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class AmazonClient:
    """One seller on one marketplace. Methods raise what `AccessToken.get` and httpx raise."""

    def __init__(
        self, http: httpx.AsyncClient, token: AccessToken, seller: Callable[[], str], marketplace_id: str
    ) -> None:
        """`seller` answers with the seller's id as it is now, and raises like `AccessToken.get`."""
        self._http = http
        self._token = token
        self._seller = seller
        self.marketplace_id = marketplace_id

    @property
    def seller_id(self) -> str:
        return self._seller()

    async def patch_listing(self, sku: str, body: Mapping[str, Any], *, preview: bool = False) -> httpx.Response:
        """`patchListingsItem`. A preview is judged and not carried out; its limit is lower."""
        path = f"{_LISTINGS}/{_segment(self.seller_id)}/{_segment(sku)}"
        query = {"marketplaceIds": self.marketplace_id, "issueLocale": "en_AE"}
        mode = {"mode": "VALIDATION_PREVIEW"} if preview else {}
        return await self.send("PATCH", path, query | mode, body)

    async def get_listing(self, sku: str) -> httpx.Response:
        """`getListingsItem`, with the live quantity, what consumers pay, and what the seller has sent."""
        path = f"{_LISTINGS}/{_segment(self.seller_id)}/{_segment(sku)}"
        return await self.send("GET", path, {"marketplaceIds": self.marketplace_id, "includedData": _LISTING_DATA})

    async def search_listings(self, skus: Sequence[str], page_token: str | None) -> httpx.Response:
        """`searchListingsItems` by at most 20 SKUs, with the data of `get_listing`. None may hold a comma."""
        query = {
            "marketplaceIds": self.marketplace_id,
            "identifiersType": "SKU",
            "identifiers": ",".join(skus),
            "includedData": _LISTING_DATA,
            "pageSize": _LISTINGS_PAGE_SIZE,
        }
        path = f"{_LISTINGS}/{_segment(self.seller_id)}"
        return await self.send("GET", path, query | ({"pageToken": page_token} if page_token else {}))

    async def get_participations(self) -> httpx.Response:
        """`getMarketplaceParticipations`: where the token's seller may sell."""
        return await self.send("GET", _PARTICIPATIONS, {})

    async def search_orders(self, window: Mapping[str, str], page_token: str | None) -> httpx.Response:
        """`searchOrders`. `window` is `createdAfter` or `lastUpdatedAfter`, the same for every page."""
        query = {
            "marketplaceIds": self.marketplace_id,
            "includedData": _INCLUDED_DATA,
            "maxResultsPerPage": _PAGE_SIZE,
            **window,
        }
        return await self.send("GET", _ORDERS, query | ({"paginationToken": page_token} if page_token else {}))

    async def get_order(self, order_id: str) -> httpx.Response:
        """`getOrder`."""
        return await self.send("GET", f"{_ORDERS}/{_segment(order_id)}", {"includedData": _INCLUDED_DATA})

    async def confirm_shipment(self, order_id: str, body: Mapping[str, Any]) -> httpx.Response:
        """`confirmShipment`."""
        return await self.send("POST", f"{_SHIPPED_ORDERS}/{_segment(order_id)}/shipmentConfirmation", {}, body)

    async def estimate_fees(self, requests: Sequence[Mapping[str, Any]]) -> httpx.Response:
        """`getMyFeesEstimates`. The body is an array, and so is the answer's."""
        return await self.send("POST", _FEES, {}, requests)

    async def send(self, method: str, path: str, query: Mapping[str, str], body: _Body | None = None) -> httpx.Response:
        """Send; when Amazon does not take the token, renew it and send once more."""
        token = await self._token.get()
        response = await self._send_with(token.get_secret_value(), method, path, query, body)
        if response.status_code in _TOKEN_REFUSED:
            self._token.forget(token)
            token = await self._token.get()
            response = await self._send_with(token.get_secret_value(), method, path, query, body)
        return response

    async def _send_with(
        self, token: str, method: str, path: str, query: Mapping[str, str], body: _Body | None
    ) -> httpx.Response:
        headers = {"x-amz-access-token": token, "x-amz-date": dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")}
        return await self._http.request(method, path, params=query, json=body, headers=headers)


def _segment(text: str) -> str:
    """One part of a path, whatever it holds: `.` and `..` would else lead to another resource."""
    return quote(text, safe="") if text.strip(".") else "%2E" * len(text)
