"""Operators have stock, prices, listings and orders brought in step; asking twice begins it once."""

import asyncio
from typing import Any

import httpx
import pytest
from connector_sdk.reading_requests import ReadingRequests
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.requests import listed, requested
from connector_sdk.testing.targets import CHANNEL, delivery, price_delivery
from contracts import SyncRequested, SyncScope

pytestmark = pytest.mark.integration

A_MINUTE_AGO = "update syncs set begun_at = now() - interval '1 minute'"


async def _sync(api: httpx.AsyncClient, **body: object) -> dict[str, bool]:
    """Whether each scope was begun anew."""
    answer = await api.post("/v1/sync", json=body)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    assert told["channel"] == CHANNEL
    assert all(each["begun_at"] for each in told["syncs"])
    return {each["scope"]: each["is_new"] for each in told["syncs"]}


async def _published(database: ConnectorDatabase) -> list[tuple[SyncScope, str | None]]:
    events = [event.data for event in await database.published("channel.sync.requested")]
    return [(event.scope, event.sku) for event in events if isinstance(event, SyncRequested)]


async def test_what_is_at_work_is_not_begun_again(database: ConnectorDatabase, api: httpx.AsyncClient) -> None:
    await database.note_listings(listed("A"), listed("B"))
    await database.run("update listings set next_read_at = null")
    await database.take_in(delivery("A", 1), delivery("B", 1))
    await database.take_in_prices(price_delivery("A", 1), price_delivery("B", 1))
    await database.run("update price_pushes set state = 'live', submitted_at = now() - interval '1 hour'")
    await database.run("update pushes set desired_at = now() - interval '1 hour'")

    every = ("stock", "prices", "listings", "orders")
    assert await _sync(api, scope="all") == dict.fromkeys(every, True)
    assert await _sync(api, scope="all") == dict.fromkeys(every, False), "it is on its way"
    assert await _published(database) == [(SyncScope.STOCK, None), (SyncScope.LISTINGS, None)]

    async with database.worker.begin() as work:
        await ReadingRequests(CHANNEL, can_read=True).note_requests([requested(None)], work)
    await database.run(A_MINUTE_AGO)
    assert await _sync(api, scope="all") == dict.fromkeys(every, False), "nothing has come to its end"
    await database.take_in(delivery("A", 2), delivery("B", 2))
    await database.run("update price_pushes set state = 'accepted'")
    await database.run("update listings set next_read_at = null")
    await database.run("insert into cursors (search, position, read_at) values ('created', now(), now())")
    assert await _sync(api, scope="all") == dict.fromkeys(every, True)


async def test_what_never_ends_may_be_asked_for_again(database: ConnectorDatabase, api: httpx.AsyncClient) -> None:
    await _sync(api, scope="orders")
    await database.run("update syncs set begun_at = now() - interval '16 minutes'")
    assert await _sync(api, scope="orders") == {"orders": True}


async def test_one_sku_is_a_request_of_its_own_and_has_no_orders(
    database: ConnectorDatabase, api: httpx.AsyncClient
) -> None:
    await database.take_in_prices(price_delivery("A", 1), price_delivery("B", 1))
    await database.run("update price_pushes set state = 'live', submitted_at = now() - interval '1 hour'")
    assert await _sync(api, scope="listings") == {"listings": True}
    assert await _sync(api, scope="all", sku="A") == {"stock": True, "prices": True, "listings": True}
    assert (await api.post("/v1/sync", json={"scope": "prices", "sku": "B"})).json()["requested"] == ["B"]
    told = [(SyncScope.LISTINGS, None), (SyncScope.STOCK, "A"), (SyncScope.LISTINGS, "A")]
    assert await _published(database) == told
    for wrong in ({"scope": "all", "failed": True}, {"scope": "orders", "sku": "A"}, {"scope": "everything"}):
        answer = await api.post("/v1/sync", json=wrong)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_orders_are_read_by_whoever_leads_and_nobody_else_wakes_them(
    database: ConnectorDatabase, api: httpx.AsyncClient
) -> None:
    orders, stock = asyncio.Event(), asyncio.Event()
    leader = database.leader()
    leader.on_desire("orders", orders.set, by_name_only=True)
    leader.on_desire("stock", stock.set)
    await leader.lead()
    await api.post("/v1/resume")
    await asyncio.wait_for(stock.wait(), 10)
    assert not orders.is_set(), "searches are scarce"
    await asyncio.gather(*(_sync(api, scope="orders") for _ in range(3)))
    await asyncio.wait_for(orders.wait(), 10)
    await leader.close()
    assert len(await database.rows("select * from syncs")) == 1
