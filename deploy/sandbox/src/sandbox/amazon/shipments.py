"""Orders v0: confirmShipment, by which the seller tells and corrects what has left, parcel by parcel.

The model does not say what Amazon checks. Ours refuses what can't be: an order or an item that it does not know, more
units than are left, an order that is pending or goes by Easy Ship, a date that is not ISO 8601.
"""

import json
from datetime import datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request

from sandbox.amazon.operations import CONFIRM_SHIPMENT, Gate
from sandbox.amazon.order_data import item_id
from sandbox.amazon.settings import MARKETPLACE_ID
from sandbox.amazon.wire import RefusedError, invalid_input
from sandbox.store import ConflictError, NotFoundError, Order, Parcel, Store

PATH = "/orders/v0/orders/{order_id}/shipmentConfirmation"
_TEXTS = ("packageReferenceId", "carrierCode", "trackingNumber", "shipDate")

Json = dict[str, Any]


class Shipments:
    """The operation over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def router(self, gate: Gate) -> APIRouter:
        router = APIRouter()
        endpoint = gate.operation(CONFIRM_SHIPMENT, self.confirm, HTTPStatus.NO_CONTENT)
        router.add_api_route(PATH, endpoint, methods=["POST"], response_model=None)
        return router

    async def confirm(self, request: Request) -> None:
        """Nothing comes back: 204."""
        package = _package(await request.body())
        order_id = request.path_params["order_id"]
        try:
            order = self._store.order(order_id)
            parcel = Parcel(
                _quantity(package, order),
                package["carrierCode"],
                package["trackingNumber"],
                _moment(package["shipDate"]),
            )
            self._store.confirm(order_id, package["packageReferenceId"], parcel)
        except NotFoundError as error:
            raise RefusedError(HTTPStatus.NOT_FOUND, "NotFound", "The order was not found.") from error
        except ConflictError as error:
            raise invalid_input(str(error)) from error


def _package(body: bytes) -> Json:
    """Read the parcel out of the body, with every field that is required."""
    try:
        read = json.loads(body)
    except ValueError as error:
        raise invalid_input("The body is no JSON.") from error
    package = read.get("packageDetail") if isinstance(read, dict) else None
    if not isinstance(package, dict) or read.get("marketplaceId") != MARKETPLACE_ID:
        raise invalid_input(f"packageDetail and the marketplaceId {MARKETPLACE_ID} are required.")
    for name in _TEXTS:
        if not isinstance(package.get(name), str) or not package[name]:
            raise invalid_input(f"packageDetail.{name} is required.")
    reference = package["packageReferenceId"]
    if not (reference.isascii() and reference.isdigit() and int(reference) > 0):
        raise invalid_input("packageReferenceId must be a positive number.")
    if package["carrierCode"] == "Other" and not package.get("carrierName"):
        raise invalid_input("carrierName is required when carrierCode is Other.")
    return package


def _quantity(package: Json, order: Order) -> int:
    """Count the units in the parcel; an order has one item here."""
    items = package.get("orderItems")
    if not isinstance(items, list) or not items or not all(isinstance(each, dict) for each in items):
        raise invalid_input("orderItems must be an array of at least one object.")
    for item in items:
        if item.get("orderItemId") != item_id(order):
            raise invalid_input(f"The order has no item {item.get('orderItemId')!r}.")
        quantity = item.get("quantity")
        if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
            raise invalid_input("quantity must be a whole number above 0.")
    return sum(item["quantity"] for item in items)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid_input("shipDate must be in ISO 8601 format.") from error
    if moment.tzinfo is None or "T" not in text:
        raise invalid_input("shipDate must be in ISO 8601 format, with a time and a zone.")
    return moment
