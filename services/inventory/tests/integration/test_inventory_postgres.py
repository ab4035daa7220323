"""The handlers and the API on real Postgres, without escrow."""

import asyncio
import datetime as dt
import itertools
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
from contracts import (
    AppliedStatus,
    ProductChanged,
    StockApplied,
    StockChanged,
    StockReason,
    SyncRequested,
    SyncScope,
    partition_counts,
)
from inventory.adapters.catalogue import PostgresCatalogue
from inventory.domain.allocation import Policy
from inventory.entrypoints.api import reading, writing
from inventory.entrypoints.consumers import STOCK_CHANGES, book_opener, routes
from inventory.handlers.change_product import ChangeProduct
from inventory.handlers.change_stock import ChangeStock
from inventory.handlers.note_watermarks import channel_of_change
from inventory.handlers.record_applied import RecordApplied
from runtime.holds import Holds
from runtime.http import create_app
from runtime.outbox import Outbox
from runtime.processor import Processor
from runtime.records import Delivery, Record
from runtime.testing.clocks import FixedClock
from runtime.testing.deliveries import deliver
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.integration

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
POLICY = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore")
open_book = book_opener(POLICY, None)
change_stock = ChangeStock(open_book, POLICY)
record_applied = RecordApplied(open_book)
change_product = ChangeProduct(lambda work: PostgresCatalogue(work.connection), open_book)


@pytest.fixture
async def api(engine: AsyncEngine, worker: Worker) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app("inventory", {})
    app.include_router(reading(engine))
    app.include_router(writing(worker, POLICY))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        yield http


async def change(worker: Worker, *deliveries: Delivery[StockChanged]) -> None:
    async with worker.begin() as work:
        await change_stock(deliveries, work)


async def introduce(worker: Worker, *events: Delivery[ProductChanged]) -> None:
    async with worker.begin() as work:
        await change_product(events, work)


def product(sku: str, title: str = "كوب", *, minutes: int = 0, is_active: bool = True) -> Delivery[ProductChanged]:
    time = NOW + dt.timedelta(minutes=minutes)
    return deliver(ProductChanged(sku=sku, title=title, is_active=is_active), time=time)


def count(sku: str, units: int, *, minutes: int = 0) -> Delivery[StockChanged]:
    moment = NOW + dt.timedelta(minutes=minutes)
    return deliver(StockChanged(sku=sku, reason=StockReason.STOCKTAKE, counted_qty=units, counted_at=moment))


def sale(sku: str, units: int, *, event_id: str | None = None, minutes: int = 1) -> Delivery[StockChanged]:
    placed = NOW + dt.timedelta(minutes=minutes)
    data = StockChanged(sku=sku, reason=StockReason.SALE, change_qty=-units, channel="saberstore", placed_at=placed)
    return deliver(data, event_id=event_id)


async def outbox(engine: AsyncEngine, topic: str) -> list[dict[str, Any]]:
    async with engine.connect() as connection:
        query = text("select value from outbox where topic = :topic order by id")
        return [json.loads(value) for value in (await connection.execute(query, {"topic": topic})).scalars()]


def parts(events: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(e["data"]["channel"], e["data"]["quantity"], e["data"]["revision"]) for e in events]


async def test_from_product_and_listing_to_targets(api: httpx.AsyncClient, engine: AsyncEngine, worker: Worker) -> None:
    await api.put("/v1/products/A%2F1", json={"title": "كوب", "base_price": {"amount": "99.50", "currency": "EGP"}})
    listed = await api.put("/v1/listings/amazon/A%2F1", json={"external_sku": "AM A/1"})
    assert listed.json()["changed"]
    await change(worker, count("A/1", 100), sale("A/1", 2), sale("A/1", 3))
    stock = (await api.get("/v1/stock/A%2F1")).json()
    assert (stock["on_hand"], stock["available"]) == (95, 95)
    assert {name: (c["target"], c["external_sku"]) for name, c in stock["channels"].items()} == {
        "saberstore": (42, "A/1"),
        "amazon": (49, "AM A/1"),
    }
    assert [e["data"]["external_sku"] for e in await outbox(engine, "listing.changed")] == ["AM A/1"]
    logs = (await api.get("/v1/logs", params={"sku": "A/1"})).json()
    assert [(log["before_qty"], log["change_qty"], log["after_qty"]) for log in logs] == [
        (0, 100, 100),
        (100, -2, 98),
        (98, -3, 95),
    ]


async def test_a_sale_that_is_delivered_again_counts_once_for_ever(engine: AsyncEngine, worker: Worker) -> None:
    await introduce(worker, product("A"))
    await change(worker, count("A", 10), sale("A", 1, event_id="s"))
    told = await outbox(engine, "channel.stock.target")
    await change(worker, sale("A", 1, event_id="s"))
    assert await outbox(engine, "channel.stock.target") == told


