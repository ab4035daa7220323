import asyncio
import contextlib
from collections import Counter

import pytest
from connector_sdk.feeds.bulk_writer import FeedStatus
from connector_sdk.feeds.plugging import waited_for
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.notifications.notification_queue import Topic
from connector_sdk.testing.fake_bulk import FakeBulk, KilledError
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.feed_bench import FAST, SOON, FeedBench, go_on
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waking import counted_until_woken
from contracts import AppliedStatus, Urgency

pytestmark = pytest.mark.integration


async def test_raises_go_by_feed_and_zeros_and_decreases_one_by_one(
    bench: FeedBench, bulk: FakeBulk, marketplace: FakeMarketplace
) -> None:
    await bench.restock()
    await bench.database.take_in(delivery("zero", 1, 0), delivery("less", 1, 3, urgency=Urgency.DECREASE))
    runner = bench.runner()
    await bench.until_submitted(runner)
    pusher = bench.pusher()
    await go_on(pusher.step, lambda: marketplace.has_stock_calls(2))
    bulk.newest.status = FeedStatus.DONE
    bulk.results = {"X-sku-1": Outcome.REJECTED, "X-sku-2": None}
    await bench.until_closed(runner, "done")
    await pusher.close()

    assert [line.sku for line in marketplace.submitted] == ["zero", "less"]
    assert [line.external_sku for line in bulk.newest.lines] == [f"X-sku-{n}" for n in range(5)]
    assert await bench.statuses() == Counter(
        {AppliedStatus.ACCEPTED: 5, AppliedStatus.REJECTED: 1, AppliedStatus.UNKNOWN: 1}
    )
    (accepted,) = await bench.told("sku-0")
    assert (accepted.submission_id, accepted.revision, accepted.attempt) == ("feed-1", 1, 1)
    assert accepted.submitted_at is not None
    assert await bench.in_flight() == 0


async def test_up_to_the_threshold_raises_go_one_by_one(
    bench: FeedBench, bulk: FakeBulk, marketplace: FakeMarketplace
) -> None:
    await bench.restock(3)
    runner, pusher = bench.runner(), bench.pusher()
    for _ in range(3):
        await runner.step()
    await go_on(pusher.step, lambda: marketplace.has_stock_calls(3))
    await pusher.close()
    assert bulk.feeds == {}


async def test_what_may_have_a_write_on_its_way_goes_by_no_feed(bench: FeedBench, bulk: FakeBulk) -> None:
    await bench.restock()
    await bench.database.run("update pushes set earlier_until = now() + interval '5 minutes' where sku = 'sku-0'")
    await bench.database.run("update pushes set failures = 1 where sku = 'sku-1'")
    await bench.until_submitted(bench.runner())
    assert [line.external_sku for line in bulk.newest.lines] == ["X-sku-2", "X-sku-3", "X-sku-4"]


async def test_a_newer_quantity_waits_for_the_feed_and_then_goes(
    bench: FeedBench, bulk: FakeBulk, marketplace: FakeMarketplace
) -> None:
    await bench.restock()
    runner = bench.runner()
    await bench.until_submitted(runner)
    pusher = bench.pusher()
    await bench.database.take_in(delivery("sku-0", 2, 4, urgency=Urgency.DECREASE))
    for _ in range(5):
        await pusher.step()
    assert marketplace.submitted == [], "the order of a feed and a write beside it is undefined"

    bulk.newest.status = FeedStatus.DONE
    await bench.until_closed(runner, "done")
    await go_on(pusher.step, lambda: marketplace.has_stock_calls(1))
    await pusher.close()
    assert [(line.revision, line.quantity) for line in marketplace.submitted] == [(2, 4)]
    assert [(each.revision, each.status) for each in await bench.told("sku-0")] == [
        (1, AppliedStatus.ACCEPTED),
        (1, AppliedStatus.UNKNOWN),
        (2, AppliedStatus.ACCEPTED),
    ]


async def test_what_changed_before_the_submission_is_left_out_of_the_feed(
    bench: FeedBench, bulk: FakeBulk, marketplace: FakeMarketplace
) -> None:
    await bench.restock()
    runner = bench.runner()
    await go_on(runner.step, bench.has_feed)
    await bench.database.take_in(delivery("sku-0", 2, 0))
    await bench.until_submitted(runner)
    assert [line.external_sku for line in bulk.newest.lines] == [f"X-sku-{n}" for n in range(1, 5)]
    assert [(each.revision, each.status) for each in await bench.told("sku-0")] == [(1, AppliedStatus.SUPERSEDED)]
    pusher = bench.pusher()
    await go_on(pusher.step, lambda: marketplace.has_stock_calls(1))
    await pusher.close()


