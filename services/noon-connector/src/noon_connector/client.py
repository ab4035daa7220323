"""The two calls of Noon's partner API, each signed."""

import datetime as dt

import httpx
from runtime.clock import Clock, system_clock

from noon_connector.auth import Signer, encode, js_iso

USER_AGENT = "Mizan/0.1 (Language=Python/3.11)"


class NoonClient:
    """One partner's account. Methods raise what httpx and `Signer.sign` raise."""

    def __init__(self, http: httpx.AsyncClient, signer: Signer, *, clock: Clock = system_clock) -> None:
        self._http = http
        self._signer = signer
        self._clock = clock

    async def update_inventory(self, sku: str, quantity: int) -> httpx.Response:
        """`POST /inventory/update`: the parameters and their signature are the JSON body."""
        body, headers = self._signer.sign({"sku": sku, "quantity": quantity}, self._clock())
        return await self._http.post("inventory/update", json=body, headers=headers)

    async def list_orders(self, since: dt.datetime, page: str | None) -> httpx.Response:
        """`GET /orders`: the parameters and their signature are the query, written as they were signed."""
        parameters = {"from_date": js_iso(since)} | ({"page": page} if page else {})
        signed, headers = self._signer.sign(parameters, self._clock())
        return await self._http.get(f"orders?{encode(signed)}", headers=headers)