async def test_two_workers_on_one_sku_leave_a_ledger_that_joins(
    api: httpx.AsyncClient, engine: AsyncEngine, worker: Worker
) -> None:
    await introduce(worker, product("A"))
    await change(worker, count("A", 1000))
    await asyncio.gather(*(change(worker, *(sale("A", 1) for _ in range(5))) for _ in range(8)))
    logs = (await api.get("/v1/logs", params={"sku": "A"})).json()
    assert len(logs) == 41
    assert all(row["before_qty"] == previous["after_qty"] for previous, row in itertools.pairwise(logs))
    revisions = [e["data"]["revision"] for e in await outbox(engine, "channel.stock.target")]
    assert revisions == sorted(set(revisions))


async def test_an_older_product_event_never_overwrites_a_newer_one(api: httpx.AsyncClient, worker: Worker) -> None:
    await introduce(worker, product("A", "new", minutes=5), product("A", "old"))
    await introduce(worker, product("A", "older", minutes=-5))
    assert (await api.get("/v1/stock/A")).json()["title"] == "new"


async def test_a_product_that_goes_inactive_is_taken_off_sale(engine: AsyncEngine, worker: Worker) -> None:
    await introduce(worker, product("A"))
    await change(worker, count("A", 10))
    await introduce(worker, product("A", minutes=5, is_active=False))
    assert parts(await outbox(engine, "channel.stock.target")) == [
        ("saberstore", 0, 1),
        ("saberstore", 10, 2),
        ("saberstore", 0, 3),
    ]


async def test_a_late_count_keeps_the_sales_since(api: httpx.AsyncClient, worker: Worker) -> None:
    await introduce(worker, product("A"))
    await change(worker, count("A", 40), sale("A", 3, minutes=10))
    await change(worker, count("A", 38, minutes=5))
    assert (await api.get("/v1/stock/A")).json()["on_hand"] == 35