async def test_a_feed_goes_on_under_the_next_leader(bench: FeedBench, bulk: FakeBulk) -> None:
    await bench.restock()
    await bench.until_submitted(bench.runner())
    await bench.leader.close()
    bulk.newest.status = FeedStatus.DONE
    pusher, runner = bench.pusher(), bench.runner()
    await pusher.step()
    assert await bench.in_flight() == 5, "a new leader takes back what is in flight, but not what a feed carries"
    await bench.until_closed(runner, "done")
    await pusher.close()
    assert await bench.statuses() == Counter({AppliedStatus.ACCEPTED: 5})
    assert len(bulk.feeds) == 1


async def test_a_crash_before_the_submission_repeats_the_upload_alone(bench: FeedBench, bulk: FakeBulk) -> None:
    await bench.restock()
    await go_on(bench.runner().step, bench.has_feed)
    bulk.errors["submit"] = [MarketplaceError(Outcome.RETRY, "429 QuotaExceeded")]
    runner = bench.runner()
    await runner.step()
    assert await bench.feed() == ("prepared", None)
    await bench.until_submitted(bench.runner())
    assert (len(bulk.documents), len(bulk.feeds)) == (2, 1)


@pytest.mark.parametrize("is_found", [True, False])
async def test_a_feed_whose_submission_nobody_noted_is_found_or_unknown(
    bench: FeedBench, bulk: FakeBulk, *, is_found: bool
) -> None:
    await bench.restock()
    runner = bench.runner()
    bulk.is_answer_lost = is_found
    bulk.errors["submit"] = [] if is_found else [MarketplaceError(Outcome.UNKNOWN, "no answer")]
    await go_on(runner.step, lambda: bench.has_state("submitting"))
    runner = bench.runner()
    if is_found:
        await bench.until_submitted(runner)
        bulk.newest.status = FeedStatus.DONE
        await bench.until_closed(runner, "done")
        assert await bench.statuses() == Counter({AppliedStatus.ACCEPTED: 5})
        return
    await bench.until_closed(runner, "lost")
    assert await bench.statuses() == Counter({AppliedStatus.UNKNOWN: 5})
    rows = await bench.database.rows("select closed, earlier_until > now() + interval '1 hour' from pushes")
    assert {tuple(row) for row in rows} == {(True, True)}
    assert bulk.feeds == {}, "never submitted a second time"


async def test_a_crash_while_the_fates_are_recorded_doubles_nothing(bench: FeedBench, bulk: FakeBulk) -> None:
    await bench.restock()
    runner = bench.runner()
    await bench.until_submitted(runner)
    bulk.newest.status = FeedStatus.DONE
    await bench.database.run("alter table feeds add constraint crash check (fate is null)")
    with contextlib.suppress(Exception):
        await runner.step()
    assert await bench.statuses() == Counter({AppliedStatus.ACCEPTED: 5})
    await bench.database.run("alter table feeds drop constraint crash")
    await bench.until_closed(bench.runner(), "done")
    assert await bench.statuses() == Counter({AppliedStatus.ACCEPTED: 5})


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", ["upload", "submit", "look", "read_report"])
async def test_a_connector_that_is_killed_at_any_call_submits_once_and_tells_once(
    bench: FeedBench, bulk: FakeBulk, method: str, moment: str
) -> None:
    await bench.restock()
    bulk.dies = (method, moment)
    with pytest.raises(KilledError):
        await _feed_to_the_end(bench, bulk)
    await bench.leader.close()
    await _feed_to_the_end(bench, bulk)

    is_lost = (method, moment) == ("submit", "before")
    assert len(bulk.feeds) == (0 if is_lost else 1)
    assert await bench.statuses() == Counter({AppliedStatus.UNKNOWN if is_lost else AppliedStatus.ACCEPTED: 5})


async def _feed_to_the_end(bench: FeedBench, bulk: FakeBulk) -> None:
    runner = bench.runner()

    async def is_closed() -> bool:
        if bulk.feeds:
            bulk.newest.status = FeedStatus.DONE
        return await bench.has_feed() and (await bench.feed())[1] is not None

    await go_on(runner.step, is_closed)


async def test_two_replicas_submit_a_feed_once(bench: FeedBench, bulk: FakeBulk, marketplace: FakeMarketplace) -> None:
    await bench.restock()
    other = bench.database.leader()
    second = bench.database.feed_runner(bulk, marketplace, (FAST, SOON), other)
    first = bench.runner()
    for _ in range(6):
        await asyncio.gather(first.step(), second.step())
    await other.close()
    assert len(bulk.feeds) == 1


async def test_a_notification_has_the_feed_looked_at_now(bench: FeedBench) -> None:
    await bench.restock()
    await bench.until_submitted(bench.runner())
    assert await counted_until_woken(bench.database, Topic.FEED, waited_for, "feed-1") == (0, 1)
