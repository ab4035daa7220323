"""The control surface under /_sandbox/: how tests, chaos and the demo play buyer, seller and bad weather."""

from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sandbox.calls import CONTROL_PREFIX, Call, CallLog
from sandbox.clock import iso
from sandbox.fault_settings import FaultSettings
from sandbox.faults import Faults
from sandbox.listing import Listing
from sandbox.store import Order, Parcel, Status, Store

ExternalSku = Annotated[str, Field(min_length=1, max_length=64)]
OnSale = Annotated[int, Field(ge=0, strict=True)]
Units = Annotated[int, Field(ge=1, strict=True)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ListingBody(_Body):
    """`rejects_writes`: whether the seller's writes to it are refused; buyers can still order.

    `fulfilled_by_marketplace`: whether the marketplace ships it from its own stock.
    `category`: what Amazon's stand-in finds its fees by.
    """

    external_sku: ExternalSku
    quantity: OnSale
    rejects_writes: bool = False
    fulfilled_by_marketplace: bool = False
    category: str = ""


class QuantityBody(_Body):
    quantity: OnSale


class OrderBody(_Body):
    """`easy_ship`: the marketplace's own carrier takes it (Amazon)."""

    external_sku: ExternalSku
    quantity: Units
    status: Literal[Status.PENDING, Status.UNSHIPPED, Status.SHIPPED, Status.CANCELLED] = Status.UNSHIPPED
    easy_ship: bool = False


class UnitsBody(_Body):
    """How many units; every open one when it is left out."""

    quantity: Units | None = None


def _as_list(body: object) -> object:
    return body if isinstance(body, list) else [body]


OneOrMany = Annotated[list[ListingBody], BeforeValidator(_as_list)]


class Control:
    """The control surface over one marketplace's state. It asks for no credentials: bind it to a private address."""

    def __init__(self, store: Store, calls: CallLog, faults: Faults) -> None:
        self._store = store
        self._calls = calls
        self._faults = faults

    def router(self) -> APIRouter:
        """Make the routes."""
        router = APIRouter(prefix=CONTROL_PREFIX)
        router.add_api_route("/listings", self.add_listings, methods=["POST"], status_code=201)
        router.add_api_route("/listings/{external_sku:path}", self.edit_listing, methods=["PUT"])
        router.add_api_route("/listings/{external_sku:path}", self.remove_listing, methods=["DELETE"], status_code=204)
        router.add_api_route("/orders", self.place_order, methods=["POST"], status_code=201)
        router.add_api_route("/orders/{external_order_id}/cancel", self.cancel_order, methods=["POST"])
        router.add_api_route("/orders/{external_order_id}/ship", self.ship_order, methods=["POST"])
        router.add_api_route("/faults", self.set_faults, methods=["PUT"])
        router.add_api_route("/faults", self.show_faults, methods=["GET"])
        router.add_api_route("/calls", self.list_calls, methods=["GET"])
        router.add_api_route("/state", self.show_state, methods=["GET"])
        router.add_api_route("/state", self.clear_state, methods=["DELETE"], status_code=204)
        return router

    async def add_listings(self, body: OneOrMany) -> dict[str, object]:
        listings = [
            self._store.put_listing(
                each.external_sku,
                each.quantity,
                rejects_writes=each.rejects_writes,
                fulfilled_by_marketplace=each.fulfilled_by_marketplace,
                category=each.category,
            )
            for each in body
        ]
        return {"listings": _by_sku(listings)}

    async def edit_listing(self, external_sku: str, body: QuantityBody) -> dict[str, object]:
        return {"listings": _by_sku([self._store.overwrite(external_sku, body.quantity)])}

    async def remove_listing(self, external_sku: str) -> None:
        """Take a listing off the marketplace, as the seller does by hand."""
        self._store.remove_listing(external_sku)

    async def place_order(self, body: OrderBody) -> dict[str, object]:
        return _printed(self._store.place(body.external_sku, body.quantity, body.status, easy_ship=body.easy_ship))

    async def cancel_order(self, external_order_id: str, body: UnitsBody | None = None) -> dict[str, object]:
        return _printed(self._store.cancel(external_order_id, body.quantity if body else None))

    async def ship_order(self, external_order_id: str, body: UnitsBody | None = None) -> dict[str, object]:
        return _printed(self._store.ship(external_order_id, body.quantity if body else None))

    async def set_faults(self, body: FaultSettings) -> FaultSettings:
        """Replace the faults; what is left out is off."""
        self._faults.put(body)
        return body

    async def show_faults(self) -> FaultSettings:
        return self._faults.settings

    async def list_calls(self, since: Annotated[int, Query(ge=0)] = 0) -> list[Call]:
        return self._calls.since(since)

    async def show_state(self) -> dict[str, object]:
        """What buyers see and pay, every order, and how many accepted writes are not live yet."""
        listings = list(self._store.listings())
        return {
            "listings": _by_sku(listings),
            "prices": {each.external_sku: f"{each.price:.2f}" for each in listings},
            "orders": [_printed(each) for each in self._store.orders()],
            "on_their_way": sum(each.on_their_way for each in listings),
        }

    async def clear_state(self) -> None:
        """Forget listings, orders, calls and faults."""
        self._store.clear()
        self._calls.clear()
        self._faults.put(FaultSettings())


def _parcel(parcel: Parcel) -> dict[str, object]:
    return {
        "quantity": parcel.quantity,
        "carrier_code": parcel.carrier_code,
        "tracking_number": parcel.tracking_number,
        "shipped_at": iso(parcel.shipped_at),
    }


def _by_sku(listings: Iterable[Listing]) -> dict[str, dict[str, int]]:
    return {each.external_sku: {"quantity": each.quantity} for each in listings}


def _printed(order: Order) -> dict[str, object]:
    return {
        "external_order_id": order.external_order_id,
        "external_sku": order.external_sku,
        "quantity": order.quantity,
        "quantity_shipped": order.shipped,
        "quantity_cancelled": order.cancelled,
        "status": order.status,
        "parcels": {reference: _parcel(each) for reference, each in order.parcels.items()},
        "placed_at": iso(order.placed_at),
        "updated_at": iso(order.updated_at),
    }
