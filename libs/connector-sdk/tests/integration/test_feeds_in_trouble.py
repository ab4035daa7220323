import datetime as dt
from collections import Counter

import pytest
from connector_sdk.feeds.bulk_writer import FeedStatus
from connector_sdk.feeds.held_zeros import HeldZeros
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.pushes import Patience
from connector_sdk.testing.fake_bulk import FakeBulk
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.feed_bench import FAST, IMPATIENT, FeedBench, go_on
from connector_sdk.testing.requests import listed
from connector_sdk.testing.targets import delivery
from connector_sdk.token_bucket import TokenBucket
from contracts import AppliedStatus

pytestmark = pytest.mark.integration


async def test_a_feed_that_is_stuck_in_the_queue_is_cancelled_and_its_raises_go_one_by_one(
    bench: FeedBench, marketplace: FakeMarketplace
) -> None:
    await bench.restock()
    runner = bench.runner(IMPATIENT)
    await bench.until_closed(runner, "cancelled")
    assert await bench.told() == [], "nothing of it was applied"
    pusher = bench.pusher()
    await go_on(pusher.step, lambda: marketplace.has_stock_calls(5))
    await pusher.close()
    assert await bench.statuses() == Counter({AppliedStatus.ACCEPTED: 5})
    assert {each.revision for each in await bench.told()} == {1}


@pytest.mark.parametrize("status", [FeedStatus.QUEUED, FeedStatus.PROCESSING])
async def test_a_feed_that_is_stuck_for_good_leaves_its_raises_unknown(
    bench: FeedBench, bulk: FakeBulk, marketplace: FakeMarketplace, status: FeedStatus
) -> None:
    await bench.restock()
    bulk.can_cancel = False
    runner = bench.runner(IMPATIENT)
    await bench.until_submitted(runner)
    bulk.newest.status = status
    await go_on(runner.step, lambda: bench.has_told(AppliedStatus.UNKNOWN, 5))
    assert await bench.feed() == ("doubtful", None)

    await bench.database.take_in(*(delivery(f"sku-{n}", 2, 0) for n in range(5)))
    pusher = bench.pusher()
    await go_on(pusher.step, lambda: marketplace.has_stock_calls(5))
    await go_on(pusher.step, lambda: bench.has_told(AppliedStatus.ACCEPTED, 5))
    await pusher.close()
    assert [line.quantity for line in marketplace.submitted] == [0] * 5, "the connector goes on one by one"

    await bench.restock(revision=3)
    for _ in range(3):
        await runner.step()
    assert len(bulk.feeds) == 1, "no feed behind one that is stuck"


async def test_nothing_is_live_while_a_feed_that_was_given_up_may_still_come(
    bench: FeedBench, bulk: FakeBulk, marketplace: FakeMarketplace
) -> None:
    await bench.restock()
    runner = bench.runner(IMPATIENT)
    await bench.until_submitted(runner)
    bulk.newest.status = FeedStatus.PROCESSING
    await go_on(runner.step, lambda: bench.has_told(AppliedStatus.UNKNOWN, 5))
    await bench.database.take_in(delivery("sku-0", 2, 0))
    pusher = bench.pusher()
    await go_on(pusher.step, lambda: bench.has_told(AppliedStatus.ACCEPTED, 1))
    await pusher.close()
    marketplace.shown["X-sku-0"] = 0
    await bench.database.run("update pushes set accepted_at = now() - interval '11 minutes', next_read_at = now()")
    patience = Patience(dt.timedelta(minutes=10), dt.timedelta(0))
    verifier = bench.database.verifier(marketplace, patience, bench.leader)
    for _ in range(2):
        await verifier.step()
    assert (await bench.statuses())[AppliedStatus.LIVE] == 0


async def test_a_feed_that_comes_late_has_its_listings_read(bench: FeedBench, bulk: FakeBulk) -> None:
    await bench.restock()
    await bench.database.note_listings(*(listed(f"sku-{n}") for n in range(5)))
    await bench.database.run("update listings set next_read_at = null")
    runner = bench.runner(IMPATIENT)
    await bench.until_submitted(runner)
    bulk.newest.status = FeedStatus.PROCESSING
    await go_on(runner.step, lambda: bench.has_told(AppliedStatus.UNKNOWN, 5))
    bulk.newest.status = FeedStatus.DONE
    await bench.until_closed(runner, "stuck")
    (row,) = await bench.database.rows("select count(next_read_at) from listings")
    assert row[0] == 5


