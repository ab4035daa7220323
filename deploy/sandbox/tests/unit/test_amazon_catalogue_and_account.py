from typing import Any
from urllib.parse import quote

import httpx
import pytest

EGYPT = "ARBP9OOSHTCHU"
ROOT = "/listings/2021-08-01/items/SELLER1"
DATA = "fulfillmentAvailability"


async def search(amazon: httpx.AsyncClient, *skus: str, **more: str) -> httpx.Response:
    named = {"identifiersType": "SKU", "identifiers": ",".join(skus)} if skus else {}
    return await amazon.get(ROOT, params={"marketplaceIds": EGYPT, "includedData": DATA, **named, **more})


async def put_on_sale(amazon: httpx.AsyncClient, *skus: str, **more: object) -> None:
    await amazon.post("/_sandbox/listings", json=[{"external_sku": sku, "quantity": 5, **more} for sku in skus])


def shown(item: dict[str, Any]) -> tuple[str, str, int]:
    (availability,) = item["fulfillmentAvailability"]
    return item["sku"], availability["fulfillmentChannelCode"], availability["quantity"]


async def test_a_search_shows_what_is_there_of_what_was_asked_for(amazon: httpx.AsyncClient) -> None:
    await put_on_sale(amazon, "A", "B")
    await put_on_sale(amazon, "F", fulfilled_by_marketplace=True)
    answer = (await search(amazon, "A", "F", "nobody")).json()
    assert (answer["numberOfResults"], answer["pagination"]) == (2, {})
    assert sorted(shown(item) for item in answer["items"]) == [("A", "DEFAULT", 5), ("F", "AMAZON_EU", 5)]


async def test_a_search_goes_page_by_page_and_ends_at_a_thousand(amazon: httpx.AsyncClient) -> None:
    await put_on_sale(amazon, *(f"S{number:04}" for number in range(1050)))
    found: list[str] = []
    page = (await search(amazon, pageSize="20")).json()
    assert page["numberOfResults"] == 1000
    while True:
        found += [item["sku"] for item in page["items"]]
        token = page["pagination"].get("nextToken")
        if token is None:
            break
        page = (await search(amazon, pageSize="20", pageToken=token)).json()
    assert (len(found), len(set(found))) == (1000, 1000)


@pytest.mark.parametrize(
    "query",
    [
        {"identifiersType": "SKU", "identifiers": ",".join(f"S{n}" for n in range(21))},
        {"identifiers": "A"},
        {"pageSize": "21"},
        {"pageToken": "20.00000000"},
        {"marketplaceIds": "A2VIGQ35RCS4UG"},
    ],
)
async def test_a_search_that_amazon_does_not_serve_is_refused(amazon: httpx.AsyncClient, query: dict[str, str]) -> None:
    answer = await amazon.get(ROOT, params={"marketplaceIds": EGYPT} | query)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "InvalidInput")


async def test_a_search_of_another_seller_is_denied(amazon: httpx.AsyncClient) -> None:
    answer = await amazon.get("/listings/2021-08-01/items/SELLER2", params={"marketplaceIds": EGYPT})
    assert answer.status_code == 403


async def test_a_stale_search_shows_the_quantity_from_before_the_last_change(amazon: httpx.AsyncClient) -> None:
    await put_on_sale(amazon, "A")
    await amazon.put("/_sandbox/listings/A", json={"quantity": 9})
    await amazon.put("/_sandbox/faults", json={"stale_searches": True})
    (item,) = (await search(amazon, "A")).json()["items"]
    assert shown(item) == ("A", "DEFAULT", 5)
    read = (await amazon.get(f"{ROOT}/A", params={"marketplaceIds": EGYPT, "includedData": DATA})).json()
    assert shown(read) == ("A", "DEFAULT", 9)


async def test_a_deleted_listing_is_shown_no_more(amazon: httpx.AsyncClient) -> None:
    await put_on_sale(amazon, "a/b")
    assert (await amazon.delete(f"/_sandbox/listings/{quote('a/b', safe='')}")).status_code == 204
    assert (await search(amazon, "a/b")).json()["items"] == []
    assert (await amazon.delete("/_sandbox/listings/nobody")).status_code == 404


async def test_a_lost_write_looks_accepted_and_never_goes_live(amazon: httpx.AsyncClient) -> None:
    await put_on_sale(amazon, "A")
    await amazon.put("/_sandbox/faults", json={"lost_write_rate": 1})
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": 9}]
    patch = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": value}
    body = {"productType": "PRODUCT", "patches": [patch]}
    answer = await amazon.patch(f"{ROOT}/A", params={"marketplaceIds": EGYPT}, json=body)
    assert answer.json()["status"] == "ACCEPTED"
    await amazon.put("/_sandbox/faults", json={})
    state = (await amazon.get("/_sandbox/state")).json()
    assert (state["listings"], state["on_their_way"]) == ({"A": {"quantity": 5}}, 0)


async def test_a_preview_has_a_limit_of_its_own(amazon: httpx.AsyncClient) -> None:
    await put_on_sale(amazon, "A")
    await amazon.put("/_sandbox/faults", json={"limit_scale": 1})
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": 9}]
    patch = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": value}
    body = {"productType": "PRODUCT", "patches": [patch]}
    preview = {"marketplaceIds": EGYPT, "mode": "VALIDATION_PREVIEW"}
    previews = [await amazon.patch(f"{ROOT}/A", params=preview, json=body) for _ in range(2)]
    assert [answer.status_code for answer in previews] == [200, 429]
    assert previews[0].json()["status"] == "VALID"
    write = await amazon.patch(f"{ROOT}/A", params={"marketplaceIds": EGYPT}, json=body)
    assert write.json()["status"] == "ACCEPTED"


@pytest.mark.parametrize("faults", [{}, {"no_participation": True}, {"suspended": True}])
async def test_the_seller_takes_part_unless_told_otherwise(amazon: httpx.AsyncClient, faults: dict[str, bool]) -> None:
    await amazon.put("/_sandbox/faults", json=faults | {"limit_scale": 1})
    answer = await amazon.get("/sellers/v1/marketplaceParticipations")
    assert answer.headers["x-amzn-ratelimit-limit"] == "0.016"
    told = {each["marketplace"]["id"]: each["participation"] for each in answer.json()["payload"]}
    assert told[EGYPT] == {
        "isParticipating": "no_participation" not in faults,
        "hasSuspendedListings": "suspended" in faults,
    }
