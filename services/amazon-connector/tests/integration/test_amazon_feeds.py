"""A backlog by JSON_LISTINGS_FEED: port and loops over real Postgres, against the stand-in over real HTTP."""

import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from amazon_connector.feeds.bulk import CONTENT_TYPE, AmazonFeeds
from amazon_connector.main import build_amazon_client
from amazon_connector.marketplace import AmazonMarketplace
from amazon_connector.settings import Settings
from connector_sdk.conformance.sandbox import Sandbox
from connector_sdk.feeds.bulk_writer import FeedLine, FeedLook, FeedStatus
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.feed_bench import IMPATIENT, FeedBench, go_on
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waiting import eventually
from contracts import AppliedStatus

pytestmark = pytest.mark.integration

QUICK = (0, 0)
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ARABIC = "قميص أزرق"


@pytest.fixture
def feeds(settings: Settings, http: httpx.AsyncClient) -> AmazonFeeds:
    return AmazonFeeds(build_amazon_client(settings, http), http)


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox(amazon_url: str) -> AsyncIterator[Sandbox]:
    async with httpx.AsyncClient(base_url=f"{amazon_url}/_sandbox/", timeout=30) as control:
        yield Sandbox(control)


@pytest_asyncio.fixture(loop_scope="session")
async def bench(
    database: ConnectorDatabase, feeds: AmazonFeeds, marketplace: AmazonMarketplace
) -> AsyncIterator[FeedBench]:
    leader = database.leader()
    yield FeedBench(database, leader, feeds, marketplace)
    await leader.close()


async def _carry_out(feeds: AmazonFeeds, lines: list[FeedLine]) -> tuple[str, FeedLook]:
    feed_id = await feeds.submit(await feeds.upload(lines))

    async def is_done() -> bool:
        return (await feeds.look(feed_id)).status.has_ended

    await eventually(is_done)
    return feed_id, await feeds.look(feed_id)


async def test_quantities_go_by_feed_and_each_line_gets_its_answer(feeds: AmazonFeeds, sandbox: Sandbox) -> None:
    await sandbox.faults(feed_s=QUICK)
    await sandbox.put_on_sale("a/b#c", ARABIC)
    await sandbox.put_on_sale("closed", rejects_writes=True)
    lines = [FeedLine(1, "a/b#c", 5), FeedLine(2, ARABIC, 6), FeedLine(7, "closed", 7)]
    feed_id, look = await _carry_out(feeds, lines)
    told = await feeds.read_report(feed_id, look, lines)

    assert [(number, each.outcome) for number, each in told.items()] == [
        (1, Outcome.ACCEPTED),
        (2, Outcome.ACCEPTED),
        (7, Outcome.REJECTED),
    ]
    assert told[7].issues[0].code == "90000900"
    assert {each.submission_id for each in told.values()} == {feed_id}
    assert told[1].clock is not None
    assert await sandbox.quantities() == {"a/b#c": 5, ARABIC: 6, "closed": 1}


async def test_feeds_that_were_submitted_are_found_and_one_in_the_queue_is_cancelled(
    feeds: AmazonFeeds, sandbox: Sandbox
) -> None:
    await sandbox.put_on_sale("A")
    feed_id = await feeds.submit(await feeds.upload([FeedLine(1, "A", 5)]))
    assert (await feeds.look(feed_id)).status is FeedStatus.QUEUED
    await feeds.cancel(feed_id)
    assert (await feeds.look(feed_id)).status is FeedStatus.CANCELLED
    assert await feeds.find(LONG_AGO) == [feed_id]
    with pytest.raises(MarketplaceError, match="IN_QUEUE can be cancelled") as caught:
        await feeds.cancel(feed_id)
    assert caught.value.outcome is Outcome.REJECTED


async def test_another_content_type_is_a_clear_error(settings: Settings, http: httpx.AsyncClient) -> None:
    async def change(request: httpx.Request) -> None:
        if request.method == "PUT":
            request.headers["content-type"] = "application/json"
            request.headers["user-agent"] = "by-hand/a-test"  # it is no request of the connector's any more

    http.event_hooks = {"request": [change]}
    feeds = AmazonFeeds(build_amazon_client(settings, http), http)
    with pytest.raises(
        MarketplaceError, match="address is good for 5 minutes and for 'application/json; charset=UTF-8'"
    ):
        await feeds.upload([FeedLine(1, "A", 5)])
    assert CONTENT_TYPE == "application/json; charset=UTF-8"


