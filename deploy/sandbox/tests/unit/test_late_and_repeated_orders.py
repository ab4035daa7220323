from collections.abc import Callable
from typing import Any

import httpx
from sandbox.fault_settings import FaultSettings
from sandbox.faults import Faults
from sandbox.testing.manual_clock import ManualClock

Sign = Callable[..., dict[str, Any]]
ORDERS = "/orders/2026-01-01/orders"
CREATED = {"createdAfter": "2026-11-22T00:00:00Z"}
UPDATED = {"lastUpdatedAfter": "2026-11-22T00:00:00Z"}


async def place(market: httpx.AsyncClient, count: int = 1) -> list[str]:
    await market.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 100})
    body = {"external_sku": "A", "quantity": 1}
    return [(await market.post("/_sandbox/orders", json=body)).json()["external_order_id"] for _ in range(count)]


def ids(answer: httpx.Response) -> list[str]:
    return [order.get("orderId") or order["order_id"] for order in answer.json()["orders"]]


async def test_late_order_is_found_by_nobody_before_its_time(amazon: httpx.AsyncClient, clock: ManualClock) -> None:
    await amazon.put("/_sandbox/faults", json={"order_lag_s": 30, "time_scale": 10})
    [order_id] = await place(amazon)
    clock.advance(seconds=2.9)
    assert ids(await amazon.get(ORDERS, params=CREATED)) == []
    assert ids(await amazon.get(ORDERS, params=UPDATED)) == []
    assert (await amazon.get(f"{ORDERS}/{order_id}")).status_code == 404
    assert len((await amazon.get("/_sandbox/state")).json()["orders"]) == 1
    clock.advance(seconds=0.2)
    assert ids(await amazon.get(ORDERS, params=CREATED)) == [order_id]
    assert ids(await amazon.get(ORDERS, params=UPDATED)) == [order_id]
    assert (await amazon.get(f"{ORDERS}/{order_id}")).status_code == 200


async def test_no_late_order_is_older_than_what_amazon_said_it_knows(
    amazon: httpx.AsyncClient, clock: ManualClock
) -> None:
    await amazon.put("/_sandbox/faults", json={"order_lag_s": 5})
    await place(amazon)
    clock.advance(seconds=1)
    answer = (await amazon.get(ORDERS, params=CREATED)).json()
    [order] = (await amazon.get("/_sandbox/state")).json()["orders"]
    assert answer["createdBefore"] < order["placed_at"]


async def test_noon_lists_an_order_only_after_the_lag(
    noon: httpx.AsyncClient, signed: Sign, clock: ManualClock
) -> None:
    async def listed() -> list[str]:
        return ids(await noon.get("/orders", params=signed(from_date="2026-11-22T00:00:00.000Z")))

    await noon.put("/_sandbox/faults", json={"order_lag_s": 5})
    found = await place(noon)
    assert await listed() == []
    clock.advance(seconds=5)
    assert await listed() == found


async def test_page_repeats_its_own_orders_and_the_last_of_the_page_before(
    amazon: httpx.AsyncClient, clock: ManualClock
) -> None:
    first, second, third = await place(amazon, 3)
    clock.advance(seconds=1)
    await amazon.put("/_sandbox/faults", json={"duplicate_rate": 1})
    page = await amazon.get(ORDERS, params=CREATED | {"maxResultsPerPage": 2})
    assert ids(page) == [first, first, second, second]
    token = page.json()["pagination"]["nextToken"]
    rest = await amazon.get(ORDERS, params=CREATED | {"maxResultsPerPage": 2, "paginationToken": token})
    assert ids(rest) == [second, third, third]
    assert "pagination" not in rest.json()


async def test_noons_next_page_repeats_an_order_too(noon: httpx.AsyncClient, signed: Sign) -> None:
    first, second = await place(noon, 2)
    await noon.put("/_sandbox/faults", json={"duplicate_rate": 1})

    async def page(number: str) -> list[str]:
        query = signed(from_date="2026-11-22T00:00:00.000Z", page=number, page_size="1")
        return ids(await noon.get("/orders", params=query))

    assert await page("1") == [first, first]
    assert await page("2") == [first, second, second]


async def test_reordered_page_holds_the_same_orders(amazon: httpx.AsyncClient, clock: ManualClock) -> None:
    placed = await place(amazon, 20)
    clock.advance(seconds=1)
    assert ids(await amazon.get(ORDERS, params=CREATED)) == placed
    await amazon.put("/_sandbox/faults", json={"reorder": True})
    told = ids(await amazon.get(ORDERS, params=CREATED))
    assert told != placed
    assert sorted(told) == sorted(placed)


def test_pages_without_faults_are_left_as_they_are(clock: ManualClock) -> None:
    assert Faults(clock).disorder([1, 2, 3], 0) == [1, 2, 3]


def test_duplicates_hit_about_their_share(clock: ManualClock) -> None:
    faults = Faults(clock, seed=5)
    faults.put(FaultSettings(duplicate_rate=0.2))
    told = faults.disorder(range(1000), None)
    assert set(told) == set(range(1000))
    assert 1150 < len(told) < 1250