async def test_the_ledger_can_only_grow(engine: AsyncEngine, worker: Worker) -> None:
    await introduce(worker, product("A"))
    await change(worker, count("A", 10))

    async def run(statement: str) -> None:
        async with engine.begin() as connection:
            await connection.execute(text(statement))

    for statement in (
        "update inventory_logs set change_qty = 0",
        "delete from inventory_logs",
        "truncate inventory_logs",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            await run(statement)


async def test_an_answer_about_an_older_revision_changes_nothing(api: httpx.AsyncClient, worker: Worker) -> None:
    await introduce(worker, product("A"))
    await change(worker, count("A", 10), sale("A", 1))

    async def answer(revision: int, status: AppliedStatus) -> None:
        data = StockApplied(channel="saberstore", sku="A", revision=revision, status=status, quantity=9)
        async with worker.begin() as work:
            await record_applied([deliver(data)], work)

    await answer(2, AppliedStatus.ACCEPTED)
    await answer(1, AppliedStatus.REJECTED)
    channel = (await api.get("/v1/stock/A")).json()["channels"]["saberstore"]
    assert (channel["applied_revision"], channel["applied_status"]) == (2, "accepted")


async def test_an_unknown_outcome_of_the_newest_target_is_followed_by_a_new_revision(
    engine: AsyncEngine, worker: Worker
) -> None:
    await introduce(worker, product("A"))
    await change(worker, count("A", 10), sale("A", 1))

    async def unknown(revision: int) -> None:
        data = StockApplied(channel="saberstore", sku="A", revision=revision, status=AppliedStatus.UNKNOWN, quantity=9)
        async with worker.begin() as work:
            await record_applied([deliver(data)], work)

    told = parts(await outbox(engine, "channel.stock.target"))
    assert told[-1] == ("saberstore", 9, 2)
    await unknown(1)
    assert parts(await outbox(engine, "channel.stock.target")) == told
    await unknown(2)
    await unknown(2)
    assert parts(await outbox(engine, "channel.stock.target")) == [*told, ("saberstore", 9, 3)]


@pytest.mark.parametrize(
    ("path", "body", "status", "part"),
    [
        ("/v1/listings/amazon/NOPE", {"external_sku": "x"}, 404, "no product 'NOPE'"),
        ("/v1/listings/ebay/A", {"external_sku": "x"}, 404, "saberstore, amazon, noon"),
        ("/v1/listings/amazon/A", {"external_sku": "TAKEN"}, 409, "change that first"),
        ("/v1/listings/noon/A", {"external_sku": "OTHER"}, 409, "make that listing inactive first"),
        ("/v1/listings/noon/A", {"external_sku": ""}, 422, "external_sku"),
    ],
)
async def test_a_listing_that_can_not_be_is_refused_and_says_why(
    api: httpx.AsyncClient, worker: Worker, path: str, body: dict[str, Any], status: int, part: str
) -> None:
    await introduce(worker, product("A"), product("B"))
    await change(worker, count("A", 10))
    await api.put("/v1/listings/amazon/B", json={"external_sku": "TAKEN"})
    await api.put("/v1/listings/noon/A", json={"external_sku": "N-A"})
    response = await api.put(path, json=body)
    assert response.status_code == status
    assert part in response.json()["detail"]


async def test_a_listing_that_is_put_again_says_nothing_new(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    await api.put("/v1/products/A", json={"title": "a"})
    for expected in (True, False):
        response = await api.put("/v1/listings/noon/A", json={"external_sku": "N-A"})
        assert response.json()["changed"] is expected
    assert len(await outbox(engine, "listing.changed")) == 1


async def test_listings_in_bulk_keep_what_can_be_kept(api: httpx.AsyncClient, worker: Worker) -> None:
    await introduce(worker, product("A"), product("B"))
    rows = [("amazon", "A", "X"), ("amazon", "B", "X"), ("noon", "NOPE", "Y"), ("noon", "B", "Z")]
    listings = [{"channel": channel, "sku": sku, "external_sku": external} for channel, sku, external in rows]
    answer = (await api.post("/v1/listings", json={"listings": listings})).json()
    assert answer["changed"] == 2
    assert [(r["channel"], r["sku"], r["status"]) for r in answer["refused"]] == [
        ("amazon", "B", 409),
        ("noon", "NOPE", 404),
    ]


async def test_an_external_sku_never_gets_two_owners(api: httpx.AsyncClient, worker: Worker) -> None:
    await introduce(worker, *(product(f"P{number}") for number in range(8)))
    paths = [f"/v1/listings/noon/P{number}" for number in range(8)]
    answers = await asyncio.gather(*(api.put(path, json={"external_sku": "WANTED"}) for path in paths))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]


async def test_a_repeated_answer_leaves_even_the_times_as_they_were(engine: AsyncEngine, worker: Worker) -> None:
    await introduce(worker, product("A"))
    await change(worker, count("A", 10))
    answers = [
        deliver(
            StockApplied(channel="saberstore", sku="A", revision=revision, quantity=9, status=AppliedStatus.ACCEPTED)
        )
        for revision in (1, 2)
    ]
    clock = FixedClock()
    later = Worker(engine, Outbox("inventory", partition_counts()), group="inventory", clock=clock)
    found = []
    for _ in range(3):
        async with later.begin() as work:
            await record_applied(answers, work)
        async with later.begin() as work:
            await record_applied(answers[:1], work)
        async with engine.connect() as connection:
            found.append((await connection.execute(text("select * from channel_targets"))).all())
        clock.advance(hours=1)
    assert found[0] == found[1] == found[2]


async def test_a_sync_is_answered_once_however_often_it_is_delivered(engine: AsyncEngine, worker: Worker) -> None:
    await introduce(worker, product("A"))
    await change(worker, count("A", 10))
    holds = Holds(channel_of_change, [STOCK_CHANGES], dt.timedelta(minutes=30))
    processor = Processor(routes(POLICY, holds), worker, holds)
    now = dt.datetime.now(dt.UTC)
    asked = deliver(SyncRequested(channel="saberstore", scope=SyncScope.ALL), time=now).record
    await processor.process([asked])
    await introduce(worker, product("LATER"))
    for _ in range(2):
        await processor.process([asked])
    parts_asked = [
        Record("channel.sync.requested", 0, n, b"saberstore", json.dumps(event).encode(), {})
        for n, event in enumerate(await outbox(engine, "channel.sync.requested"))
    ]
    for _ in range(3):
        await processor.process(parts_asked)
    async with engine.connect() as connection:
        query = text("select reason, channel, before_qty, change_qty, after_qty from inventory_logs order by id")
        rows = [tuple(row) for row in await connection.execute(query)]
    assert rows == [("stocktake", None, 0, 10, 10), ("sync", "saberstore", 10, 0, 10)]
    assert {event["data"]["sku"] for event in await outbox(engine, "channel.sync.requested")} == {"A"}
    told = parts([e for e in await outbox(engine, "channel.stock.target") if e["data"]["sku"] == "A"])
    assert [revision for _, _, revision in told] == list(range(1, len(told) + 1))
    assert told[-1][1] == told[-2][1]


@pytest.mark.parametrize("at_once", [True, False], ids=["in one batch", "one by one"])
async def test_a_replayed_step_never_hides_a_later_one(engine: AsyncEngine, worker: Worker, at_once: bool) -> None:  # noqa: FBT001 - a column
    await introduce(worker, product("A"))
    await change(worker, count("A", 10))
    told = (AppliedStatus.UNKNOWN, AppliedStatus.ACCEPTED, AppliedStatus.LIVE, AppliedStatus.ACCEPTED)
    answers = [
        deliver(StockApplied(channel="saberstore", sku="A", revision=1, quantity=9, status=status, live_at=NOW))
        for status in told
    ]
    for batch in [answers] if at_once else [[answer] for answer in answers]:
        async with worker.begin() as work:
            await record_applied(batch, work)
    async with engine.connect() as connection:
        row = (await connection.execute(text("select * from channel_targets where channel = 'saberstore'"))).one()
    assert (row.applied_status, row.live_quantity, row.live_at) == ("live", 9, NOW)
