"""Amazon's operations as methods: a request goes out with a token in force, an answer comes back."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from amazon_connector.auth import AccessToken

_LISTINGS = "/listings/2021-08-01/items"
_ORDERS = "/orders/2026-01-01/orders"
_INCLUDED_DATA = "FULFILLMENT,PROCEEDS,CANCELLATION"
_LISTING_DATA = "fulfillmentAvailability,offers,attributes"
_PAGE_SIZE = "100"
_TOKEN_REFUSED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)

USER_AGENT = "Mizan/0.1 (Language=Python/3.11)"


class AmazonClient:
    """One seller on one marketplace. Methods raise what `AccessToken.get` and httpx raise."""

    def __init__(self, http: httpx.AsyncClient, token: AccessToken, seller_id: str, marketplace_id: str) -> None:
        self._http = http
        self._token = token
        self._seller_id = seller_id
        self.marketplace_id = marketplace_id

    async def patch_listing(self, sku: str, body: Mapping[str, Any]) -> httpx.Response:
        """`patchListingsItem`."""
        path = f"{_LISTINGS}/{_segment(self._seller_id)}/{_segment(sku)}"
        query = {"marketplaceIds": self.marketplace_id, "issueLocale": "en_AE"}
        return await self._send("PATCH", path, query, body)

    async def get_listing(self, sku: str) -> httpx.Response:
        """`getListingsItem`, with the live quantity, what consumers pay, and what the seller has sent."""
        path = f"{_LISTINGS}/{_segment(self._seller_id)}/{_segment(sku)}"
        return await self._send("GET", path, {"marketplaceIds": self.marketplace_id, "includedData": _LISTING_DATA})

    async def search_orders(self, window: Mapping[str, str], page_token: str | None) -> httpx.Response:
        """`searchOrders`. `window` is `createdAfter` or `lastUpdatedAfter`, the same for every page."""
        query = {
            "marketplaceIds": self.marketplace_id,
            "includedData": _INCLUDED_DATA,
            "maxResultsPerPage": _PAGE_SIZE,
            **window,
        }
        return await self._send("GET", _ORDERS, query | ({"paginationToken": page_token} if page_token else {}))

    async def get_order(self, order_id: str) -> httpx.Response:
        """`getOrder`."""
        return await self._send("GET", f"{_ORDERS}/{_segment(order_id)}", {"includedData": _INCLUDED_DATA})

    async def _send(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        """Send; when Amazon does not take the token, renew it and send once more."""
        token = await self._token.get()
        response = await self._send_with(token.get_secret_value(), method, path, query, body)
        if response.status_code in _TOKEN_REFUSED:
            self._token.forget(token)
            token = await self._token.get()
            response = await self._send_with(token.get_secret_value(), method, path, query, body)
        return response

    async def _send_with(
        self, token: str, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> httpx.Response:
        headers = {"x-amz-access-token": token, "x-amz-date": dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")}
        return await self._http.request(method, path, params=query, json=body, headers=headers)


def _segment(text: str) -> str:
    """One part of a path, whatever it holds: `.` and `..` would else lead to another resource."""
    return quote(text, safe="") if text.strip(".") else "%2E" * len(text)
