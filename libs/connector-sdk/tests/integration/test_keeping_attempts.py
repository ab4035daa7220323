"""Every write that goes out is kept with what became of it, whoever dies on the way."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from connector_sdk.attempts.retention import Retention
from connector_sdk.attempts.routes import AttemptRoutes
from connector_sdk.feeds.bulk_writer import FeedStatus
from connector_sdk.feeds.held_zeros import HeldZeros
from connector_sdk.marketplace import LineResult, MarketplaceError, Outcome
from connector_sdk.push_policy import PushPolicy
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.fake_bulk import FakeBulk
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.feed_bench import FeedBench, go_on
from connector_sdk.testing.parcels import parcel, shipped
from connector_sdk.testing.targets import CHANNEL, delivery, price_delivery
from connector_sdk.token_bucket import TokenBucket
from contracts import Issue
from runtime.http import create_app
from runtime.work import Worker

pytestmark = pytest.mark.integration

FAST = PushPolicy(rate=1000, burst=100, backoff_seconds=60.0, unauthorised_seconds=60.0)
REFUSED = Issue(code="90000900", message="no\0such attribute " + "x" * 600)


@pytest_asyncio.fixture(loop_scope="session")
async def attempts(database: ConnectorDatabase) -> AsyncIterator[httpx.AsyncClient]:
    async with _served(database.worker) as client:
        yield client


def _served(worker: Worker) -> httpx.AsyncClient:
    app = create_app("test-connector", {})
    app.include_router(AttemptRoutes(CHANNEL, worker).router())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://connector/v1")


async def _page(attempts: httpx.AsyncClient, **wanted: str | int) -> list[dict[str, Any]]:
    answer = await attempts.get("/attempts", params=wanted)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["attempts"]
    return found


async def _have_ended(database: ConnectorDatabase, count: int) -> bool:
    rows = await database.rows("select 1 from attempts where ended_at is not null")
    return len(rows) >= count


async def test_what_was_asked_and_what_came_of_it_is_kept_newest_first(
    database: ConnectorDatabase, attempts: httpx.AsyncClient, marketplace: FakeMarketplace
) -> None:
    marketplace.answers["X-A"] = [LineResult("X-A", Outcome.REJECTED, "r-1", "s-1", (REFUSED,), http_status=400)]
    leader = database.leader()
    pusher = database.pusher(marketplace, FAST, leader)
    price_pusher = database.price_pusher(marketplace, FAST, leader)
    shipment_pusher = database.shipment_pusher(marketplace, FAST, leader)
    await database.take_in(delivery("A", 4, 7))
    await go_on(pusher.step, lambda: _have_ended(database, 1))
    await database.take_in_prices(price_delivery("B", 2, "12.50"))
    await go_on(price_pusher.step, lambda: _have_ended(database, 2))
    await database.take_in_shipments(shipped("O-1", parcel("P-1")))
    await go_on(shipment_pusher.step, lambda: _have_ended(database, 3))
    for close in (pusher.close, price_pusher.close, shipment_pusher.close):
        await close()

    shipment, price, stock = await _page(attempts)
    assert (stock["kind"], stock["sku"], stock["external_sku"]) == ("stock", "A", "X-A")
    assert (stock["revision"], stock["quantity"], stock["price"]) == (4, 7, None)
    assert (stock["transport"], stock["http_status"], stock["outcome"]) == ("call", 400, "rejected")
    assert (stock["request_id"], stock["submission_id"], stock["correlation_id"]) == ("r-1", "s-1", "cause-of-A")
    (issue,) = stock["issues"]
    assert (issue["code"], issue["message"][:17]) == ("90000900", "no such attribute")
    assert stock["started_at"] <= stock["ended_at"]
    assert (price["kind"], price["sku"], price["price"], price["currency"]) == ("price", "B", "12.50", "EGP")
    assert (shipment["kind"], shipment["sku"], shipment["external_order_id"]) == ("shipment", None, "O-1")
    assert (shipment["package_id"], shipment["outcome"], shipment["http_status"]) == ("P-1", "accepted", None)
    assert "T-1" not in str(shipment), "a tracking number says where a buyer lives"


async def test_pages_and_filters(
    database: ConnectorDatabase, attempts: httpx.AsyncClient, marketplace: FakeMarketplace
) -> None:
    marketplace.answers["X-sku-1"] = [Outcome.REJECTED]
    pusher = database.pusher(marketplace, FAST)
    await database.take_in(*(delivery(f"sku-{n}", 1) for n in range(5)))
    await go_on(pusher.step, lambda: _have_ended(database, 5))
    await pusher.close()

    ids, before = [], None
    while True:
        page = (await attempts.get("/attempts", params={"limit": 2} | ({"before": before} if before else {}))).json()
        ids += [each["id"] for each in page["attempts"]]
        before = page["next"]
        if before is None:
            break
    assert (len(ids), ids) == (5, sorted(ids, reverse=True))
    assert [each["sku"] for each in await _page(attempts, outcome="rejected")] == ["sku-1"]
    assert [each["sku"] for each in await _page(attempts, external_sku="X-sku-3", kind="stock")] == ["sku-3"]
    assert await _page(attempts, kind="price") == []
    assert await _page(attempts, kind="shipment", external_order_id="O-1") == []
    for wrong in ({"kind": "stocks"}, {"outcome": "live"}, {"before": "0"}, {"limit": "1001"}, {"before": 2**63}):
        answer = await attempts.get("/attempts", params=wrong)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_each_try_is_an_attempt_of_its_own_and_what_never_left_is_none(
    database: ConnectorDatabase, attempts: httpx.AsyncClient, marketplace: FakeMarketplace
) -> None:
    marketplace.answers["X-A"] = [Outcome.RETRY, Outcome.ACCEPTED]
    marketplace.held["X-A"] = asyncio.Event()
    pusher = database.pusher(marketplace, PushPolicy(rate=1000, burst=100, concurrency=1, backoff_seconds=0.01))
    await database.take_in(delivery("A", 1, 0), delivery("B", 1), delivery("C", 1))
    await go_on(pusher.step, lambda: marketplace.has_stock_calls(1))
    assert {each["ended_at"] for each in await _page(attempts)} == {None}, (
        "all are claimed, and may leave at any moment"
    )
    assert {each["outcome"] for each in await _page(attempts)} == {"unknown"}
    closing = asyncio.create_task(pusher.close())
    marketplace.held["X-A"].set()
    await closing
    assert [(each["sku"], each["outcome"]) for each in await _page(attempts)] == [("A", "retry")]

    another = database.pusher(marketplace, FAST)
    await database.run("update pushes set next_attempt_at = now()")
    await go_on(another.step, lambda: _have_ended(database, 4))
    await another.close()
    assert [each["outcome"] for each in await _page(attempts, external_sku="X-A")] == ["accepted", "retry"]


async def test_an_attempt_whose_process_died_is_unknown(
    database: ConnectorDatabase, attempts: httpx.AsyncClient, marketplace: FakeMarketplace
) -> None:
    marketplace.held["X-A"] = asyncio.Event()
    dying = database.leader()
    pusher = database.pusher(marketplace, FAST, dying)
    await database.take_in(delivery("A", 1, 9))
    await go_on(pusher.step, lambda: marketplace.has_stock_calls(1))
    (left,) = await _page(attempts)
    assert (left["outcome"], left["ended_at"], left["quantity"]) == ("unknown", None, 9)
    await database.take_in(delivery("A", 2, 3))
    await dying.close()

    survivor = database.pusher(FakeMarketplace(), FAST)
    await go_on(survivor.step, lambda: _have_ended(database, 2))
    await survivor.close()
    marketplace.held["X-A"].set()
    await pusher.close()
    newer, older = await _page(attempts)
    assert (newer["revision"], newer["outcome"], newer["quantity"]) == (2, "accepted", 3)
    assert (older["revision"], older["outcome"], older["quantity"]) == (1, "unknown", 9)
    assert older["ended_at"] is not None
    assert [issue["code"] for issue in older["issues"]] == ["NotRecorded"]


async def test_each_message_of_a_feed_is_an_attempt(
    bench: FeedBench, bulk: FakeBulk, attempts: httpx.AsyncClient, marketplace: FakeMarketplace
) -> None:
    bulk.errors["submit"] = [MarketplaceError(Outcome.RETRY, "later")]
    await bench.restock()
    runner = bench.runner()
    while bulk.errors["submit"]:
        await runner.step()
    assert await _page(attempts) == [], "it provably was not submitted"
    await bench.until_submitted(runner)
    open_ones = await _page(attempts)
    assert {(each["transport"], each["outcome"], each["ended_at"]) for each in open_ones} == {("feed", "unknown", None)}

    await bench.database.take_in(delivery("sku-0", 2, 0))
    repeat = dt.timedelta(0)
    zeros = HeldZeros(marketplace, bench.database.worker, bench.leader, TokenBucket(1000, 100), repeat=repeat)
    marketplace.answers["X-sku-0"] = [OSError("the round ends here"), Outcome.ACCEPTED]
    with pytest.raises(OSError, match="ends here"):
        await zeros.step()
    await zeros.step()
    (beside,) = await _page(attempts, limit=1)
    assert (beside["sku"], beside["quantity"], beside["transport"], beside["outcome"]) == (
        "sku-0",
        0,
        "call",
        "accepted",
    )

    pusher = bench.pusher()
    await pusher.step()
    still_open = [each["transport"] for each in await _page(attempts) if each["ended_at"] is None]
    assert still_open == ["call", *["feed"] * 5], "a feed outlives its leader"
    bulk.newest.status = FeedStatus.DONE
    bulk.results = {"X-sku-1": Outcome.REJECTED, "X-sku-2": None}
    await bench.until_closed(runner, "done")
    await pusher.close()
    ended = [each for each in await _page(attempts) if each["transport"] == "feed"]
    assert [each["outcome"] for each in reversed(ended)] == ["accepted", "rejected", "unknown", "accepted", "accepted"]
    assert all(each["ended_at"] for each in ended)
    assert ended[-1]["submission_id"] == "feed-1"


async def test_old_attempts_and_old_notified_orders_are_deleted(database: ConnectorDatabase) -> None:
    await database.run("""
        insert into attempts (kind, key, revision, transport, lease, started_at)
        select 'stock', 'A', n, 'call', 'L', now() - make_interval(days => 12 - n) from generate_series(1, 9) n
    """)
    await database.run("""
        insert into notified_orders (external_order_id, notified_at, next_fetch_at)
        values ('old', now() - interval '31 days', null), ('waiting', now() - interval '31 days', now()),
               ('new', now() - interval '29 days', null)
    """)
    leader = database.leader()
    retention = Retention(database.worker, leader, dt.timedelta(days=7), a_batch=3)
    assert await retention.step() < 10
    assert await retention.step() > 10
    await leader.close()
    assert [row.revision for row in await database.rows("select revision from attempts order by id")] == [6, 7, 8, 9]
    kept = await database.rows("select external_order_id from notified_orders order by 1")
    assert [row.external_order_id for row in kept] == ["new", "waiting"]


async def test_without_a_database_the_route_says_so(nowhere: Worker) -> None:
    async with _served(nowhere) as client:
        answer = await client.get("/attempts")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
