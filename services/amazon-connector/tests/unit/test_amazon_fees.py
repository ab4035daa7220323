"""Amazon's estimates of fees: what is sent, and what each result means."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
from amazon_connector.marketplace import AmazonMarketplace
from amazon_connector.testing.canned import canned_marketplace
from connector_sdk.marketplace import FeeLine, MarketplaceError, Outcome
from contracts import Money

LINES = [FeeLine(sku, f"X/{sku}", Money(amount=Decimal("1499.90"), currency="EGP")) for sku in ("A", "B")]


def _egp(amount: float, currency: str = "EGP") -> dict[str, Any]:
    return {"CurrencyCode": currency, "Amount": amount}


def _result(identifier: str, *, time: str = "2026-11-22T10:00:00Z", **fees: float) -> dict[str, Any]:
    details = [{"FeeType": kind, "FeeAmount": _egp(fee), "FinalFee": _egp(fee)} for kind, fee in fees.items()]
    total = _egp(round(sum(fees.values()), 2))
    estimate = {"TimeOfFeesEstimation": time, "TotalFeesEstimate": total, "FeeDetailList": details}
    return {
        "Status": "Success",
        "FeesEstimateIdentifier": {"SellerInputIdentifier": identifier},
        "FeesEstimate": estimate,
    }


def _answering(*results: dict[str, Any]) -> AmazonMarketplace:
    return canned_marketplace(lambda _: httpx.Response(200, json=results))[0]


async def test_the_body_is_an_array_with_amounts_as_numbers_of_the_same_digits() -> None:
    marketplace, requests = canned_marketplace(lambda _: httpx.Response(200, json=[]))
    await marketplace.estimate_fees(LINES)

    (request,) = requests
    assert (request.method, request.url.path) == ("POST", "/products/fees/v0/feesEstimate")
    assert b"1499.9}" in request.content
    first, _ = json.loads(request.content, parse_float=Decimal)
    assert first == {
        "FeesEstimateRequest": {
            "MarketplaceId": "ARBP9OOSHTCHU",
            "IsAmazonFulfilled": False,
            "PriceToEstimateFees": {"ListingPrice": {"CurrencyCode": "EGP", "Amount": Decimal("1499.9")}},
            "Identifier": "A",
        },
        "IdType": "SellerSKU",
        "IdValue": "X/A",
    }


async def test_results_are_matched_by_our_identifier_and_split_into_percentage_and_fixed_part() -> None:
    marketplace = _answering(
        _result("B", ReferralFee=149.99, VariableClosingFee=5.5, PerItemFee=0.1),
        _result("nobody", ReferralFee=1.0),
        _result("A", ReferralFee=224.99, VariableClosingFee=0.0),
    )
    estimates = {each.sku: each for each in await marketplace.estimate_fees(LINES)}
    assert {sku: (e.percent, e.fixed, e.total) for sku, e in estimates.items()} == {
        "A": (Decimal("15.00"), Decimal("0.00"), Decimal("224.99")),
        "B": (Decimal("10.00"), Decimal("5.60"), Decimal("155.59")),
    }


@pytest.mark.parametrize(
    ("time", "meant"),
    [
        ("2026-11-22T12:00:00+02:00", dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)),
        ("Mon Oct 28 18:49:32 UTC 2019", dt.datetime(2019, 10, 28, 18, 49, 32, tzinfo=dt.UTC)),
        ("some day", None),
    ],
)
async def test_the_time_of_an_estimate_is_read_leniently(time: str, meant: dt.datetime | None) -> None:
    (estimate,) = await _answering(_result("A", time=time, ReferralFee=1.0)).estimate_fees(LINES[:1])
    assert (estimate.estimated_at, estimate.issue) == (meant, None)


async def test_what_has_no_estimate_says_why_and_spoils_no_other() -> None:
    error = {"Type": "Sender", "Code": "InvalidParameterValue", "Message": "The SKU is unknown.", "Detail": []}
    failed = {"Status": "ClientError", "FeesEstimateIdentifier": {"SellerInputIdentifier": "A"}, "Error": error}
    good, bad = sorted(
        await _answering(failed, _result("B", ReferralFee=150.0)).estimate_fees(LINES),
        key=lambda e: e.issue is not None,
    )
    assert (good.sku, good.percent) == ("B", Decimal("10.00"))
    assert bad.issue
    assert (bad.sku, bad.issue.code) == ("A", "ClientError")
    assert bad.issue.message == "InvalidParameterValue The SKU is unknown."


async def test_an_estimate_in_another_currency_is_not_used() -> None:
    result = _result("A", ReferralFee=150.0)
    result["FeesEstimate"]["TotalFeesEstimate"] = _egp(150.0, "AED")
    (estimate,) = await _answering(result).estimate_fees(LINES[:1])
    assert estimate.issue
    assert estimate.issue.code == "UnusableEstimate"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (httpx.Response(429, json={"errors": []}), Outcome.RETRY),
        (httpx.Response(503, json={"errors": []}), Outcome.UNKNOWN),
        (httpx.Response(403, json={"errors": []}), Outcome.UNAUTHORISED),
        (httpx.Response(400, json={"errors": []}), Outcome.REJECTED),
        (httpx.Response(200, json={"payload": {}}), Outcome.UNKNOWN),
        (httpx.Response(200, content=b"<html>"), Outcome.UNKNOWN),
    ],
)
async def test_a_call_that_failed_as_a_whole_is_raised(answer: httpx.Response, outcome: Outcome) -> None:
    with pytest.raises(MarketplaceError) as caught:
        await canned_marketplace(lambda _: answer)[0].estimate_fees(LINES)
    assert caught.value.outcome is outcome


async def test_a_price_that_no_json_number_holds_is_not_asked_about() -> None:
    marketplace, requests = canned_marketplace(lambda _: httpx.Response(200, json=[]))
    line = FeeLine("A", "X-A", Money(amount=Decimal("99999999999999.9999"), currency="EGP"))
    (estimate,) = await marketplace.estimate_fees([line])
    assert estimate.issue
    assert (estimate.issue.code, requests) == ("UnwritablePrice", [])
