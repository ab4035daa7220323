from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sandbox.testing.manual_clock import ManualClock

EGYPT = "ARBP9OOSHTCHU"
AWKWARD = "قميص/1 #2%&"


def item(sku: str, *, seller: str = "SELLER1", marketplace: str = EGYPT, extra: str = "") -> str:
    return f"/listings/2021-08-01/items/{seller}/{quote(sku, safe='')}?marketplaceIds={marketplace}{extra}"


def patch(value: object, *, op: str = "merge", attribute: str = "fulfillment_availability") -> dict[str, Any]:
    return {"productType": "PRODUCT", "patches": [{"op": op, "path": f"/attributes/{attribute}", "value": value}]}


def quantity(number: object) -> dict[str, Any]:
    return patch([{"fulfillment_channel_code": "DEFAULT", "quantity": number}])


async def on_sale(client: httpx.AsyncClient) -> dict[str, int]:
    listings = (await client.get("/_sandbox/state")).json()["listings"]
    return {sku: listing["quantity"] for sku, listing in listings.items()}


@pytest.fixture
async def listed(amazon: httpx.AsyncClient) -> httpx.AsyncClient:
    await amazon.post(
        "/_sandbox/listings", json=[{"external_sku": "A", "quantity": 5}, {"external_sku": AWKWARD, "quantity": 5}]
    )
    return amazon


@pytest.mark.parametrize("sku", ["A", AWKWARD])
@pytest.mark.parametrize("op", ["merge", "replace"])
async def test_patch_sets_the_quantity(listed: httpx.AsyncClient, sku: str, op: str) -> None:
    body = patch([{"fulfillment_channel_code": "DEFAULT", "quantity": 20}], op=op)
    answer = await listed.patch(item(sku), json=body)
    assert answer.status_code == 200
    assert "x-amzn-ratelimit-limit" not in answer.headers, "nothing is enforced"
    result = answer.json()
    assert result.pop("submissionId")
    assert result == {"sku": sku, "status": "ACCEPTED", "issues": []}
    assert (await on_sale(listed))[sku] == 20
    assert (await listed.get("/_sandbox/calls?since=1")).json()[0] == {
        "at": "2026-11-22T10:00:00.000Z",
        "method": "PATCH",
        "path": f"/listings/2021-08-01/items/SELLER1/{sku}",
        "status": 200,
        "external_sku": sku,
        "quantity": 20,
    }


async def test_patch_for_an_unknown_sku_is_accepted_and_comes_to_nothing(listed: httpx.AsyncClient) -> None:
    answer = await listed.patch(item("B"), json=quantity(3))
    assert answer.json()["status"] == "ACCEPTED"
    assert await on_sale(listed) == {"A": 5, AWKWARD: 5}


@pytest.mark.parametrize(
    "body",
    [
        patch([{"fulfillment_channel_code": "DEFAULT", "quantity": 3}], attribute="fulfillmentAvailability"),
        patch([{"fulfillment_channel_code": "AMAZON_EU", "quantity": 3}]),
        patch([{"quantity": 3}]),
        patch({"fulfillment_channel_code": "DEFAULT", "quantity": 3}),
        patch([{"fulfillment_channel_code": "DEFAULT", "quantity": 3}], op="delete"),
        quantity(-1),
        quantity("3"),
        quantity(2.5),
        quantity(number=True),
        quantity(None),
    ],
)
async def test_wrong_attribute_or_value_is_invalid_with_status_200(
    listed: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    answer = await listed.patch(item("A"), json=body)
    assert (answer.status_code, answer.json()["status"]) == (200, "INVALID")
    assert answer.json()["issues"][0]["code"] == "90000900"
    assert (await on_sale(listed))["A"] == 5


async def test_one_invalid_patch_stops_the_whole_submission(listed: httpx.AsyncClient) -> None:
    body = quantity(9)
    body["patches"] += patch([{}], attribute="nonsense")["patches"]
    assert (await listed.patch(item("A"), json=body)).json()["status"] == "INVALID"
    assert (await on_sale(listed))["A"] == 5


async def test_validation_preview_changes_nothing(listed: httpx.AsyncClient) -> None:
    answer = await listed.patch(item("A", extra="&mode=VALIDATION_PREVIEW"), json=quantity(9))
    assert answer.json()["status"] == "VALID"
    assert (await on_sale(listed))["A"] == 5


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"productType":"P","patches":[]}', b'{"productType":"P"}'])
async def test_body_that_is_no_patch_request_is_refused(listed: httpx.AsyncClient, body: bytes) -> None:
    answer = await listed.patch(item("A"), content=body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "InvalidInput")


async def test_wrong_seller_marketplace_and_unencoded_sku_are_refused(listed: httpx.AsyncClient) -> None:
    assert (await listed.patch(item("A", seller="OTHER"), json=quantity(9))).status_code == 403
    assert (await listed.patch(item("A", marketplace="A2VIGQ35RCS4UG"), json=quantity(9))).status_code == 400
    bare = await listed.get(f"/listings/2021-08-01/items/SELLER1/a/b?marketplaceIds={EGYPT}")
    assert (bare.status_code, bare.json()["errors"][0]["code"]) == (403, "Unauthorized")
    assert (await on_sale(listed))["A"] == 5