async def test_a_document_travels_without_a_token(settings: Settings, http: httpx.AsyncClient) -> None:
    seen: list[tuple[str, bool]] = []

    async def note(request: httpx.Request) -> None:
        seen.append((request.url.path.split("/")[1], "x-amz-access-token" in request.headers))

    http.event_hooks = {"request": [note]}
    feeds = AmazonFeeds(build_amazon_client(settings, http), http)
    await feeds.upload([FeedLine(1, "A", 5)])
    assert seen == [("auth", False), ("feeds", True), ("feed-documents", False)]


async def test_a_feed_keeps_within_the_published_limits(bench: FeedBench, sandbox: Sandbox) -> None:
    await _list(sandbox, 6)
    await sandbox.faults(feed_s=QUICK, limit_scale=1)
    await bench.restock(6)
    await bench.until_closed(bench.runner(), "done")
    assert await bench.statuses() == Counter({AppliedStatus.ACCEPTED: 6})
    assert set(await sandbox.statuses()) == {200, 201, 202}


async def test_of_a_fatal_feed_everything_is_unknown(bench: FeedBench, sandbox: Sandbox) -> None:
    await _list(sandbox, 6)
    await sandbox.faults(feed_s=QUICK, feed_fatal=True)
    await bench.restock(6)
    await bench.until_closed(bench.runner(), "fatal")
    assert await bench.statuses() == Counter({AppliedStatus.UNKNOWN: 6})
    assert sorted((await sandbox.quantities()).values()) == [1, 1, 1, 9, 9, 9], "as it is: nobody can tell which"


async def test_a_stuck_feed_is_cancelled_and_its_raises_are_patched(bench: FeedBench, sandbox: Sandbox) -> None:
    await _list(sandbox, 6)
    await sandbox.faults(feed_stuck="queue")
    await bench.restock(6)
    runner = bench.runner(IMPATIENT)
    await bench.until_closed(runner, "cancelled")
    pusher = bench.pusher()
    await go_on(pusher.step, lambda: bench.has_told(AppliedStatus.ACCEPTED, 6))
    await pusher.close()
    assert len(await sandbox.writes()) == 6
    assert set((await sandbox.quantities()).values()) == {9}


async def test_a_restart_in_the_middle_of_a_feed_loses_and_doubles_nothing(bench: FeedBench, sandbox: Sandbox) -> None:
    await _list(sandbox, 6)
    await sandbox.faults(feed_stuck="progress", feed_s=QUICK)
    await bench.restock(6)
    await bench.until_submitted(bench.runner())
    await bench.leader.close()
    await sandbox.faults(feed_s=QUICK)
    pusher = bench.pusher()
    await pusher.step()
    await bench.until_closed(bench.runner(), "done")
    await pusher.close()
    assert await bench.statuses() == Counter({AppliedStatus.ACCEPTED: 6})
    assert await sandbox.writes() == []
    assert set((await sandbox.quantities()).values()) == {9}


async def test_messages_that_are_refused_are_rejected_one_by_one(bench: FeedBench, sandbox: Sandbox) -> None:
    await _list(sandbox, 40)
    await sandbox.faults(feed_s=QUICK, feed_error_rate=0.3)
    await bench.restock(40)
    await bench.until_closed(bench.runner(), "done")
    statuses = await bench.statuses()
    assert statuses.keys() == {AppliedStatus.ACCEPTED, AppliedStatus.REJECTED}
    applied = sum(quantity == 9 for quantity in (await sandbox.quantities()).values())
    assert (statuses[AppliedStatus.ACCEPTED], statuses.total()) == (applied, 40)


async def test_zeros_are_patched_before_anything_else(bench: FeedBench, sandbox: Sandbox) -> None:
    await _list(sandbox, 40)
    await sandbox.faults(feed_s=QUICK)
    await bench.restock(40)
    zeros = [f"sku-{n}" for n in range(10)]
    await bench.database.take_in(*(delivery(sku, 2, 0) for sku in zeros))
    pusher, runner = bench.pusher(), bench.runner()
    await pusher.step()
    await bench.until_submitted(runner)
    await go_on(pusher.step, lambda: _has_written(sandbox, 10))
    await bench.until_closed(runner, "done")
    await pusher.close()
    assert sorted((await sandbox.writes())[:10]) == [(f"X-{sku}", 0) for sku in zeros]
    quantities = await sandbox.quantities()
    assert {quantities[f"X-{sku}"] for sku in zeros} == {0}


async def _list(sandbox: Sandbox, count: int) -> None:
    await sandbox.put_on_sale(*(f"X-sku-{n}" for n in range(count)))


async def _has_written(sandbox: Sandbox, count: int) -> bool:
    return len(await sandbox.writes()) >= count
