from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sandbox.fault_settings import FaultSettings
from sandbox.faults import Faults
from sandbox.limits import Limit, Limits
from sandbox.testing.manual_clock import ManualClock

Sign = Callable[..., dict[str, Any]]
ORDERS = "/orders/2026-01-01/orders"
LISTING = "/listings/2021-08-01/items/SELLER1/A?marketplaceIds=ARBP9OOSHTCHU"
SLOW = Limit("slow", 0.5, 3)


def allowed(limits: Limits, limit: Limit, calls: int = 100) -> int:
    return sum(limits.allow(limit) for _ in range(calls))


@pytest.mark.parametrize("scale", [0, None])
def test_limits_are_not_enforced_unless_asked_for(clock: ManualClock, scale: float | None) -> None:
    faults = Faults(clock)
    limits = Limits(faults, clock)
    assert allowed(limits, SLOW) == 100
    faults.put(FaultSettings(limit_scale=scale))
    assert allowed(limits, SLOW) == 100


@pytest.mark.parametrize(
    ("scale", "time_scale", "at_once", "after_4_seconds"), [(1, 1, 3, 2), (2, 1, 6, 4), (1, 3, 3, 3), (0.1, 1, 1, 0)]
)
def test_burst_then_the_rate_in_the_sandboxs_seconds(
    clock: ManualClock, scale: float, time_scale: float, at_once: int, after_4_seconds: int
) -> None:
    faults = Faults(clock)
    faults.put(FaultSettings(limit_scale=scale, time_scale=time_scale))
    limits = Limits(faults, clock)
    assert allowed(limits, SLOW) == at_once
    clock.advance(seconds=4)
    assert allowed(limits, SLOW) == after_4_seconds


def test_each_limit_has_a_bucket_of_its_own(clock: ManualClock) -> None:
    faults = Faults(clock)
    faults.put(FaultSettings(limit_scale=1))
    limits = Limits(faults, clock)
    assert allowed(limits, SLOW) == 3
    assert allowed(limits, Limit("other", 1, 7)) == 7


@pytest.mark.parametrize(
    ("method", "path", "burst", "seconds_to_the_next"),
    [
        ("PATCH", LISTING, 5, 0.2),
        ("GET", LISTING, 10, 0.2),
        ("GET", f"{ORDERS}?createdAfter=2026-11-22T00:00:00Z", 20, 179),
        ("GET", f"{ORDERS}/402-1", 30, 2),
    ],
)
async def test_amazons_operations_have_their_published_limits(
    amazon: httpx.AsyncClient, clock: ManualClock, method: str, path: str, burst: int, seconds_to_the_next: float
) -> None:
    await amazon.put("/_sandbox/faults", json={"limit_scale": 1})
    body = {"productType": "PRODUCT", "patches": [{"op": "delete", "path": "/attributes/x"}]}

    async def call() -> httpx.Response:
        return await amazon.request(method, path, json=body)

    statuses = [(await call()).status_code for _ in range(burst)]
    refused = await call()
    assert 429 not in statuses
    assert refused.status_code == 429
    assert refused.json()["errors"][0]["code"] == "QuotaExceeded"
    assert "x-amzn-ratelimit-limit" not in refused.headers
    assert refused.headers["x-amzn-requestid"]
    clock.advance(seconds=seconds_to_the_next)
    assert [(await call()).status_code != 429 for _ in range(2)] == [True, False]


async def test_throttled_patch_is_not_carried_out(amazon: httpx.AsyncClient) -> None:
    await amazon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 0})
    await amazon.put("/_sandbox/faults", json={"limit_scale": 1})
    for quantity in range(1, 8):
        value = [{"fulfillment_channel_code": "DEFAULT", "quantity": quantity}]
        patch = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": value}
        await amazon.patch(LISTING, json={"productType": "PRODUCT", "patches": [patch]})
    assert (await amazon.get("/_sandbox/state")).json()["listings"] == {"A": {"quantity": 5}}


async def test_noon_allows_its_calls_of_a_minute_at_once(
    noon: httpx.AsyncClient, signed: Sign, clock: ManualClock
) -> None:
    await noon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 0})
    await noon.put("/_sandbox/faults", json={"limit_scale": 0.01})
    body = signed(sku="A", quantity=9)
    statuses = [(await noon.post("/inventory/update", json=body)).status_code for _ in range(16)]
    assert statuses == [200] * 15 + [429]
    query = signed(from_date="2026-11-22T00:00:00.000Z")
    assert (await noon.get("/orders", params=query)).json()["error"]["code"] == "rate_limited"
    clock.advance(seconds=60)
    assert (await noon.get("/orders", params=query)).status_code == 200