async def test_price_is_shown_in_offers_and_charged_from_then_on(listed: httpx.AsyncClient, clock: ManualClock) -> None:
    offer = {
        "marketplace_id": EGYPT,
        "currency": "EGP",
        "audience": "ALL",
        "our_price": [{"schedule": [{"value_with_tax": 1499.5}]}],
    }
    assert (await listed.patch(item("A"), json=patch([offer], attribute="purchasable_offer"))).json()["issues"] == []
    shown = (await listed.get(item("A", extra="&includedData=offers"))).json()
    assert shown["offers"][0]["price"] == {"amount": "1499.50", "currencyCode": "EGP"}
    await listed.post("/_sandbox/orders", json={"external_sku": "A", "quantity": 2})
    clock.advance(seconds=1)
    found = await listed.get("/orders/2026-01-01/orders?lastUpdatedAfter=2026-11-22T00:00:00Z&includedData=PROCEEDS")
    assert found.json()["orders"][0]["proceeds"]["grandTotal"] == {"amount": "2999.00", "currencyCode": "EGP"}


async def test_read_back_tells_what_was_written_and_what_is_left(listed: httpx.AsyncClient) -> None:
    await listed.post("/_sandbox/orders", json={"external_sku": AWKWARD, "quantity": 2})
    sets = "&includedData=summaries,attributes,issues,offers,fulfillmentAvailability"
    body = (await listed.get(item(AWKWARD, extra=sets))).json()
    assert body["sku"] == AWKWARD
    assert body["summaries"][0]["status"] == ["BUYABLE", "DISCOVERABLE"]
    assert body["attributes"]["fulfillment_availability"] == [{"fulfillment_channel_code": "DEFAULT", "quantity": 5}]
    assert body["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 3}]
    assert body["issues"] == []


async def test_read_back_holds_only_what_was_asked_for(listed: httpx.AsyncClient) -> None:
    assert (await listed.get(item("A"))).json().keys() == {"sku", "summaries"}
    assert (await listed.get(item("A", extra="&includedData=issues"))).json() == {"sku": "A", "issues": []}
    assert (await listed.get(item("A", extra="&includedData=nonsense"))).status_code == 400
    assert (await listed.get(item("B"))).status_code == 404


def offer(price: float | None = None, **terms: float) -> dict[str, Any]:
    fields = ({"our_price": price} if price else {}) | terms
    priced = {name: [{"schedule": [{"value_with_tax": amount}]}] for name, amount in fields.items()}
    return {"marketplace_id": EGYPT, "currency": "EGP", "audience": "ALL", **priced}


async def offer_of(client: httpx.AsyncClient, sku: str = "A") -> dict[str, Any]:
    shown = (await client.get(item(sku, extra="&includedData=attributes"))).json()
    found: dict[str, Any] = shown["attributes"]["purchasable_offer"][0]
    return found


async def test_merging_a_price_keeps_the_offers_discount_and_replacing_it_erases_it(listed: httpx.AsyncClient) -> None:
    discounted = offer(100, discounted_price=80, minimum_seller_allowed_price=50)
    for op, body in (("replace", discounted), ("merge", offer(120))):
        answer = await listed.patch(item("A"), json=patch([body], op=op, attribute="purchasable_offer"))
        assert answer.json()["status"] == "ACCEPTED"
    assert await offer_of(listed) == offer(120, discounted_price=80, minimum_seller_allowed_price=50)
    await listed.patch(item("A"), json=patch([offer(130)], op="replace", attribute="purchasable_offer"))
    assert await offer_of(listed) == offer(130)


@pytest.mark.parametrize("price", [49.99, 150.01])
async def test_a_price_outside_of_the_offers_own_limits_is_invalid(listed: httpx.AsyncClient, price: float) -> None:
    limits = offer(100, minimum_seller_allowed_price=50, maximum_seller_allowed_price=150)
    await listed.patch(item("A"), json=patch([limits], attribute="purchasable_offer"))
    answer = (await listed.patch(item("A"), json=patch([offer(price)], attribute="purchasable_offer"))).json()
    assert (answer["status"], answer["issues"][0]["attributeNames"]) == ("INVALID", ["purchasable_offer"])
    assert (await listed.get("/_sandbox/state")).json()["prices"]["A"] == "100.00"


@pytest.mark.parametrize(
    "body",
    [
        offer(100) | {"currency": "AED"},
        offer(100) | {"audience": "B2B"},
        offer(100) | {"our_price": "100"},
        offer(100) | {"nonsense": 1},
        offer(100) | {"minimum_seller_allowed_price": 5},
    ],
)
async def test_an_offer_that_makes_no_sense_is_invalid(listed: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = (await listed.patch(item("A"), json=patch([body], attribute="purchasable_offer"))).json()
    assert answer["status"] == "INVALID"
