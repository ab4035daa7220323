"""Sellers v1: getMarketplaceParticipations."""

from fastapi import APIRouter, Request

from sandbox.amazon.operations import GET_PARTICIPATIONS, Gate
from sandbox.amazon.settings import MARKETPLACE_ID
from sandbox.faults import Faults

PATH = "/sellers/v1/marketplaceParticipations"


class Sellers:
    """The seller takes part in Egypt and, without selling there, in the Emirates; faults change the former."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def router(self, gate: Gate) -> APIRouter:
        router = APIRouter()
        endpoint = gate.operation(GET_PARTICIPATIONS, self.participations)
        router.add_api_route(PATH, endpoint, methods=["GET"], response_model=None)
        return router

    async def participations(self, _request: Request) -> dict[str, object]:
        faults = self._faults.settings
        egypt = _marketplace(MARKETPLACE_ID, "Amazon.eg", "EG", "EGP", "www.amazon.eg")
        emirates = _marketplace("A2VIGQ35RCS4UG", "Amazon.ae", "AE", "AED", "www.amazon.ae")
        ours = {"isParticipating": not faults.no_participation, "hasSuspendedListings": faults.suspended}
        elsewhere = {"isParticipating": False, "hasSuspendedListings": False}
        return {
            "payload": [
                {"marketplace": egypt, "participation": ours, "storeName": "SaberStore"},
                {"marketplace": emirates, "participation": elsewhere, "storeName": "SaberStore"},
            ]
        }


def _marketplace(marketplace_id: str, name: str, country: str, currency: str, domain: str) -> dict[str, object]:
    return {
        "id": marketplace_id,
        "name": name,
        "countryCode": country,
        "defaultCurrencyCode": currency,
        "defaultLanguageCode": "ar_AE",
        "domainName": domain,
    }
