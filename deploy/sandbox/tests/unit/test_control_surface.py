import httpx
import pytest


async def test_listings_are_added_one_or_many_at_a_time(amazon_stranger: httpx.AsyncClient) -> None:
    one = await amazon_stranger.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 5})
    many = await amazon_stranger.post(
        "/_sandbox/listings", json=[{"external_sku": "B", "quantity": 0}, {"external_sku": "A", "quantity": 7}]
    )
    assert (one.status_code, many.status_code) == (201, 201)
    state = (await amazon_stranger.get("/_sandbox/state")).json()
    assert state == {
        "listings": {"A": {"quantity": 7}, "B": {"quantity": 0}},
        "prices": {"A": "100.00", "B": "100.00"},
        "orders": [],
        "on_their_way": 0,
    }


async def test_listing_with_an_awkward_sku_is_edited_by_hand(noon: httpx.AsyncClient) -> None:
    await noon.post("/_sandbox/listings", json={"external_sku": "قميص/1 #2", "quantity": 5})
    edited = await noon.put("/_sandbox/listings/%D9%82%D9%85%D9%8A%D8%B5%2F1%20%232", json={"quantity": 9})
    assert edited.json() == {"listings": {"قميص/1 #2": {"quantity": 9}}}
    unknown = await noon.put("/_sandbox/listings/none", json={"quantity": 9})
    assert unknown.status_code == 404


async def test_order_is_placed_cancelled_and_shipped(noon: httpx.AsyncClient) -> None:
    await noon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 5})
    placed = await noon.post("/_sandbox/orders", json={"external_sku": "A", "quantity": 3, "status": "pending"})
    assert placed.status_code == 201
    path = f"/_sandbox/orders/{placed.json()['external_order_id']}"
    assert (await noon.post(f"{path}/cancel", json={"quantity": 1})).json()["quantity_cancelled"] == 1
    assert (await noon.post(f"{path}/ship")).json()["status"] == "shipped"
    refused = await noon.post(f"{path}/cancel")
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert "0 open units" in refused.json()["detail"]


async def test_order_is_refused_when_short_or_unknown(amazon_stranger: httpx.AsyncClient) -> None:
    await amazon_stranger.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 1})
    short = await amazon_stranger.post("/_sandbox/orders", json={"external_sku": "A", "quantity": 2})
    unknown = await amazon_stranger.post("/_sandbox/orders", json={"external_sku": "B", "quantity": 1})
    assert (short.status_code, unknown.status_code) == (409, 404)
    assert (await amazon_stranger.post("/_sandbox/orders/402-1/cancel")).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("faults", {"live_delay": 3}, "live_delay: no such field"),
        ("faults", {"live_delay_s": [2, 1]}, "live_delay_s must be [shortest, longest]"),
        ("faults", {"time_scale": 0}, "time_scale: Input should be greater than 0"),
        ("faults", {"error_rate": 1.5}, "error_rate: Input should be less than or equal to 1"),
        ("listings/A", {"quantity": -1}, "quantity: Input should be greater than or equal to 0"),
        ("listings/A", {"quantity": True}, "quantity: Input should be a valid integer"),
    ],
)
async def test_bad_input_gets_one_clear_error(
    amazon_stranger: httpx.AsyncClient, path: str, body: dict[str, object], said: str
) -> None:
    answer = await amazon_stranger.put(f"/_sandbox/{path}", json=body)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


async def test_clearing_forgets_everything(noon: httpx.AsyncClient) -> None:
    await noon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 1})
    await noon.post("/_sandbox/orders", json={"external_sku": "A", "quantity": 1})
    await noon.get("/orders")
    assert (await noon.delete("/_sandbox/state")).status_code == 204
    state = (await noon.get("/_sandbox/state")).json()
    assert state == {"listings": {}, "prices": {}, "orders": [], "on_their_way": 0}
    assert (await noon.get("/_sandbox/calls")).json() == []


async def test_unknown_control_path_is_a_problem(noon: httpx.AsyncClient) -> None:
    answer = await noon.get("/_sandbox/nothing")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")
