"""Stock changes that come by HTTP, and what an Idempotency-Key promises."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from contracts import partition_counts
from inventory.adapters.answered_requests import sweep
from inventory.entrypoints.stock_changes_api import stock_changes
from pydantic import SecretStr
from runtime.access import protect
from runtime.api_keys import ApiKeys
from runtime.http import create_app
from runtime.outbox import Outbox
from runtime.testing.clocks import FixedClock
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.integration

CHANNELS = ("saberstore", "amazon", "noon")
DESK = "desk-key-0123456789"
SOLD = {"sku": "A", "reason": "sale", "change_qty": -1, "channel": "saberstore"}
PATH = "/v1/stock-changes"


@pytest.fixture
async def api(worker: Worker) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app("inventory", {})
    router = stock_changes(worker, CHANNELS)
    protect(router, ApiKeys(SecretStr("storefront"), f"desk:{DESK}:stock.write"))
    app.include_router(router)
    headers = {"X-API-Key": "storefront"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        yield http


async def send(
    api: httpx.AsyncClient, *changes: dict[str, Any], key: str | None = None, caller: str = "storefront"
) -> httpx.Response:
    headers = {"X-API-Key": caller} | ({} if key is None else {"Idempotency-Key": key})
    return await api.post(PATH, json={"changes": changes}, headers=headers)


async def published(engine: AsyncEngine) -> list[str]:
    """The ids of the stock changes that go to Kafka."""
    async with engine.connect() as connection:
        query = text("select value from outbox where topic = 'stock.changed' order by id")
        return [json.loads(value)["id"] for value in (await connection.execute(query)).scalars()]


async def test_stock_changes_take_the_way_through_kafka(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    answer = await send(api, SOLD, SOLD | {"sku": "B"})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 2)
    assert await published(engine) == answer.json()["event_ids"]


async def test_without_a_key_each_call_is_a_new_one(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    for _ in range(2):
        await send(api, SOLD)
    assert len(set(await published(engine))) == 2


async def test_the_same_request_again_gets_the_same_answer(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    first = await send(api, SOLD, key="order-7")
    turned = dict(reversed(SOLD.items()))
    again = await send(api, turned, key="order-7")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert await published(engine) == first.json()["event_ids"]


async def test_many_at_once_with_one_key_are_one(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    answers = await asyncio.gather(*(send(api, SOLD, key="order-7") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert [[one] for one in await published(engine)] == [answers[0].json()["event_ids"]]
    assert len({answer.text for answer in answers}) == 1


async def test_a_key_with_another_body_is_refused_and_changes_nothing(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    first = await send(api, SOLD, key="order-7")
    refused = await send(api, SOLD | {"change_qty": -2}, key="order-7")
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:mizan:problem:idempotency-key-reused")
    assert await published(engine) == first.json()["event_ids"]


async def test_each_caller_has_keys_of_their_own(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    await send(api, SOLD, key="order-7")
    other = await send(api, SOLD | {"change_qty": -2}, key="order-7", caller=DESK)
    assert other.status_code == 202
    assert len(await published(engine)) == 2


async def test_a_request_that_was_refused_leaves_its_key_free(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    assert (await send(api, SOLD | {"channel": "ebay"}, key="order-7")).status_code == 422
    assert (await send(api, SOLD, key="order-7")).status_code == 202
    assert len(await published(engine)) == 1


async def test_every_wrong_line_is_named_by_its_index_and_nothing_is_done(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    refused = await send(api, SOLD, SOLD | {"change_qty": 0}, SOLD | {"sku": ""}, {"sku": "A"})
    assert refused.status_code == 422
    assert [error["location"] for error in refused.json()["errors"]] == [
        "body.changes[1]",
        "body.changes[2].sku",
        "body.changes[3].reason",
    ]
    refused = await send(api, SOLD, SOLD | {"channel": "ebay"})
    assert refused.json()["errors"] == [
        {"location": "body.changes[1].channel", "message": "must be one of: saberstore, amazon, noon"}
    ]
    assert await published(engine) == []


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_that_is_none_is_refused(api: httpx.AsyncClient, key: str) -> None:
    refused = await send(api, SOLD, key=key)
    assert (refused.status_code, refused.json()["errors"][0]["location"]) == (422, "header.Idempotency-Key")


async def test_keys_are_kept_for_a_day_and_then_swept(engine: AsyncEngine) -> None:
    clock = FixedClock()
    worker = Worker(engine, Outbox("inventory", partition_counts()), group="inventory", clock=clock)
    app = create_app("inventory", {})
    app.include_router(stock_changes(worker, CHANNELS))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as api:
        first = await send(api, SOLD, key="order-7")
        clock.advance(hours=24)
        async with worker.begin() as work:
            await sweep(work.connection, work.now)
        assert (await send(api, SOLD, key="order-7")).json() == first.json()
        clock.advance(seconds=1)
        async with worker.begin() as work:
            await sweep(work.connection, work.now)
        assert (await send(api, SOLD, key="order-7")).json() != first.json()
