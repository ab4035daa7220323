"""Confirming parcels: confirmShipment of the Orders API v0, which is the one that Amazon keeps for it."""

import datetime as dt
import hashlib
from typing import Any

import httpx
from connector_sdk.http import outcome_of, outcome_of_error, retry_after
from connector_sdk.marketplace import MarketplaceError, Outcome, Shipment, ShipmentResult
from contracts import Issue
from pydantic import ValidationError
from runtime.clock import Clock

from amazon_connector.client import AmazonClient
from amazon_connector.mapping import EASY_SHIP, is_easy_ship
from amazon_connector.operations.answers import errors
from amazon_connector.wire import GetAnswer

_FIRST_MADE_UP = 1_000_000_000
_MOST = 2**31 - 1


class Shipments:
    """A parcel is known to Amazon by its reference, so that confirming it again corrects it."""

    def __init__(self, client: AmazonClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def confirm(self, shipment: Shipment) -> ShipmentResult:
        body = confirmation(shipment, self._client.marketplace_id)
        try:
            response = await self._client.confirm_shipment(shipment.external_order_id, body)
        except MarketplaceError as error:  # no token, so nothing was sent
            issue = Issue(code="NoAccessToken", message=str(error))
            return ShipmentResult(error.outcome, issues=(issue,), retry_after=error.retry_after)
        except httpx.HTTPError as error:
            issue = Issue(code=type(error).__name__, message="no answer from Amazon")
            return ShipmentResult(outcome_of_error(error), issues=(issue,))
        outcome, issues = outcome_of(response.status_code), errors(response)
        if outcome is Outcome.REJECTED and await self._is_easy_ship(shipment.external_order_id):
            outcome, issues = Outcome.UNSUPPORTED, (Issue(code="EasyShip", message=EASY_SHIP), *issues)
        return ShipmentResult(
            outcome,
            request_id=response.headers.get("x-amzn-requestid"),
            issues=issues,
            retry_after=retry_after(response, self._clock()),
            throttled=response.status_code == httpx.codes.TOO_MANY_REQUESTS,
            http_status=response.status_code,
        )

    async def _is_easy_ship(self, order_id: str) -> bool:
        """Asked only about what Amazon refused; where nobody can tell, Amazon's own words stand."""
        try:
            response = await self._client.get_order(order_id)
            return is_easy_ship(GetAnswer.model_validate_json(response.content).order)
        except (MarketplaceError, httpx.HTTPError, ValidationError):
            return False


def confirmation(shipment: Shipment, marketplace_id: str) -> dict[str, Any]:
    """The body of confirmShipment. Times are in UTC, ISO 8601, to the second."""
    package = shipment.package
    detail: dict[str, Any] = {
        "packageReferenceId": package_reference(package.package_id),
        "carrierCode": package.carrier_code,
        "trackingNumber": package.tracking_number,
        "shipDate": package.shipped_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "orderItems": [{"orderItemId": line.external_line_id, "quantity": line.quantity} for line in package.lines],
    }
    if package.carrier_name is not None:
        detail["carrierName"] = package.carrier_name
    return {"marketplaceId": marketplace_id, "packageDetail": detail}


def package_reference(package_id: str) -> str:
    """Amazon's name for a parcel: a positive number, always the same for a package id.

    A package id that is such a number below a thousand million is kept; any other becomes a number above.
    """
    if package_id.isascii() and package_id.isdigit() and package_id[0] != "0" and int(package_id) < _FIRST_MADE_UP:
        return package_id
    digest = int.from_bytes(hashlib.sha256(package_id.encode()).digest()[:8])
    return str(_FIRST_MADE_UP + digest % (_MOST - _FIRST_MADE_UP))
