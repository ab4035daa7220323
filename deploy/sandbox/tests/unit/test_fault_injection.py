import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sandbox.fault_settings import FaultSettings
from sandbox.faults import FaultMiddleware, Faults
from sandbox.noon.wire import refuse
from sandbox.testing.manual_clock import ManualClock
from starlette.types import Message, Receive, Scope, Send

Sign = Callable[..., dict[str, Any]]


async def test_throttled_calls_are_never_carried_out(noon: httpx.AsyncClient, signed: Sign) -> None:
    await noon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 5})
    await noon.put("/_sandbox/faults", json={"throttle_rate": 1, "error_rate": 1})
    answers = [await noon.post("/inventory/update", json=signed(sku="A", quantity=9)) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {429}
    assert answers[0].json()["error"]["code"] == "rate_limited"
    assert (await noon.get("/_sandbox/state")).json()["listings"] == {"A": {"quantity": 5}}


async def test_failed_calls_are_carried_out_about_half_the_time(noon: httpx.AsyncClient, signed: Sign) -> None:
    await noon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 0})
    await noon.put("/_sandbox/faults", json={"error_rate": 1})
    carried_out = 0
    statuses: Counter[int] = Counter()
    for quantity in range(1, 101):
        answer = await noon.post("/inventory/update", json=signed(sku="A", quantity=quantity))
        statuses[answer.status_code] += 1
        state = (await noon.get("/_sandbox/state")).json()
        carried_out += state["listings"]["A"]["quantity"] == quantity
    assert statuses.keys() == {500, 503}
    assert 30 < carried_out < 70


async def test_faulted_call_is_logged_with_what_it_asked_for(noon: httpx.AsyncClient, signed: Sign) -> None:
    await noon.put("/_sandbox/faults", json={"throttle_rate": 1})
    await noon.post("/inventory/update", json=signed(sku="A", quantity=9))
    call = (await noon.get("/_sandbox/calls")).json()[0]
    assert (call["status"], call["external_sku"], call["quantity"]) == (429, "A", 9)


async def test_faults_speak_amazons_language(amazon: httpx.AsyncClient) -> None:
    orders = "/orders/2026-01-01/orders?createdAfter=2026-11-22T00:00:00Z"
    await amazon.put("/_sandbox/faults", json={"throttle_rate": 1})
    throttled = await amazon.get(orders)
    assert (throttled.status_code, throttled.json()["errors"][0]["code"]) == (429, "QuotaExceeded")
    assert throttled.headers["x-amzn-requestid"]
    assert "x-amzn-ratelimit-limit" not in throttled.headers
    assert "error_description" in (await amazon.post("/auth/o2/token")).json()
    await amazon.put("/_sandbox/faults", json={"error_rate": 1})
    failed = await amazon.get(orders)
    assert failed.status_code in {500, 503}
    assert failed.json()["errors"][0]["code"] in {"InternalFailure", "ServiceUnavailable"}


async def test_faults_spare_the_control_surface_and_can_be_lifted(amazon: httpx.AsyncClient) -> None:
    await amazon.put("/_sandbox/faults", json={"throttle_rate": 1, "latency_ms": 1})
    assert (await amazon.get("/_sandbox/state")).status_code == 200
    lifted = await amazon.put("/_sandbox/faults", json={})
    assert lifted.json() == FaultSettings().model_dump(mode="json")
    assert (await amazon.get("/_sandbox/faults")).json() == lifted.json()
    answer = await amazon.get("/orders/2026-01-01/orders?createdAfter=2026-11-22T00:00:00Z")
    assert answer.status_code == 200


async def test_slow_call_does_not_hold_up_the_control_surface(noon: httpx.AsyncClient, signed: Sign) -> None:
    await noon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 5})
    await noon.put("/_sandbox/faults", json={"latency_ms": 600_000})
    async with asyncio.TaskGroup() as group:
        slow = group.create_task(noon.post("/inventory/update", json=signed(sku="A", quantity=9)))
        state = (await noon.get("/_sandbox/state")).json()
        assert state["listings"]["A"]["quantity"] == 5
        assert not slow.done()
        slow.cancel()


def test_same_seed_gives_the_same_faults() -> None:
    def verdicts(seed: int) -> list[object]:
        faults = Faults(ManualClock(), seed)
        faults.put(FaultSettings(error_rate=0.5, throttle_rate=0.2))
        return [faults.decide() for _ in range(50)]

    assert verdicts(1) == verdicts(1)
    assert verdicts(1) != verdicts(2)


async def test_marketplace_that_is_down_carries_nothing_out_and_comes_back_by_itself(
    noon: httpx.AsyncClient, clock: ManualClock
) -> None:
    faults = Faults(clock, seed=3)
    faults.put(FaultSettings(down_s=20))
    verdicts = [faults.decide() for _ in range(50)]
    assert {verdict.status for verdict in verdicts} == {503}
    assert not any(verdict.applied for verdict in verdicts)
    assert {verdict.is_cut for verdict in verdicts} == {True, False}
    clock.advance(seconds=20)
    assert faults.decide().applied
    await noon.put("/_sandbox/faults", json={"down_s": 20})
    assert (await noon.get("/_sandbox/state")).status_code == 200


async def test_cut_answer_has_a_head_and_no_end(clock: ManualClock) -> None:
    async def never(_scope: Scope, _receive: Receive, _send: Send) -> None:
        pytest.fail("a call was carried out while the marketplace was down")

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def answer() -> list[Message]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        await middleware({"type": "http", "path": "/orders"}, receive, send)
        return sent

    faults = Faults(clock, seed=3)
    faults.put(FaultSettings(down_s=20))
    middleware = FaultMiddleware(never, faults, refuse)
    answers = [await answer() for _ in range(20)]
    assert {each[0]["status"] for each in answers} == {503}
    assert {len(each) for each in answers} == {1, 2}
