from typing import Any

import httpx
import pytest

PATH = "/products/fees/v0/feesEstimate"


def asked(sku: str, amount: object = 100.0, identifier: str = "") -> dict[str, Any]:
    price = {"ListingPrice": {"CurrencyCode": "EGP", "Amount": amount}}
    wanted = {"MarketplaceId": "ARBP9OOSHTCHU", "PriceToEstimateFees": price, "Identifier": identifier or f"our-{sku}"}
    return {"FeesEstimateRequest": wanted, "IdType": "SellerSKU", "IdValue": sku}


@pytest.fixture
async def shop(amazon: httpx.AsyncClient) -> httpx.AsyncClient:
    listings = [{"external_sku": "A", "quantity": 1}, {"external_sku": "B", "quantity": 1, "category": "Books"}]
    await amazon.post("/_sandbox/listings", json=listings)
    fees = {"referral_percent": "15", "categories": {"Books": "8"}, "closing_fee": "4.50", "failing": ["F"]}
    assert (await amazon.put("/_sandbox/fees", json=fees)).status_code == 200
    return amazon


async def test_fees_are_a_percentage_by_category_and_a_fixed_part(shop: httpx.AsyncClient) -> None:
    results = (await shop.post(PATH, json=[asked("A", 99.99), asked("B", 50)])).json()
    fees = {
        each["FeesEstimateIdentifier"]["SellerInputIdentifier"]: (
            each["FeesEstimate"]["TotalFeesEstimate"]["Amount"],
            [(fee["FeeType"], fee["FinalFee"]["Amount"]) for fee in each["FeesEstimate"]["FeeDetailList"]],
        )
        for each in results
    }
    assert fees == {
        "our-A": (19.5, [("ReferralFee", 15.0), ("VariableClosingFee", 4.5)]),
        "our-B": (8.5, [("ReferralFee", 4.0), ("VariableClosingFee", 4.5)]),
    }


async def test_results_come_in_another_order_each_with_a_status_of_its_own(shop: httpx.AsyncClient) -> None:
    results = (await shop.post(PATH, json=[asked("A"), asked("nobody"), asked("F")])).json()
    assert [each["Status"] for each in results] == ["ServiceError", "ClientError", "Success"]
    assert [each["Error"]["Type"] for each in results[:2]] == ["Receiver", "Sender"]


async def test_what_amazon_would_not_read_is_refused(shop: httpx.AsyncClient) -> None:
    bodies = [
        [asked(f"sku-{number}") for number in range(21)],
        [],
        asked("A"),
        [asked("A", "100.00")],
        [asked("A", 0)],
        [asked("A") | {"IdType": "EAN"}],
        ["A"],
    ]
    answers = [await shop.post(PATH, json=body) for body in bodies]
    assert [answer.status_code for answer in answers] == [400] * len(bodies)


async def test_the_published_limit_holds(shop: httpx.AsyncClient) -> None:
    await shop.put("/_sandbox/faults", json={"limit_scale": 1})
    answers = [await shop.post(PATH, json=[asked("A")]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[0].headers["x-amzn-ratelimit-limit"] == "0.5"