async def test_after_a_fatal_feed_every_message_is_unknown(
    bench: FeedBench, bulk: FakeBulk, marketplace: FakeMarketplace
) -> None:
    await bench.restock()
    runner = bench.runner()
    await bench.until_submitted(runner)
    bulk.newest.status = FeedStatus.FATAL
    await bench.until_closed(runner, "fatal")
    assert await bench.statuses() == Counter({AppliedStatus.UNKNOWN: 5})
    assert {each.issues[0].code for each in await bench.told()} == {"FeedFatal"}
    await bench.database.follow_up()
    pusher = bench.pusher()
    await go_on(pusher.step, lambda: marketplace.has_stock_calls(5))
    await pusher.close()
    assert {line.revision for line in marketplace.submitted} == {2}, "a revision is written once"


async def test_a_feed_that_is_refused_gives_its_raises_back_untouched(bench: FeedBench, bulk: FakeBulk) -> None:
    await bench.restock()
    bulk.errors["upload"] = [MarketplaceError(Outcome.REJECTED, "403 SignatureDoesNotMatch")]
    await bench.until_closed(bench.runner(), "abandoned")
    rows = await bench.database.rows("select state, attempts, in_flight_revision, lease from pushes")
    assert {tuple(row) for row in rows} == {("pending", 0, None, None)}
    assert await bench.told() == []


async def test_a_report_that_can_not_be_fetched_is_asked_for_again(bench: FeedBench, bulk: FakeBulk) -> None:
    await bench.restock()
    runner = bench.runner()
    await bench.until_submitted(runner)
    bulk.newest.status = FeedStatus.DONE
    bulk.errors["look"] = [MarketplaceError(Outcome.UNKNOWN, "503")]
    bulk.errors["read_report"] = [MarketplaceError(Outcome.RETRY, "429")]
    await bench.until_closed(runner, "done")
    assert await bench.statuses() == Counter({AppliedStatus.ACCEPTED: 5})


async def test_while_the_channel_is_paused_no_feed_is_opened_or_submitted(bench: FeedBench, bulk: FakeBulk) -> None:
    await bench.restock()
    runner = bench.runner()
    await go_on(runner.step, bench.has_feed)
    stop = "update channel_state set paused = true, stopped_since = now()"
    await bench.database.run(stop)
    await bench.until_closed(runner, "given_back")
    for _ in range(3):
        await runner.step()
    assert bulk.documents == {}

    await bench.database.run("update channel_state set paused = false, stopped_since = null")
    await bench.until_submitted(runner)


async def test_a_zero_goes_out_beside_the_feed_and_counts_only_after_it(
    bench: FeedBench, bulk: FakeBulk, marketplace: FakeMarketplace
) -> None:
    await bench.restock()
    runner = bench.runner()
    await bench.until_submitted(runner)
    await bench.database.take_in(delivery("sku-0", 2, 0))
    bucket = TokenBucket(1000, 100)
    zeros = HeldZeros(marketplace, bench.database.worker, bench.leader, bucket, repeat=dt.timedelta(0))
    pusher = bench.pusher()
    for _ in range(2):
        await zeros.step()
        await pusher.step()
    assert [(line.sku, line.quantity) for line in marketplace.submitted] == [("sku-0", 0)] * 2
    assert await bench.told() == []

    bulk.newest.status = FeedStatus.DONE
    await bench.until_closed(runner, "done")
    await zeros.step()
    await go_on(pusher.step, lambda: bench.has_told(AppliedStatus.ACCEPTED, 6))
    await pusher.close()
    assert [line.revision for line in marketplace.submitted] == [2, 2, 2]
    statuses = [(each.revision, each.status) for each in await bench.told("sku-0")]
    assert statuses[-1] == (2, AppliedStatus.ACCEPTED)


async def test_a_zero_beside_a_feed_is_not_repeated_at_once(bench: FeedBench, marketplace: FakeMarketplace) -> None:
    await bench.restock()
    await bench.until_submitted(bench.runner())
    await bench.database.take_in(delivery("sku-0", 2, 0), delivery("sku-1", 2, 3))
    zeros = HeldZeros(marketplace, bench.database.worker, bench.leader, TokenBucket(FAST.rate, FAST.burst))
    for _ in range(3):
        await zeros.step()
    assert [line.sku for line in marketplace.submitted] == ["sku-0"]


async def test_a_zero_beside_a_feed_that_is_overtaken_ends_as_unknown(bench: FeedBench) -> None:
    await bench.restock()
    await bench.until_submitted(bench.runner())
    await bench.database.take_in(delivery("sku-0", 2, 0), delivery("sku-1", 2, 3))
    marketplace = FakeMarketplace()
    zeros = HeldZeros(marketplace, bench.database.worker, bench.leader, TokenBucket(FAST.rate, FAST.burst))
    await zeros.step()
    await bench.database.take_in(delivery("sku-0", 3, 2), delivery("sku-1", 3, 2))
    ended = {each.sku: each.status for each in await bench.told() if each.revision == 2}
    assert ended == {"sku-0": AppliedStatus.UNKNOWN, "sku-1": AppliedStatus.SUPERSEDED}
