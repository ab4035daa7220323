from typing import Any

import httpx
import pytest

EGYPT = "ARBP9OOSHTCHU"


async def place(client: httpx.AsyncClient, quantity: int = 3, **more: object) -> str:
    body = {"external_sku": "A", "quantity": quantity, **more}
    order_id: str = (await client.post("/_sandbox/orders", json=body)).json()["external_order_id"]
    return order_id


async def confirm(
    client: httpx.AsyncClient,
    order_id: str,
    quantity: object = 1,
    reference: str = "1",
    **changed: Any,  # noqa: ANN401 - any JSON
) -> httpx.Response:
    package = {
        "packageReferenceId": reference,
        "carrierCode": "Aramex",
        "trackingNumber": "T-1",
        "shipDate": "2026-11-22T12:00:00Z",
        "orderItems": [{"orderItemId": order_id.replace("-", "")[3:], "quantity": quantity}],
    }
    body = {"marketplaceId": EGYPT, "packageDetail": package | changed}
    return await client.post(f"/orders/v0/orders/{order_id}/shipmentConfirmation", json=body)


async def state(client: httpx.AsyncClient, order_id: str) -> tuple[str, int]:
    orders = (await client.get("/_sandbox/state")).json()["orders"]
    (order,) = [each for each in orders if each["external_order_id"] == order_id]
    return order["status"], order["quantity_shipped"]


@pytest.fixture
async def shop(amazon: httpx.AsyncClient) -> httpx.AsyncClient:
    await amazon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 1000})
    return amazon


async def test_parcels_ship_an_order_part_by_part(shop: httpx.AsyncClient) -> None:
    await shop.put("/_sandbox/faults", json={"limit_scale": 1})
    order_id = await place(shop)
    answer = await confirm(shop, order_id, 1)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["x-amzn-ratelimit-limit"] == "2.0"
    assert await state(shop, order_id) == ("partially_shipped", 1)
    assert (await confirm(shop, order_id, 2, "2")).status_code == 204
    assert await state(shop, order_id) == ("shipped", 3)


async def test_the_same_reference_again_corrects_the_parcel(shop: httpx.AsyncClient) -> None:
    order_id = await place(shop)
    for quantity, tracking in ((2, "T-1"), (2, "T-1"), (3, "T-2"), (1, "T-2")):
        assert (await confirm(shop, order_id, quantity, trackingNumber=tracking)).status_code == 204
        assert (await state(shop, order_id))[1] == quantity
    (order,) = (await shop.get("/_sandbox/state")).json()["orders"]
    assert [(name, each["tracking_number"]) for name, each in order["parcels"].items()] == [("1", "T-2")]


async def test_what_can_not_be_is_refused_and_ships_nothing(shop: httpx.AsyncClient) -> None:
    order_id = await place(shop)
    refused = [
        await confirm(shop, order_id, 4),
        await confirm(shop, order_id, 0),
        await confirm(shop, order_id, reference="parcel-1"),
        await confirm(shop, order_id, shipDate="22/11/2026"),
        await confirm(shop, order_id, shipDate="2026-11-22T12:00:00"),
        await confirm(shop, order_id, carrierCode="Other"),
        await confirm(shop, order_id, trackingNumber=""),
        await confirm(shop, order_id, orderItems=[{"orderItemId": "another", "quantity": 1}]),
        await confirm(shop, order_id, orderItems=[]),
        await shop.post(f"/orders/v0/orders/{order_id}/shipmentConfirmation", content=b"{"),
    ]
    assert [answer.status_code for answer in refused] == [400] * len(refused)
    assert all(answer.json()["errors"][0]["message"] for answer in refused)
    assert await state(shop, order_id) == ("unshipped", 0)


async def test_orders_that_are_unknown_pending_or_easy_ship_are_not_confirmed(shop: httpx.AsyncClient) -> None:
    assert (await confirm(shop, "402-0000000-0000000")).status_code == 404
    assert (await confirm(shop, await place(shop, status="pending"))).status_code == 400
    easy = await place(shop, easy_ship=True)
    assert (await confirm(shop, easy)).status_code == 400
    order = (await shop.get(f"/orders/2026-01-01/orders/{easy}")).json()["order"]
    assert order["programs"] == ["AMAZON_EASY_SHIP"]


async def test_the_published_limit_holds(shop: httpx.AsyncClient) -> None:
    order_id = await place(shop, 50)
    await shop.put("/_sandbox/faults", json={"limit_scale": 1})
    answers = [await confirm(shop, order_id, 1, str(number)) for number in range(1, 13)]
    assert [answer.status_code for answer in answers] == [204] * 10 + [429] * 2
