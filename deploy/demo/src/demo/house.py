"""The running system as seen from outside: its HTTP APIs and the marketplaces' control surfaces."""

import asyncio
import contextlib
import dataclasses as dc
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

SERVICES = ("inventory", "amazon-connector", "noon-connector", "order-importer")
_PAGE = 1000
_AT_ONCE = 16


@dc.dataclass(frozen=True, slots=True)
class House:
    """`urls` by program name: the services, `sandbox-amazon` and `sandbox-noon`."""

    http: httpx.AsyncClient
    urls: Mapping[str, str]
    api_key: str

    async def stock(self) -> dict[str, Any]:
        """Every product of the inventory by SKU."""
        return {item["sku"]: item async for item in self._pages("inventory", "/v1/stock", "sku", "")}

    async def logs(self) -> list[dict[str, Any]]:
        """The whole ledger, oldest first."""
        return [entry async for entry in self._pages("inventory", "/v1/logs", "id", 0)]

    async def orders(self) -> list[dict[str, Any]]:
        """Every imported order."""
        return [order async for order in self._pages("order-importer", "/v1/orders", "order_id", "")]

    async def incidents(self) -> list[dict[str, Any]]:
        """Everything that went against the rules, resolved or not."""
        return [incident async for incident in self._pages("inventory", "/v1/incidents", "id", 0)]

    async def reserve(self, sku: str, units: int, *, ttl: int, wait: int) -> dict[str, Any]:
        """Ask for units of one product. An answer that got lost leaves a reservation that expires."""
        body = {"lines": [{"sku": sku, "quantity": units}], "ttl_seconds": ttl, "wait_seconds": wait}
        reservation: dict[str, Any] = await self._call("POST", "inventory", "/v1/reservations", json=body)
        return reservation

    async def reservation(self, reservation_id: str, *, wait: int) -> dict[str, Any]:
        """As soon as it does not wait any more, at the latest after `wait` seconds."""
        path = f"/v1/reservations/{reservation_id}"
        reservation: dict[str, Any] = await self._call("GET", "inventory", path, params={"wait": wait})
        return reservation

    async def readiness(self, service: str) -> dict[str, Any]:
        """What `/readyz` says; empty when nobody answers (a service that was killed is on its way back)."""
        try:
            answer: dict[str, Any] = (await self.http.get(f"{self.urls[service]}/readyz")).json()
        except httpx.TransportError:
            return {}
        return answer

    async def put_listings(self, listings: Sequence[tuple[str, str, str]]) -> None:
        """Map (channel, SKU, external SKU)."""
        body = [{"channel": channel, "sku": sku, "external_sku": external} for channel, sku, external in listings]
        answer = await self._call("POST", "inventory", "/v1/listings", json={"listings": body})
        if answer["refused"]:
            raise RuntimeError(f"the inventory refused listings: {answer['refused'][:3]}")

    async def list_on_marketplace(self, channel: str, external_skus: Iterable[str]) -> None:
        """Make the listings known to the marketplace itself, with nothing to sell yet."""
        body = [{"external_sku": external, "quantity": 0} for external in external_skus]
        await self._call("POST", f"sandbox-{channel}", "/_sandbox/listings", json=body)

    async def buy(self, channel: str, external_sku: str, quantity: int, status: str) -> str | None:
        """A buyer orders. None: the marketplace had not enough."""
        body = {"external_sku": external_sku, "quantity": quantity, "status": status}
        response = await self.http.post(f"{self.urls[f'sandbox-{channel}']}/_sandbox/orders", json=body)
        if response.status_code == httpx.codes.CONFLICT:
            return None
        return str(_checked(response)["external_order_id"])

    async def cancel(self, channel: str, order_id: str, quantity: int) -> None:
        await self._call(
            "POST", f"sandbox-{channel}", f"/_sandbox/orders/{order_id}/cancel", json={"quantity": quantity}
        )

    async def shown(self, channel: str) -> dict[str, int]:
        """What the marketplace shows now: quantity by external SKU."""
        state = await self._call("GET", f"sandbox-{channel}", "/_sandbox/state")
        return {external: listing["quantity"] for external, listing in state["listings"].items()}

    async def shipped(self, channel: str) -> dict[str, int]:
        """How many units of each order have left, as the marketplace has it."""
        state = await self._call("GET", f"sandbox-{channel}", "/_sandbox/state")
        return {order["external_order_id"]: order["quantity_shipped"] for order in state["orders"]}

    async def charged(self, channel: str) -> dict[str, str]:
        """What the marketplace's buyers pay now, by external SKU."""
        prices: dict[str, str] = (await self._call("GET", f"sandbox-{channel}", "/_sandbox/state"))["prices"]
        return prices

    async def prices(self, skus: Iterable[str]) -> dict[str, dict[str, Any]]:
        """By SKU and channel, what each listing is to cost."""
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def one(sku: str) -> tuple[str, dict[str, Any]]:
            async with at_once:
                found = await self._call("GET", "inventory", f"/v1/prices/{quote(sku, safe='')}")
            return sku, found["channels"]

        return dict(await asyncio.gather(*(one(sku) for sku in skus)))

    async def explanation(self, sku: str) -> dict[str, Any]:
        """Why the inventory's numbers of one product are what they are."""
        explained: dict[str, Any] = await self._call("GET", "inventory", f"/v1/explain/{quote(sku, safe='')}")
        return explained

    async def on_their_way(self, channel: str) -> int:
        """How many writes the marketplace has accepted that its buyers do not see yet."""
        return int((await self._call("GET", f"sandbox-{channel}", "/_sandbox/state"))["on_their_way"])

    async def calls(self, channel: str) -> list[dict[str, Any]]:
        """Every API call that the marketplace has had."""
        calls: list[dict[str, Any]] = await self._call("GET", f"sandbox-{channel}", "/_sandbox/calls")
        return calls

    async def put_faults(self, channel: str, faults: Mapping[str, Any]) -> None:
        """Make the marketplace misbehave from now on; {} makes it behave."""
        await self._call("PUT", f"sandbox-{channel}", "/_sandbox/faults", json=dict(faults))

    async def _pages(self, service: str, path: str, key: str, after: Any) -> AsyncIterator[Any]:  # noqa: ANN401
        while True:
            page = await self._call("GET", service, path, params={"after": after, "limit": _PAGE})
            for item in page:
                yield item
            if len(page) < _PAGE:
                return
            after = page[-1][key]

    async def _call(self, method: str, program: str, path: str, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
        """Ask again while nobody answers: a program may be killed and restarted while we ask."""
        for attempt in range(60):
            with contextlib.suppress(httpx.TransportError):
                headers = {"X-API-Key": self.api_key}
                return _checked(
                    await self.http.request(method, self.urls[program] + path, headers=headers, **arguments)
                )
            await asyncio.sleep(0.1 * min(attempt + 1, 10))
        raise ConnectionError(f"{program} at {self.urls[program]} does not answer")


@contextlib.asynccontextmanager
async def open_house(urls: Mapping[str, str], api_key: str) -> AsyncIterator[House]:
    limits = httpx.Limits(max_connections=256, max_keepalive_connections=32)
    async with httpx.AsyncClient(timeout=20, limits=limits) as http:
        yield House(http, urls, api_key)


def _checked(response: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    if response.is_error:
        raise RuntimeError(f"{response.request.method} {response.request.url}: {response.status_code} {response.text}")
    return response.json()
