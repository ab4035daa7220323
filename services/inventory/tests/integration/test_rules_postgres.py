"""Rules over HTTP on real Postgres: kept, tried out, noticed by every replica, and followed by the queue."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from contracts import partition_counts
from inventory.adapters import rebalance_queue
from inventory.adapters.postgres_book import PostgresBook
from inventory.adapters.rules import PostgresPolicies, RuleCache
from inventory.domain.allocation import Limit, Mode, Policy
from inventory.domain.stock import Item
from inventory.entrypoints.rules_api import rules_reading, rules_writing
from runtime.http import create_app
from runtime.outbox import Outbox
from runtime.testing.clocks import FixedClock
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.integration

POLICY = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore", buffer_percent=0)
CATALOGUE = """
insert into products (sku, title, category, is_active, on_hand, changed_at)
select 'P' || lpad(cast(n as text), 6, '0'), 'x', case when n % 2 = 0 then 'mugs' else 'cups' end, true, 100, now()
from generate_series(1, {count}) n;
insert into marketplace_listings (channel, sku, external_sku, is_active, changed_at)
select c, sku, sku, true, now() from products, unnest(array['amazon', 'noon']) c
"""


@pytest.fixture
async def api(engine: AsyncEngine, worker: Worker) -> AsyncIterator[httpx.AsyncClient]:
    app, cache = create_app("inventory", {}), RuleCache(POLICY)
    app.include_router(rules_reading(engine, cache))
    app.include_router(rules_writing(worker, cache))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test/v1") as http:
        yield http


async def fill(engine: AsyncEngine, count: int = 10) -> None:
    async with engine.begin() as connection:
        for statement in CATALOGUE.format(count=count).split(";\n"):
            await connection.execute(text(statement))


async def queued(worker: Worker) -> list[str]:
    async with worker.begin() as work:
        return await rebalance_queue.take(work.connection, 100_000)


async def policies(engine: AsyncEngine, cache: RuleCache, *skus: str) -> dict[str, Policy]:
    async with engine.begin() as connection:
        items = await PostgresBook(connection, POLICY, keeps_bounds=True).lock(sorted(skus))
        return await PostgresPolicies(connection, cache).of(list(items.values()))


async def test_a_rule_is_kept_as_it_was_written(api: httpx.AsyncClient) -> None:
    sets = {"buffer_percent": 10, "limits": {"noon": {"max": None}}, "marketplace_cap": None, "mode": "guide"}
    put = (await api.put("/rules/أكواب", json={"category": "mugs", "sets": sets})).json()
    assert (put["put"], put["deleted"], put["concerned"], put["scope"]) == (1, 0, 0, "category")
    shown = (await api.get("/rules/أكواب")).json()
    assert (shown["sets"], shown["category"], shown["sku"], shown["channel"]) == (sets, "mugs", None, None)
    listed = (await api.get("/rules")).json()
    assert [rule["name"] for rule in listed["rules"]] == ["أكواب"]
    assert listed["default"]["weights"] == POLICY.weights
    assert (await api.delete("/rules/أكواب")).json() == {"put": 0, "deleted": 1, "concerned": 0}
    assert (await api.get("/rules/أكواب")).status_code == 404


async def test_only_the_skus_concerned_are_queued_and_only_if_something_changes(
    api: httpx.AsyncClient, engine: AsyncEngine, worker: Worker
) -> None:
    await fill(engine)
    rule = {"category": "mugs", "sets": {"buffer_units": 1}}
    assert (await api.put("/rules/r", json=rule)).json()["concerned"] == 5
    assert await queued(worker) == ["P000002", "P000004", "P000006", "P000008", "P000010"]
    assert (await api.put("/rules/r", json=rule)).json()["concerned"] == 0
    moved = (await api.put("/rules/r", json={"sku": "P000001", "sets": {"buffer_units": 1}})).json()
    assert moved["concerned"] == 6
    assert await queued(worker) == ["P000001", "P000002", "P000004", "P000006", "P000008", "P000010"]
    await api.put("/rules/all", json={"channel": "noon", "sets": {"weight": 1}})
    assert len(await queued(worker)) == 10


async def test_every_replica_notices_a_change_in_its_next_transaction(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    await fill(engine)
    elsewhere = RuleCache(POLICY)
    assert await policies(engine, elsewhere, "P000001") == {"P000001": POLICY}
    await api.post("/rules", json={"put": [
        {"name": "mugs", "category": "mugs", "sets": {"mode": "guide"}},
        {"name": "one", "sku": "P000002", "channel": "noon", "sets": {"max": 3}},
    ]})  # fmt: skip
    found = await policies(engine, elsewhere, "P000001", "P000002", "P000004")
    assert found["P000001"] is elsewhere.default
    assert (found["P000002"].mode, found["P000002"].limits) == (Mode.GUIDE, {"noon": Limit(max=3)})
    assert (found["P000004"].mode, found["P000004"].limits) == (Mode.GUIDE, {})
    await api.delete("/rules/mugs")
    assert (await policies(engine, elsewhere, "P000004"))["P000004"].mode is Mode.DEFAULT


async def test_a_rule_that_is_rolled_back_leaves_no_trace_in_the_cache(engine: AsyncEngine, worker: Worker) -> None:
    await fill(engine)
    cache = RuleCache(POLICY)
    insert = "insert into rules (name, sets, changed_at) values (:name, cast(:sets as jsonb), now())"
    async with engine.connect() as connection:
        await connection.execute(text(insert), {"name": "never", "sets": '{"buffer_units": 7}'})
        assert (await cache.book(connection)).effective("A", None)[0].buffer_units == 7
        await connection.rollback()
    async with worker.begin() as work:
        await work.connection.execute(text(insert), {"name": "kept", "sets": '{"buffer_units": 2}'})
    async with engine.connect() as connection:
        assert (await cache.book(connection)).effective("A", None)[0].buffer_units == 2


async def test_whoever_waits_for_a_product_does_not_miss_a_rule_that_came_meanwhile(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    await fill(engine)
    cache = RuleCache(POLICY)
    async with engine.begin() as first:
        await PostgresBook(first, POLICY, keeps_bounds=True).lock(["P000001"])
        waiting = asyncio.create_task(policies(engine, cache, "P000001"))
        await api.put("/rules/r", json={"sets": {"buffer_units": 5}})
    assert (await waiting)["P000001"].buffer_units == 5


async def test_the_reason_names_the_rule_that_won(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    await api.put("/rules/wide", json={"sets": {"buffer_units": 5}})
    await api.put("/rules/narrow", json={"sku": "A", "sets": {"buffer_units": 1}})
    async with engine.connect() as connection:
        item = Item("A", is_active=True, on_hand=1, reserved=0, counted_at=None)
        policy, [reason] = await PostgresPolicies(connection, RuleCache(POLICY)).why(item)
    assert (policy.buffer_units, reason.rule, reason.scope, reason.lost) == (1, "narrow", "SKU", (("wide", 5),))


async def test_changes_that_arrive_at_once_queue_for_each_other(api: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(api.put(f"/rules/r{number}", json={"sku": "A", "sets": {"buffer_units": number}}) for number in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        ({"put": [{"name": "n", "sets": {}}]}, 422, "sets nothing"),
        ({"put": [{"name": "n", "sets": {"bufer": 1}}]}, 422, "put[1].sets.bufer"),
        ({"put": [{"name": "n", "sets": {"buffer_percent": 101}}]}, 422, "put[1].sets.buffer_percent"),
        ({"put": [{"name": "n", "sets": {"buffer_units": True}}]}, 422, "put[1].sets.buffer_units"),
        ({"put": [{"name": "n", "sets": {"weights": {"ebay": 1}}}]}, 422, "the channels are saberstore, amazon, noon"),
        ({"put": [{"name": "a/b", "sets": {"buffer_units": 1}}]}, 422, "put[1].name"),
        ({"put": [{"name": "n", "sku": "A\0", "sets": {"buffer_units": 1}}]}, 422, "put[1].sku"),
        ({"put": [{"name": "n", "sku": "\ud800", "sets": {"buffer_units": 1}}]}, 422, "put[1].sku"),
        ({"delete": ["n"]}, 404, "no rule 'n'"),
        ({"put": [{"name": "n", "sets": {"last_units": 1}}], "delete": ["n"]}, 422, "more than once"),
        ({"put": [{"name": "n", "sets": {"buffer_units": 1}}]}, 409, "rule 'first' has the scope of 'n' already"),
    ],
)
async def test_a_change_that_can_not_be_is_refused_as_a_whole_and_says_why(
    api: httpx.AsyncClient, body: dict[str, Any], status: int, part: str
) -> None:
    await api.put("/rules/first", json={"sets": {"last_units": 1}})
    good = {"name": "good", "sku": "G", "sets": {"buffer_units": 1}}
    for path in ("", "/dry-run"):
        content = json.dumps({**body, "put": [good, *body.get("put", [])]})
        response = await api.post(f"/rules{path}", content=content, headers={"content-type": "application/json"})
        assert response.status_code == status
        assert part in response.json()["detail"]
    assert [rule["name"] for rule in (await api.get("/rules")).json()["rules"]] == ["first"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_name_that_no_rule_can_have_is_refused(api: httpx.AsyncClient, method: str) -> None:
    response = await api.request(method, "/rules/a%00", json={"sets": {"buffer_units": 1}})
    assert (response.status_code, "name" in response.json()["detail"]) == (422, True)


async def test_a_dry_run_tells_each_sku_from_and_to_and_changes_nothing(
    api: httpx.AsyncClient, engine: AsyncEngine, worker: Worker
) -> None:
    await fill(engine)
    await api.put("/rules/one", json={"sku": "P000004", "channel": "noon", "sets": {"max": 5}})
    await queued(worker)
    rule = {"name": "mugs", "category": "mugs", "sets": {"limits": {"noon": {"max": 5}}}}
    first = (await api.post("/rules/dry-run", json={"put": [rule], "limit": 3})).json()
    assert (first["concerned"], first["changed"], first["next"]) == (5, 4, "P000008")
    assert first["totals"]["noon"] == {"from": 4 * 35 + 5, "to": 5 * 5}
    assert first["totals"]["unallocated"] == {"from": 0, "to": 0}
    assert [change["sku"] for change in first["changes"]] == ["P000002", "P000006", "P000008"]
    assert first["changes"][0]["channels"] == {
        "saberstore": {"from": 30, "to": 44},
        "amazon": {"from": 35, "to": 51},
        "noon": {"from": 35, "to": 5},
    }
    rest = (await api.post("/rules/dry-run", json={"put": [rule], "limit": 3, "after": first["next"]})).json()
    assert ([change["sku"] for change in rest["changes"]], rest["next"]) == (["P000010"], None)
    gone = (await api.post("/rules/dry-run", json={"delete": ["one"]})).json()
    assert [(change["sku"], change["channels"]["noon"]) for change in gone["changes"]] == [
        ("P000004", {"from": 5, "to": 35})
    ]
    assert [rule["name"] for rule in (await api.get("/rules")).json()["rules"]] == ["one"]
    assert await queued(worker) == []


async def test_what_is_not_listed_or_not_active_counts_as_such_in_a_dry_run(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    await fill(engine, 4)
    async with engine.begin() as connection:
        await connection.execute(text("update marketplace_listings set is_active = false where sku = 'P000001'"))
        await connection.execute(text("delete from marketplace_listings where sku = 'P000002' and channel = 'noon'"))
        await connection.execute(text("update products set is_active = false where sku = 'P000003'"))
    answer = (await api.post("/rules/dry-run", json={"put": [{"name": "n", "sets": {"marketplace_cap": 10}}]})).json()
    assert {change["sku"]: change["channels"] for change in answer["changes"]} == {
        "P000002": {
            "saberstore": {"from": 46, "to": 90},
            "amazon": {"from": 54, "to": 10},
            "noon": {"from": 0, "to": 0},
        },
        "P000004": {
            "saberstore": {"from": 30, "to": 80},
            "amazon": {"from": 35, "to": 10},
            "noon": {"from": 35, "to": 10},
        },
    }


async def test_a_dry_run_walks_through_more_skus_than_one_chunk_holds(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    await fill(engine, 4500)
    answer = (
        await api.post("/rules/dry-run", json={"put": [{"name": "n", "sets": {"buffer_units": 1}}], "limit": 1})
    ).json()
    assert (answer["concerned"], answer["changed"]) == (4500, 4500)
    assert answer["totals"]["buffer"] == {"from": 0, "to": 4500}


async def test_two_takers_of_the_queue_never_get_the_same_and_a_failure_puts_them_back(
    api: httpx.AsyncClient, engine: AsyncEngine, worker: Worker
) -> None:
    await fill(engine)
    await api.put("/rules/r", json={"sets": {"buffer_units": 1}})
    other = Worker(engine, Outbox("inventory", partition_counts()), group="inventory", clock=FixedClock())
    async with worker.begin() as one, other.begin() as two:
        taken = [await rebalance_queue.take(work.connection, 4) for work in (one, two)]
    assert [len(skus) for skus in taken] == [4, 4]
    assert not set(taken[0]) & set(taken[1])
    async with engine.connect() as connection:
        assert len(await rebalance_queue.take(connection, 4)) == 2
        await connection.rollback()
    assert len(await queued(worker)) == 2
