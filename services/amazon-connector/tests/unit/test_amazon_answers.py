import datetime as dt
import json
from decimal import Decimal

import httpx
import pytest
from amazon_connector.client import USER_AGENT
from amazon_connector.testing.canned import canned_marketplace
from connector_sdk.http import build_client
from connector_sdk.marketplace import MarketplaceError, Outcome, PriceLine, StockLine
from contracts import Money

LINE = StockLine("A", "A/1", 4, 1)
PRICE = PriceLine("A", "A/1", Money(amount=Decimal("1499.90"), currency="EGP"), 1)


async def test_the_request_is_as_amazon_wants_it() -> None:
    marketplace, requests = canned_marketplace(lambda _: httpx.Response(200, json={"status": "ACCEPTED"}))
    await marketplace.push_stock([LINE])

    (request,) = requests
    assert request.method == "PATCH"
    assert request.url.raw_path.startswith(b"/listings/2021-08-01/items/A1SELLER/A%2F1?marketplaceIds=ARBP9OOSHTCHU")
    assert request.headers["user-agent"] == "Mizan/0.1 (Language=Python/3.11)"
    assert request.headers["x-amz-access-token"] == "Atza|0"
    assert "authorization" not in request.headers
    assert json.loads(request.content)["patches"][0]["op"] == "merge"


async def test_invalid_with_http_200_is_rejected_with_its_issues() -> None:
    issue = {"code": "90000900", "message": "The attributes are invalid.", "severity": "ERROR"}
    body = {"sku": "A/1", "status": "INVALID", "submissionId": "s-1", "issues": [issue]}
    marketplace, _ = canned_marketplace(lambda _: httpx.Response(200, json=body, headers={"x-amzn-RequestId": "r-1"}))
    (result,) = await marketplace.push_stock([LINE])

    assert result.outcome is Outcome.REJECTED
    assert [(i.code, i.message, i.severity) for i in result.issues] == [
        ("90000900", "The attributes are invalid.", "error")
    ]
    assert (result.request_id, result.submission_id) == ("r-1", "s-1")


@pytest.mark.parametrize("body", ["", "<html>", '{"no": "status"}', '{"status": "NEW_WORD"}'])
async def test_a_success_that_says_nothing_clear_is_unknown(body: str) -> None:
    marketplace, _ = canned_marketplace(lambda _: httpx.Response(200, text=body))
    (result,) = await marketplace.push_stock([LINE])

    assert result.outcome is Outcome.UNKNOWN


async def test_after_a_403_the_token_is_renewed_once() -> None:
    marketplace, requests = canned_marketplace(
        lambda _: httpx.Response(403, json={"errors": [{"code": "Unauthorized"}]})
    )
    (result,) = await marketplace.push_stock([LINE])

    assert result.outcome is Outcome.UNAUTHORISED
    assert [r.headers["x-amz-access-token"] for r in requests] == ["Atza|0", "Atza|1"]


async def test_a_token_that_ran_out_early_does_no_harm() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        is_old = request.headers["x-amz-access-token"] == "Atza|0"
        return httpx.Response(403) if is_old else httpx.Response(200, json={"status": "ACCEPTED"})

    marketplace, _ = canned_marketplace(answer)
    (result,) = await marketplace.push_stock([LINE])

    assert result.outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, Outcome.REJECTED), (413, Outcome.REJECTED), (429, Outcome.RETRY), (500, Outcome.UNKNOWN)],
)
async def test_a_status_has_its_outcome_and_keeps_amazons_words(status: int, outcome: Outcome) -> None:
    errors = {"errors": [{"code": "Whatever", "message": "said so"}]}
    marketplace, _ = canned_marketplace(lambda _: httpx.Response(status, json=errors))
    (result,) = await marketplace.push_stock([LINE])

    assert result.outcome is outcome
    assert [issue.code for issue in result.issues] == [str(status), "Whatever"]


async def test_no_answer_is_unknown() -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow")

    marketplace, _ = canned_marketplace(fail)
    (result,) = await marketplace.push_stock([LINE])

    assert result.outcome is Outcome.UNKNOWN


async def test_the_client_names_itself_in_every_request() -> None:
    async with build_client("https://spapi.test", USER_AGENT) as client:
        assert client.headers["user-agent"] == USER_AGENT


@pytest.mark.parametrize("status", [400, 404])
async def test_a_listing_that_amazon_will_not_show_has_no_quantity(status: int) -> None:
    date = "Sun, 22 Nov 2026 12:00:07 GMT"
    marketplace, _ = canned_marketplace(
        lambda _: httpx.Response(status, headers={"date": date}, stream=httpx.ByteStream(b""))
    )
    (reading,) = await marketplace.read_listings(["A/1"])

    assert (reading.quantity, reading.observed_at) == (None, dt.datetime(2026, 11, 22, 12, 0, 7, tzinfo=dt.UTC))
    assert reading.clock


@pytest.mark.parametrize(
    ("status", "outcome"), [(403, Outcome.UNAUTHORISED), (429, Outcome.RETRY), (500, Outcome.UNKNOWN)]
)
async def test_an_answer_about_something_else_is_no_reading(status: int, outcome: Outcome) -> None:
    marketplace, _ = canned_marketplace(lambda _: httpx.Response(status))
    with pytest.raises(MarketplaceError) as caught:
        await marketplace.read_listings(["A/1"])

    assert caught.value.outcome is outcome


async def test_an_answer_without_a_date_leaves_the_clock_unknown() -> None:
    marketplace, _ = canned_marketplace(lambda _: httpx.Response(200, json={"status": "ACCEPTED"}))
    (result,) = await marketplace.push_stock([LINE])

    assert (result.outcome, result.clock) == (Outcome.ACCEPTED, None)


async def test_a_price_is_merged_into_the_offer_with_its_digits_as_they_are() -> None:
    marketplace, requests = canned_marketplace(lambda _: httpx.Response(200, json={"status": "ACCEPTED"}))
    (result,) = await marketplace.push_prices([PRICE])

    assert result.outcome is Outcome.ACCEPTED
    assert b'"value_with_tax":1499.9}' in requests[0].content.replace(b" ", b"")
    assert json.loads(requests[0].content)["patches"] == [
        {
            "op": "merge",
            "path": "/attributes/purchasable_offer",
            "value": [
                {
                    "marketplace_id": "ARBP9OOSHTCHU",
                    "currency": "EGP",
                    "audience": "ALL",
                    "our_price": [{"schedule": [{"value_with_tax": 1499.9}]}],
                }
            ],
        }
    ]


async def test_an_invalid_price_is_rejected_in_amazons_own_words() -> None:
    issue = {"code": "90245", "message": "The price is below the minimum.", "severity": "ERROR"}
    marketplace, _ = canned_marketplace(lambda _: httpx.Response(200, json={"status": "INVALID", "issues": [issue]}))
    (result,) = await marketplace.push_prices([PRICE])

    assert result.outcome is Outcome.REJECTED
    assert [(i.code, i.message) for i in result.issues] == [("90245", "The price is below the minimum.")]


async def test_a_price_with_too_many_digits_is_not_sent() -> None:
    marketplace, requests = canned_marketplace(lambda _: httpx.Response(200, json={"status": "ACCEPTED"}))
    price = Money(amount=Decimal("99999999999999.9999"), currency="EGP")
    (result,) = await marketplace.push_prices([PriceLine("A", "A/1", price, 1)])

    assert (result.outcome, requests) == (Outcome.REJECTED, [])
