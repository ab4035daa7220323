from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from sandbox.testing.manual_clock import ManualClock

ORDERS = "/orders/2026-01-01/orders"
MIDNIGHT = "2026-11-22T00:00:00Z"
ALL = "FULFILLMENT,PROCEEDS,CANCELLATION"


async def place(client: httpx.AsyncClient, quantity: int = 1, **more: str) -> str:
    body = {"external_sku": "A", "quantity": quantity, **more}
    order_id: str = (await client.post("/_sandbox/orders", json=body)).json()["external_order_id"]
    return order_id


async def search(client: httpx.AsyncClient, **query: str) -> dict[str, Any]:
    answer = await client.get(ORDERS, params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def ids(body: Mapping[str, Any]) -> list[str]:
    return [order["orderId"] for order in body["orders"]]


@pytest.fixture
async def shop(amazon: httpx.AsyncClient) -> httpx.AsyncClient:
    await amazon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 1000})
    return amazon


async def test_order_ids_look_like_amazons_and_count_up(shop: httpx.AsyncClient) -> None:
    assert [await place(shop), await place(shop)] == ["402-5341600-0000001", "402-5341600-0000002"]


async def test_order_shows_only_the_data_that_was_asked_for(shop: httpx.AsyncClient, clock: ManualClock) -> None:
    await place(shop, 2)
    clock.advance(seconds=1)
    plain = (await search(shop, createdAfter=MIDNIGHT))["orders"][0]
    assert plain.keys() == {"orderId", "createdTime", "lastUpdatedTime", "salesChannel", "orderItems"}
    full = (await search(shop, createdAfter=MIDNIGHT, includedData=ALL))["orders"][0]
    assert full["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert full["fulfillment"]["fulfilledBy"] == "MERCHANT"
    assert full["proceeds"]["grandTotal"] == {"amount": "200.00", "currencyCode": "EGP"}
    line = full["orderItems"][0]
    assert line["product"]["sellerSku"] == "A"
    assert line["product"]["price"]["unitPrice"]["amount"] == "100.00"
    assert (line["quantityOrdered"], line["fulfillment"]) == (2, {"quantityFulfilled": 0, "quantityUnfulfilled": 2})
    assert "cancellation" not in line


async def test_pending_order_has_no_price(shop: httpx.AsyncClient) -> None:
    order_id = await place(shop, status="pending")
    order = (await shop.get(f"{ORDERS}/{order_id}?includedData={ALL}")).json()["order"]
    assert order["fulfillment"]["fulfillmentStatus"] == "PENDING"
    assert "proceeds" not in order
    assert "price" not in order["orderItems"][0]["product"]


async def test_partial_cancellation_lowers_what_is_unfulfilled_and_restocks(shop: httpx.AsyncClient) -> None:
    order_id = await place(shop, 3)
    await shop.post(f"/_sandbox/orders/{order_id}/cancel", json={"quantity": 1})
    await shop.post(f"/_sandbox/orders/{order_id}/ship", json={"quantity": 1})
    order = (await shop.get(f"{ORDERS}/{order_id}?includedData={ALL}")).json()["order"]
    line = order["orderItems"][0]
    assert order["fulfillment"]["fulfillmentStatus"] == "PARTIALLY_SHIPPED"
    assert (line["quantityOrdered"], line["fulfillment"]) == (3, {"quantityFulfilled": 1, "quantityUnfulfilled": 1})
    assert line["cancellation"]["cancellationExecution"]["cancelledBy"] == "BUYER"
    assert (await shop.get("/_sandbox/state")).json()["listings"]["A"]["quantity"] == 998


async def test_cancelled_order_says_so(shop: httpx.AsyncClient) -> None:
    order_id = await place(shop, 3)
    await shop.post(f"/_sandbox/orders/{order_id}/cancel")
    order = (await shop.get(f"{ORDERS}/{order_id}?includedData={ALL}")).json()["order"]
    assert order["fulfillment"]["fulfillmentStatus"] == "CANCELLED"
    assert order["orderItems"][0]["quantityOrdered"] == 3


async def test_unknown_order_is_not_found(shop: httpx.AsyncClient) -> None:
    answer = await shop.get(f"{ORDERS}/402-0000000-0000000")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "NotFound")


async def test_echoed_bound_covers_every_order_that_can_come_before_it(
    shop: httpx.AsyncClient, clock: ManualClock
) -> None:
    clock.advance(seconds=0.5006)
    early = await place(shop)
    first = await search(shop, createdAfter=MIDNIGHT)
    late = await place(shop)
    assert (ids(first), first["createdBefore"]) == ([], "2026-11-22T10:00:00.499Z")
    clock.advance(seconds=1)
    assert ids(await search(shop, createdAfter=first["createdBefore"])) == [early, late]


