"""A sandbox's control surface: it plays buyer, seller and bad weather, and shows what it was asked."""

import dataclasses as dc
from typing import Any

import httpx


@dc.dataclass(frozen=True, slots=True)
class Sandbox:
    """`http` has the address of `/_sandbox/`."""

    http: httpx.AsyncClient

    async def put_on_sale(self, *external_skus: str, quantity: int = 1, rejects_writes: bool = False) -> None:
        """Put listings on sale. With `rejects_writes` the marketplace takes no write to them."""
        told = {"quantity": quantity, "rejects_writes": rejects_writes}
        await self._ask("POST", "listings", [{"external_sku": sku} | told for sku in external_skus])

    async def order(self, external_sku: str, quantity: int = 1) -> str:
        """Buy, and tell the order's number."""
        answer = await self._ask("POST", "orders", {"external_sku": external_sku, "quantity": quantity})
        return str(answer["external_order_id"])

    async def cancel(self, external_order_id: str) -> None:
        await self._ask("POST", f"orders/{external_order_id}/cancel", {})

    async def faults(self, **faults: object) -> None:
        """Replace the faults; without any the weather is fair."""
        await self._ask("PUT", "faults", faults)

    async def quantities(self) -> dict[str, int]:
        """What buyers see, by external SKU."""
        state = await self._ask("GET", "state")
        return {sku: listing["quantity"] for sku, listing in state["listings"].items()}

    async def units_shipped(self, external_order_id: str) -> int:
        """How many units of an order have left."""
        orders = (await self._ask("GET", "state"))["orders"]
        return sum(each["quantity_shipped"] for each in orders if each["external_order_id"] == external_order_id)

    async def writes(self, external_sku: str | None = None) -> list[tuple[str, int]]:
        """Every write that arrived, whatever its answer, in the sequence of the answers: SKU and quantity."""
        calls = await self._ask("GET", "calls")
        return [
            (call["external_sku"], call["quantity"])
            for call in calls
            if call["quantity"] is not None and external_sku in (None, call["external_sku"])
        ]

    async def statuses(self) -> list[int]:
        """The status of every answer."""
        return [call["status"] for call in await self._ask("GET", "calls")]

    async def _ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        return (await self.http.request(method, path, json=body)).raise_for_status().json()
