from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sandbox.testing.manual_clock import ManualClock

Sign = Callable[..., dict[str, Any]]
MIDNIGHT = "2026-11-22T00:00:00.000Z"
AWKWARD = "قميص*~ 1/#"


@pytest.fixture
async def shop(noon: httpx.AsyncClient) -> httpx.AsyncClient:
    await noon.post(
        "/_sandbox/listings", json=[{"external_sku": "A", "quantity": 5}, {"external_sku": AWKWARD, "quantity": 5}]
    )
    return noon


async def on_sale(client: httpx.AsyncClient) -> dict[str, int]:
    listings = (await client.get("/_sandbox/state")).json()["listings"]
    return {sku: listing["quantity"] for sku, listing in listings.items()}


@pytest.mark.parametrize("prefix", ["", "/v1"])
async def test_update_sets_the_quantity(shop: httpx.AsyncClient, signed: Sign, prefix: str) -> None:
    answer = await shop.post(f"{prefix}/inventory/update", json=signed(sku=AWKWARD, quantity=9))
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "sku": AWKWARD, "quantity": 9})
    assert (await on_sale(shop))[AWKWARD] == 9
    call = (await shop.get("/_sandbox/calls")).json()[0]
    assert (call["path"], call["external_sku"], call["quantity"]) == (f"{prefix}/inventory/update", AWKWARD, 9)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"sku": "B", "quantity": 1}, 404, "sku_not_found"),
        ({"sku": "A", "quantity": -1}, 422, "invalid_quantity"),
        ({"sku": "A", "quantity": "1"}, 422, "invalid_quantity"),
        ({"sku": "A", "quantity": 1.5}, 422, "invalid_quantity"),
        ({"quantity": 1}, 422, "invalid_sku"),
        ({"sku": "A", "quantity": 1, "timestamp": "1795341600000"}, 422, "invalid_timestamp"),
    ],
)
async def test_update_that_cannot_be_is_refused(
    shop: httpx.AsyncClient, signed: Sign, fields: dict[str, Any], status: int, code: str
) -> None:
    answer = await shop.post("/inventory/update", json=signed(**fields))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert await on_sale(shop) == {"A": 5, AWKWARD: 5}


async def test_altered_parameter_breaks_the_signature(shop: httpx.AsyncClient, signed: Sign) -> None:
    answer = await shop.post("/inventory/update", json=signed(sku="A", quantity=1) | {"quantity": 2})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_signature")
    assert (await on_sale(shop))["A"] == 5


async def test_parameter_that_cannot_be_signed_is_refused(shop: httpx.AsyncClient, signed: Sign) -> None:
    answer = await shop.post("/inventory/update", json=signed(sku="A", quantity=1) | {"extra": [1]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_signature")


@pytest.mark.parametrize("key", ["", "wrong"])
async def test_wrong_api_key_is_refused(shop: httpx.AsyncClient, signed: Sign, key: str) -> None:
    answer = await shop.get("/orders", params=signed(from_date=MIDNIGHT), headers={"X-API-Key": key})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


async def test_wrong_partner_is_refused(shop: httpx.AsyncClient, signed: Sign) -> None:
    answer = await shop.get("/orders", params=signed(from_date=MIDNIGHT, partner_id="P-2"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unknown_partner")


@pytest.mark.parametrize(("age", "status"), [(299, 200), (301, 401), (-299, 200), (-301, 401)])
async def test_request_is_good_for_five_minutes(
    shop: httpx.AsyncClient, signed: Sign, clock: ManualClock, age: float, status: int
) -> None:
    query = signed(from_date=MIDNIGHT)
    clock.advance(seconds=age)
    assert (await shop.get("/orders", params=query)).status_code == status


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff"])
async def test_body_that_is_no_object_is_refused(shop: httpx.AsyncClient, body: bytes) -> None:
    assert (await shop.post("/inventory/update", content=body)).status_code == 400


async def test_orders_since_a_time_come_oldest_first(shop: httpx.AsyncClient, signed: Sign, clock: ManualClock) -> None:
    await shop.post("/_sandbox/orders", json={"external_sku": "A", "quantity": 1})
    clock.advance(seconds=60)
    for sku in (AWKWARD, "A"):
        await shop.post("/_sandbox/orders", json={"external_sku": sku, "quantity": 2})
    body = (await shop.get("/v1/orders", params=signed(from_date="2026-11-22T10:01:00.000Z"))).json()
    assert body.keys() == {"orders"}
    assert [order["items"][0]["sku"] for order in body["orders"]] == [AWKWARD, "A"]
    order_id = body["orders"][0]["order_id"]
    assert body["orders"][0] == {
        "order_id": order_id,
        "status": "unshipped",
        "created_at": "2026-11-22T10:01:00.000Z",
        "updated_at": "2026-11-22T10:01:00.000Z",
        "payment_method": "cod",
        "total": 200.0,
        "currency": "EGP",
        "items": [
            {
                "item_id": f"{order_id}-1",
                "sku": AWKWARD,
                "title": f"Item {AWKWARD}",
                "quantity": 2,
                "quantity_cancelled": 0,
                "unit_price": 100.0,
            }
        ],
    }


async def test_cancelled_units_stay_off_sale(shop: httpx.AsyncClient, signed: Sign) -> None:
    placed = await shop.post("/_sandbox/orders", json={"external_sku": "A", "quantity": 3})
    await shop.post(f"/_sandbox/orders/{placed.json()['external_order_id']}/cancel", json={"quantity": 1})
    order = (await shop.get("/orders", params=signed(from_date=MIDNIGHT))).json()["orders"][0]
    assert (order["status"], order["items"][0]["quantity_cancelled"], order["total"]) == ("unshipped", 1, 200.0)
    assert (await on_sale(shop))["A"] == 2


async def test_long_list_is_paged(shop: httpx.AsyncClient, signed: Sign) -> None:
    for _ in range(3):
        await shop.post("/_sandbox/orders", json={"external_sku": "A", "quantity": 1})
    first = (await shop.get("/orders", params=signed(from_date=MIDNIGHT, page_size="2"))).json()
    last = (await shop.get("/orders", params=signed(from_date=MIDNIGHT, page_size="2", page="2"))).json()
    assert (len(first["orders"]), first["next_page"]) == (2, 2)
    assert (len(last["orders"]), "next_page" in last) == (1, False)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"from_date": "2026-11-22T00:00:00+00:00"},
        {"from_date": "2026-11-22T00:00:00Z"},
        {"from_date": "2026-13-22T00:00:00.000Z"},
        {"from_date": MIDNIGHT, "page": "0"},
        {"from_date": MIDNIGHT, "page_size": "501"},
    ],
)
async def test_wrong_query_is_refused(shop: httpx.AsyncClient, signed: Sign, query: dict[str, Any]) -> None:
    assert (await shop.get("/orders", params=signed(**query))).status_code == 400


async def test_unknown_path_is_refused_in_noons_shape(shop: httpx.AsyncClient) -> None:
    answer = await shop.get("/v2/orders")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
