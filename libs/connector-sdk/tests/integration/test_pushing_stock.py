import asyncio
from collections.abc import Awaitable, Callable

import pytest
from connector_sdk import pushes
from connector_sdk.marketplace import LineResult, Outcome
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pusher import Pusher
from connector_sdk.pushes import Push
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.targets import delivery
from contracts import AppliedStatus, ChannelStatusChanged, Issue, StockApplied

pytestmark = pytest.mark.integration

FAST = PushPolicy(
    rate=1000, burst=100, concurrency=4, backoff_seconds=0.01, quarantine_seconds=600, unauthorised_seconds=0.05
)


async def _push_until(pusher: Pusher[Push], is_done: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await is_done():
            await pusher.step()
            await asyncio.sleep(0)


async def _states(database: ConnectorDatabase) -> dict[str, str]:
    return {row.sku: row.state for row in await database.rows("select sku, state from pushes")}


async def _applied(database: ConnectorDatabase) -> list[StockApplied]:
    events = await database.published("channel.stock.applied")
    return [event.data for event in events if isinstance(event.data, StockApplied)]


async def test_an_accepted_quantity_is_recorded_and_told(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.answers["X-A"] = [LineResult("X-A", Outcome.ACCEPTED, request_id="r-1", submission_id="s-1")]
    pusher = database.pusher(marketplace, FAST)
    await database.take_in(delivery("A", 4, 7))

    await _push_until(pusher, lambda: _all_are(database, "accepted"))
    await pusher.close()

    assert [(line.external_sku, line.quantity) for line in marketplace.submitted] == [("X-A", 7)]
    (told,) = await _applied(database)
    assert (told.status, told.revision, told.quantity, told.attempt) == (AppliedStatus.ACCEPTED, 4, 7, 1)
    assert (told.request_id, told.submission_id) == ("r-1", "s-1")
    assert told.submitted_at is not None
    (event,) = await database.published("channel.stock.applied")
    assert (event.causationid, event.correlationid) == ("testmart/A/4", "cause-of-A")


async def test_a_rejected_listing_stays_so_until_a_newer_revision(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    issue = Issue(code="90000900", message="The attributes are invalid.")
    marketplace.answers["X-A"] = [LineResult("X-A", Outcome.REJECTED, issues=(issue,)), Outcome.ACCEPTED]
    pusher = database.pusher(marketplace, FAST)
    await database.take_in(delivery("A", 1))
    await _push_until(pusher, lambda: _all_are(database, "rejected"))
    await pusher.step()
    await database.take_in(delivery("A", 1))
    await pusher.step()
    assert len(marketplace.submitted) == 1

    await database.take_in(delivery("A", 2))
    await _push_until(pusher, lambda: _all_are(database, "accepted"))
    await pusher.close()

    told = await _applied(database)
    assert [(a.revision, a.status) for a in told] == [(1, AppliedStatus.REJECTED), (2, AppliedStatus.ACCEPTED)]
    assert told[0].issues == (issue,)


async def test_what_was_provably_not_applied_is_repeated_until_it_is(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.answers["X-A"] = [Outcome.RETRY, Outcome.RETRY, Outcome.ACCEPTED]
    pusher = database.pusher(marketplace, FAST)
    await database.take_in(delivery("A", 1))

    await _push_until(pusher, lambda: _all_are(database, "accepted"))
    await pusher.close()

    assert [a.attempt for a in await _applied(database)] == [3]


async def test_an_unknown_outcome_is_told_and_never_submitted_again(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.answers["X-A"] = [Outcome.UNKNOWN, Outcome.ACCEPTED]
    pusher = database.pusher(marketplace, FAST)
    await database.take_in(delivery("A", 1), delivery("B", 1))

    await _push_until(pusher, lambda: _has_told(database, "A", AppliedStatus.UNKNOWN))
    await database.run("update pushes set next_attempt_at = now() - interval '1 hour'")
    await database.take_in(delivery("B", 2))
    await _push_until(pusher, lambda: _has_told(database, "B", AppliedStatus.ACCEPTED, revision=2))
    assert [(line.sku, line.revision) for line in marketplace.submitted if line.sku == "A"] == [("A", 1)]

    await database.follow_up()
    await _push_until(pusher, lambda: _all_are(database, "accepted"))
    await pusher.close()
    assert [line.revision for line in marketplace.submitted if line.sku == "A"] == [1, 2]


async def test_what_follows_an_unknown_outcome_waits_as_a_repeat_would(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.default = Outcome.UNKNOWN
    pusher = database.pusher(marketplace, PushPolicy(rate=1000, burst=100, backoff_seconds=60))
    await database.take_in(delivery("A", 1))
    await _push_until(pusher, lambda: _has_told(database, "A", AppliedStatus.UNKNOWN))
    await database.follow_up()
    await pusher.close()

    (row,) = await database.rows(
        "select revision, next_attempt_at > now() + interval '20 seconds' as waits from pushes"
    )
    assert (row.revision, row.waits) == (2, True)


async def test_an_unknown_zero_is_simply_repeated(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.answers["X-A"] = [Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.ACCEPTED]
    pusher = database.pusher(marketplace, FAST)
    await database.take_in(delivery("A", 1, 0))

    await _push_until(pusher, lambda: _all_are(database, "accepted"))
    await pusher.close()

    assert [(a.attempt, a.status) for a in await _applied(database)] == [(3, AppliedStatus.ACCEPTED)]


async def test_a_late_answer_does_not_mark_a_newer_revision_as_done(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.held["X-A"] = asyncio.Event()
    pusher = database.pusher(marketplace, FAST)
    await database.take_in(delivery("A", 1, 9))
    await _push_until(pusher, lambda: _submissions(marketplace, 1))
    await database.take_in(delivery("A", 2, 3))
    await pusher.step()
    assert len(marketplace.submitted) == 1, "one call in flight per SKU"

    marketplace.held.pop("X-A").set()
    await _push_until(pusher, lambda: _all_are(database, "accepted"))
    await pusher.close()

    assert [line.quantity for line in marketplace.submitted] == [9, 3]
    assert [(a.revision, a.status) for a in await _applied(database)] == [
        (1, AppliedStatus.ACCEPTED),
        (1, AppliedStatus.UNKNOWN),
        (2, AppliedStatus.ACCEPTED),
    ]


async def test_an_overtaken_revision_that_was_provably_not_applied_is_superseded(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.held["X-A"] = asyncio.Event()
    marketplace.answers["X-A"] = [Outcome.RETRY, Outcome.ACCEPTED]
    pusher = database.pusher(marketplace, FAST)
    await database.take_in(delivery("A", 1))
    await _push_until(pusher, lambda: _submissions(marketplace, 1))
    await database.take_in(delivery("A", 2))
    marketplace.held.pop("X-A").set()
    await _push_until(pusher, lambda: _all_are(database, "accepted"))
    await pusher.close()

    assert [(a.revision, a.status) for a in await _applied(database)] == [
        (1, AppliedStatus.SUPERSEDED),
        (2, AppliedStatus.ACCEPTED),
    ]


async def test_a_listing_that_keeps_failing_is_quarantined_alone(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.answers["X-bad"] = [Outcome.UNKNOWN]
    pusher = database.pusher(marketplace, FAST)
    await database.take_in(delivery("bad", 1), *(delivery(f"good-{n}", 1) for n in range(5)))

    await _push_until(pusher, lambda: _quarantined(database, "bad"))
    await pusher.close()

    states = await _states(database)
    assert states.pop("bad") == "quarantined"
    assert set(states.values()) == {"accepted"}
    (row,) = await database.rows("select failures, last_error from pushes where sku = 'bad'")
    assert (row.failures, row.last_error) == (10, "unknown")
    assert sum(line.sku == "bad" for line in marketplace.submitted) == 10


async def test_a_quarantined_listing_is_tried_with_a_new_revision(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    pusher = database.pusher(marketplace, FAST)
    await database.take_in(delivery("A", 1))
    await database.run("update pushes set state = 'quarantined', failures = 10, next_attempt_at = now() + '5 minutes'")
    await database.take_in(delivery("A", 2))

    await _push_until(pusher, lambda: _all_are(database, "accepted"))
    await pusher.close()

    assert [row.failures for row in await database.rows("select failures from pushes")] == [0]


async def test_unauthorised_pauses_the_channel_until_a_call_succeeds(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.default = Outcome.UNAUTHORISED
    pusher = database.pusher(marketplace, FAST)
    await database.take_in(*(delivery(f"sku-{n:02}", 1) for n in range(30)))
    await _push_until(pusher, lambda: _channel_states(database, ["unauthorised"]))
    assert len(marketplace.submitted) < 30, "what waited was not submitted"

    marketplace.default = Outcome.ACCEPTED
    await _push_until(pusher, lambda: _all_are(database, "accepted"))
    await pusher.close()

    assert await _channel_states(database, ["unauthorised", "active"])
    assert {a.status for a in await _applied(database)} == {AppliedStatus.ACCEPTED}


async def test_a_refusal_beside_successes_concerns_one_listing_only(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.held["X-odd"] = asyncio.Event()
    marketplace.answers["X-odd"] = [Outcome.UNAUTHORISED, Outcome.ACCEPTED]
    pusher = database.pusher(marketplace, FAST)
    await database.take_in(delivery("odd", 1, 0), delivery("good", 1))
    await _push_until(pusher, lambda: _submissions(marketplace, 2))
    marketplace.held.pop("X-odd").set()
    await _push_until(pusher, lambda: _all_are(database, "accepted"))
    await pusher.close()

    assert await _channel_states(database, [])


async def test_a_result_that_is_missing_from_the_answer_is_unknown(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.answers["X-A"] = [LineResult("another", Outcome.ACCEPTED), LineResult("X-A", Outcome.ACCEPTED)]
    pusher = database.pusher(marketplace, FAST)
    await database.take_in(delivery("A", 1))

    await _push_until(pusher, lambda: _has_told(database, "A", AppliedStatus.UNKNOWN))
    await pusher.close()

    assert [(a.attempt, a.revision) for a in await _applied(database)] == [(1, 1)]


async def test_nothing_is_pushed_while_the_channel_is_paused(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    pusher = database.pusher(marketplace, FAST)
    await database.run("update channel_state set paused = true")
    await database.take_in(delivery("A", 1))
    await pusher.step()
    await pusher.step()
    assert marketplace.submitted == []

    await database.run("update channel_state set paused = false")
    await _push_until(pusher, lambda: _all_are(database, "accepted"))
    await pusher.close()


async def test_closing_records_what_is_under_way_and_gives_back_the_rest(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.held["X-A"] = asyncio.Event()
    pusher = database.pusher(marketplace, PushPolicy(rate=40, burst=1, concurrency=1))
    await database.take_in(delivery("A", 1, 0), delivery("B", 1, 5), delivery("C", 1, 6))
    await _push_until(pusher, lambda: _submissions(marketplace, 1))
    marketplace.held.pop("X-A").set()
    await pusher.close()

    rows = await database.rows("select sku, state, in_flight_revision, attempts from pushes order by sku")
    assert [tuple(row) for row in rows] == [
        ("A", "accepted", None, 1),
        ("B", "pending", None, 0),
        ("C", "pending", None, 0),
    ]


async def test_calls_of_an_earlier_leader_are_unknown_and_only_a_zero_is_repeated(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("A", 1), delivery("B", 1), delivery("zero", 1, 0))
    async with database.worker.begin() as work:
        await pushes.claim(work.connection, 5, "a leader that died", work.now)
    await database.take_in(delivery("B", 2))
    marketplace = FakeMarketplace()
    pusher = database.pusher(marketplace, FAST)

    await _push_until(pusher, lambda: _has_told(database, "B", AppliedStatus.ACCEPTED, revision=2))
    await pusher.close()

    assert sorted((line.sku, line.revision) for line in marketplace.submitted) == [("B", 2), ("zero", 1)]
    unknown = [(a.sku, a.revision) for a in await _applied(database) if a.status is AppliedStatus.UNKNOWN]
    assert sorted(unknown) == [("A", 1), ("B", 1)]


async def _all_are(database: ConnectorDatabase, state: str) -> bool:
    return set((await _states(database)).values()) == {state}


async def _has_told(database: ConnectorDatabase, sku: str, status: AppliedStatus, revision: int | None = None) -> bool:
    told = [a for a in await _applied(database) if a.sku == sku and a.status is status]
    return any(revision in (None, a.revision) for a in told)


async def _quarantined(database: ConnectorDatabase, sku: str) -> bool:
    await database.follow_up()
    return (await _states(database))[sku] == "quarantined"


async def _submissions(marketplace: FakeMarketplace, count: int) -> bool:
    return len(marketplace.submitted) >= count


async def _channel_states(database: ConnectorDatabase, states: list[str]) -> bool:
    events = await database.published("channel.status.changed")
    return [event.data.state for event in events if isinstance(event.data, ChannelStatusChanged)] == states
