"""Product Fees v0: getMyFeesEstimates. Fees are a referral percentage, by category, and a fixed closing fee.

`PUT /_sandbox/fees` sets them; they outlast `DELETE /_sandbox/state`.
"""

import json
from decimal import ROUND_HALF_UP, Decimal
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from sandbox.amazon.operations import ESTIMATE_FEES, Gate
from sandbox.amazon.settings import MARKETPLACE_ID, AmazonSettings
from sandbox.amazon.wire import RefusedError, invalid_input
from sandbox.calls import CONTROL_PREFIX
from sandbox.clock import iso
from sandbox.listing import Listing
from sandbox.store import NotFoundError, Store

PATH = "/products/fees/v0/feesEstimate"
MOST = 20
_CENT = Decimal("0.01")

Json = dict[str, Any]
Percent = Annotated[Decimal, Field(ge=0, lt=100)]
Amount = Annotated[Decimal, Field(ge=0, decimal_places=2)]


class FeeSettings(BaseModel):
    """`failing`: SKUs for which the service has no answer for now (ServiceError)."""

    model_config = ConfigDict(extra="forbid")
    referral_percent: Percent = Decimal(15)
    categories: dict[str, Percent] = {}
    closing_fee: Amount = Decimal("5.00")
    failing: list[str] = []

    def referral(self, category: str) -> Decimal:
        return self.categories.get(category, self.referral_percent)


class Fees:
    """The operation over the store."""

    def __init__(self, account: AmazonSettings, store: Store) -> None:
        self._account = account
        self._store = store
        self._settings = FeeSettings()

    def router(self, gate: Gate) -> APIRouter:
        router = APIRouter()
        endpoint = gate.operation(ESTIMATE_FEES, self.estimate)
        router.add_api_route(PATH, endpoint, methods=["POST"], response_model=None)
        router.add_api_route(f"{CONTROL_PREFIX}/fees", self.set_fees, methods=["PUT"])
        return router

    async def set_fees(self, body: FeeSettings) -> FeeSettings:
        """Replace the fees; what is left out is as at the start."""
        self._settings = body
        return body

    async def estimate(self, request: Request) -> list[Json]:
        """One result for each request, in reverse order: a client is to go by the identifiers."""
        try:
            asked = json.loads(await request.body(), parse_float=Decimal)
        except ValueError as error:
            raise invalid_input("The body is no JSON.") from error
        if not isinstance(asked, list) or not 0 < len(asked) <= MOST:
            raise invalid_input(f"The body must be an array of 1 to {MOST} requests.")
        return [self._result(each) for each in reversed(asked)]

    def _result(self, asked: object) -> Json:
        if not isinstance(asked, dict) or asked.get("IdType") not in ("ASIN", "SellerSKU") or not asked.get("IdValue"):
            raise invalid_input("IdType and IdValue are required.")
        wanted = asked.get("FeesEstimateRequest")
        if not isinstance(wanted, dict) or wanted.get("MarketplaceId") != MARKETPLACE_ID:
            raise invalid_input(f"FeesEstimateRequest with the MarketplaceId {MARKETPLACE_ID} is required.")
        if not isinstance(wanted.get("Identifier"), str):
            raise invalid_input("Identifier is required.")
        price = _price(wanted)
        found = {"FeesEstimateIdentifier": self._identifier(asked, wanted)}
        if asked["IdValue"] in self._settings.failing:
            return found | _failed("ServiceError", "Receiver", "InternalFailure", "There was a service failure.")
        try:
            listing = self._store.listing(asked["IdValue"])
        except NotFoundError:
            return found | _failed("ClientError", "Sender", "InvalidParameterValue", "The SKU is unknown.")
        return found | {"Status": "Success", "FeesEstimate": self._estimate(price, listing)}

    def _identifier(self, asked: Json, wanted: Json) -> Json:
        return {
            "MarketplaceId": MARKETPLACE_ID,
            "SellerId": self._account.seller_id,
            "IdType": asked["IdType"],
            "IdValue": asked["IdValue"],
            "IsAmazonFulfilled": bool(wanted.get("IsAmazonFulfilled", False)),
            "PriceToEstimateFees": {"ListingPrice": _money(_price(wanted))},
            "SellerInputIdentifier": wanted["Identifier"],
        }

    def _estimate(self, price: Decimal, listing: Listing) -> Json:
        percent = self._settings.referral(listing.category)
        referral = (price * percent / 100).quantize(_CENT, ROUND_HALF_UP)
        fees = {"ReferralFee": referral, "VariableClosingFee": self._settings.closing_fee}
        return {
            "TimeOfFeesEstimation": iso(self._store.now()),
            "TotalFeesEstimate": _money(sum(fees.values(), Decimal(0))),
            "FeeDetailList": [
                {"FeeType": kind, "FeeAmount": _money(fee), "FeePromotion": _money(Decimal(0)), "FinalFee": _money(fee)}
                for kind, fee in fees.items()
            ],
        }


def _price(wanted: Json) -> Decimal:
    """Read the listing price, which is a number here."""
    listing_price = (wanted.get("PriceToEstimateFees") or {}).get("ListingPrice") or {}
    amount = listing_price.get("Amount")
    if not isinstance(amount, int | Decimal) or isinstance(amount, bool) or amount <= 0:
        raise invalid_input("ListingPrice.Amount must be a number above 0.")
    if listing_price.get("CurrencyCode") != "EGP":
        raise RefusedError(HTTPStatus.BAD_REQUEST, "InvalidInput", "ListingPrice.CurrencyCode must be EGP.")
    return Decimal(amount)


def _money(amount: Decimal) -> Json:
    return {"CurrencyCode": "EGP", "Amount": float(amount)}


def _failed(status: str, kind: str, code: str, message: str) -> Json:
    return {"Status": status, "Error": {"Type": kind, "Code": code, "Message": message, "Detail": []}}