async def test_search_ends_at_the_configured_delay(late_amazon: httpx.AsyncClient, clock: ManualClock) -> None:
    await late_amazon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 5})
    order_id = await place(late_amazon)
    clock.advance(seconds=120)
    assert (await search(late_amazon, createdAfter=MIDNIGHT))["orders"] == []
    too_late = {"createdAfter": MIDNIGHT, "createdBefore": "2026-11-22T10:01:00Z"}
    assert (await late_amazon.get(ORDERS, params=too_late)).status_code == 400
    clock.advance(seconds=1)
    found = await search(late_amazon, createdAfter=MIDNIGHT)
    assert (ids(found), found["createdBefore"]) == ([order_id], "2026-11-22T10:00:00.999Z")


async def test_search_by_last_update_finds_what_was_touched(shop: httpx.AsyncClient, clock: ManualClock) -> None:
    touched, _ = await place(shop), await place(shop)
    clock.advance(seconds=60)
    await shop.post(f"/_sandbox/orders/{touched}/ship")
    clock.advance(seconds=60)
    found = await search(shop, lastUpdatedAfter="2026-11-22T10:00:30Z")
    assert ids(found) == [touched]
    assert found["lastUpdatedBefore"] == "2026-11-22T10:01:59.999Z"
    before = await search(shop, lastUpdatedAfter=MIDNIGHT, lastUpdatedBefore="2026-11-22T10:00:30Z")
    assert touched not in ids(before)


async def test_status_and_marketplace_filter(shop: httpx.AsyncClient, clock: ManualClock) -> None:
    await place(shop)
    shipped = await place(shop, status="shipped")
    clock.advance(seconds=1)
    assert ids(await search(shop, createdAfter=MIDNIGHT, fulfillmentStatuses="SHIPPED,CANCELLED")) == [shipped]
    assert ids(await search(shop, createdAfter=MIDNIGHT, marketplaceIds="A2VIGQ35RCS4UG")) == []
    assert len(ids(await search(shop, createdAfter=MIDNIGHT, marketplaceIds="ARBP9OOSHTCHU"))) == 2


async def test_pages_hold_every_order_once_while_orders_change(shop: httpx.AsyncClient, clock: ManualClock) -> None:
    placed = [await place(shop) for _ in range(5)]
    clock.advance(seconds=1)
    query = {"lastUpdatedAfter": MIDNIGHT, "maxResultsPerPage": "2"}
    first = await search(shop, **query)
    await shop.post(f"/_sandbox/orders/{placed[0]}/ship")
    second = await search(shop, **query, paginationToken=first["pagination"]["nextToken"])
    third = await search(shop, **query, paginationToken=second["pagination"]["nextToken"])
    assert ids(first) + ids(second) + ids(third) == placed
    assert "pagination" not in third
    assert first["lastUpdatedBefore"] == third["lastUpdatedBefore"]


async def test_page_token_goes_only_with_the_same_parameters(shop: httpx.AsyncClient, clock: ManualClock) -> None:
    for _ in range(2):
        await place(shop)
    clock.advance(seconds=1)
    query = {"createdAfter": MIDNIGHT, "maxResultsPerPage": "1"}
    token = (await search(shop, **query))["pagination"]["nextToken"]
    other = await shop.get(ORDERS, params=query | {"paginationToken": token, "includedData": "PROCEEDS"})
    unreadable = await shop.get(ORDERS, params=query | {"paginationToken": "nonsense"})
    assert (other.status_code, unreadable.status_code) == (400, 400)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"createdAfter": MIDNIGHT, "lastUpdatedAfter": MIDNIGHT},
        {"createdAfter": MIDNIGHT, "lastUpdatedBefore": MIDNIGHT},
        {"createdAfter": "yesterday"},
        {"createdAfter": "2026-11-22T00:00:00"},
        {"createdAfter": MIDNIGHT, "createdBefore": "2026-11-21T00:00:00Z"},
        {"createdAfter": MIDNIGHT, "createdBefore": "2026-11-23T00:00:00Z"},
        {"createdAfter": MIDNIGHT, "maxResultsPerPage": "101"},
        {"createdAfter": MIDNIGHT, "maxResultsPerPage": "0"},
        {"createdAfter": MIDNIGHT, "maxResultsPerPage": "01001"},
        {"createdAfter": MIDNIGHT, "fulfillmentStatuses": "Canceled"},
        {"createdAfter": MIDNIGHT, "includedData": "NONSENSE"},
    ],
)
async def test_wrong_search_is_invalid_input(shop: httpx.AsyncClient, query: dict[str, str]) -> None:
    answer = await shop.get(ORDERS, params=query)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "InvalidInput")
    assert answer.headers["x-amzn-requestid"]
