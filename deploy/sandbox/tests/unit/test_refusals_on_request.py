"""A marketplace that refuses its seller, a listing that takes no write, and pages that are shorter than asked for."""

import httpx
import pytest
from sandbox.testing.manual_clock import ManualClock

SEARCH = "/orders/2026-01-01/orders?createdAfter=2026-01-01T00:00:00Z"
PATCH = {
    "productType": "PRODUCT",
    "patches": [
        {
            "op": "merge",
            "path": "/attributes/fulfillment_availability",
            "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 7}],
        }
    ],
}
LISTING = "/listings/2021-08-01/items/SELLER1/A?marketplaceIds=ARBP9OOSHTCHU"


async def test_refused_credentials_get_403_and_nothing_is_carried_out(amazon: httpx.AsyncClient) -> None:
    await amazon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 1})
    await amazon.put("/_sandbox/faults", json={"unauthorised": True})
    answer = await amazon.patch(LISTING, json=PATCH)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "Unauthorized")
    token = await amazon.post("/auth/o2/token", data={"grant_type": "refresh_token"})
    assert (token.status_code, token.json()["error"]) == (400, "invalid_grant")
    assert (await amazon.get("/_sandbox/state")).json()["listings"] == {"A": {"quantity": 1}}

    await amazon.put("/_sandbox/faults", json={})
    assert (await amazon.patch(LISTING, json=PATCH)).json()["status"] == "ACCEPTED"


async def test_noon_refuses_too(noon: httpx.AsyncClient) -> None:
    await noon.put("/_sandbox/faults", json={"unauthorised": True})
    assert (await noon.get("/orders")).status_code == 403


async def test_a_listing_that_takes_no_write_is_invalid_at_amazon_and_still_sells(amazon: httpx.AsyncClient) -> None:
    await amazon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 5, "rejects_writes": True})
    answer = await amazon.patch(LISTING, json=PATCH)
    assert (answer.status_code, answer.json()["status"]) == (200, "INVALID")
    assert answer.json()["issues"][0]["severity"] == "ERROR"
    assert (await amazon.post("/_sandbox/orders", json={"external_sku": "A", "quantity": 2})).status_code == 201
    assert (await amazon.get("/_sandbox/state")).json()["listings"] == {"A": {"quantity": 3}}

    await amazon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 5})
    assert (await amazon.patch(LISTING, json=PATCH)).json()["status"] == "ACCEPTED"


@pytest.mark.parametrize(("largest", "sizes"), [(2, [2, 1]), (5, [3])])
async def test_pages_hold_no_more_than_was_set(
    amazon: httpx.AsyncClient, clock: ManualClock, largest: int, sizes: list[int]
) -> None:
    await amazon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 5})
    for _ in range(3):
        await amazon.post("/_sandbox/orders", json={"external_sku": "A", "quantity": 1})
    clock.advance(seconds=1)
    await amazon.put("/_sandbox/faults", json={"largest_page": largest})
    found, query = [], ""
    while True:
        page = (await amazon.get(SEARCH + query)).json()
        found.append(len(page["orders"]))
        if "pagination" not in page:
            break
        query = f"&paginationToken={page['pagination']['nextToken']}"
    assert found == sizes
