"""A quantity above zero that can't be submitted is withdrawn, a zero never."""

import datetime as dt

import pytest
from connector_sdk import failed
from connector_sdk.marketplace import Outcome
from connector_sdk.push_policy import PushPolicy
from connector_sdk.testing.database import ACCOUNT, ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waiting import eventually
from connector_sdk.withdrawal import Withdrawal
from contracts import AppliedStatus, ChannelState, ChannelStatusChanged, StockApplied, SyncRequested

pytestmark = pytest.mark.integration

GRACE = dt.timedelta(seconds=30)
LATER = "update pushes set desired_at = desired_at - interval '31 seconds'"
LONG_STOPPED = "update channel_state set stopped_since = now() - interval '31 seconds'"
PAUSED = "update channel_state set paused = true, stopped_since = now() - interval '31 seconds'"
GOING = "update channel_state set paused = false, stock_refused = null, stopped_since = null"
QUARANTINED = "update pushes set state = 'quarantined', failures = 10, next_attempt_at = now() + interval '5 minutes'"


async def _withdraw(database: ConnectorDatabase) -> None:
    leader = database.leader()
    await Withdrawal(ACCOUNT, database.worker, leader, GRACE).step()
    await leader.close()


async def _told(database: ConnectorDatabase) -> list[tuple[str, int | None, AppliedStatus]]:
    events = [event.data for event in await database.published("channel.stock.applied")]
    return [(e.sku, e.revision, e.status) for e in events if isinstance(e, StockApplied)]


async def test_while_the_channel_is_paused_raises_are_withdrawn_and_zeros_wait(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("A", 1, 5), delivery("B", 4, 7), delivery("zero", 1, 0))
    await database.run(PAUSED)
    await _withdraw(database)
    assert await _told(database) == [], "the grace is not over"

    await database.run(LATER)
    await _withdraw(database)
    await _withdraw(database)
    assert sorted(await _told(database)) == [("A", 1, AppliedStatus.SUPERSEDED), ("B", 4, AppliedStatus.SUPERSEDED)]
    event = (await database.published("channel.stock.applied"))[0]
    assert isinstance(event.data, StockApplied)
    assert [issue.message for issue in event.data.issues] == ["the channel is paused"]
    assert (event.causationid, event.correlationid) == ("testmart/A/1", "cause-of-A")


async def test_what_was_withdrawn_is_never_submitted_and_what_follows_it_is(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    await database.take_in(delivery("A", 1, 5), delivery("B", 1, 5))
    await database.run(PAUSED)
    await database.run(LATER)
    await _withdraw(database)
    await database.run(GOING)
    await database.take_in(delivery("A", 2, 6))
    pusher = database.pusher(marketplace, PushPolicy(rate=1000, burst=100))

    async def is_accepted() -> bool:
        await pusher.step()
        return ("A", 2, AppliedStatus.ACCEPTED) in await _told(database)

    await eventually(is_accepted)
    await pusher.close()
    assert [(line.sku, line.revision) for line in marketplace.submitted] == [("A", 2)]
    ends = [each for each in await _told(database) if each[1] == 1]
    assert sorted(ends) == [("A", 1, AppliedStatus.SUPERSEDED), ("B", 1, AppliedStatus.SUPERSEDED)]


async def test_a_quarantined_listing_gives_its_raise_back_until_its_turn_comes(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("A", 1, 5), delivery("due", 1, 5), delivery("zero", 1, 0))
    await database.run(QUARANTINED)
    await database.run("update pushes set next_attempt_at = now() - interval '1 second' where sku = 'due'")
    await database.run(LATER)
    await _withdraw(database)
    assert await _told(database) == [("A", 1, AppliedStatus.SUPERSEDED)]
    async with database.worker.begin() as work:
        assert [f.sku for f in await failed.read(work.connection, work.now) if f.state == "withdrawn"] == ["A"]

    await database.take_in(delivery("A", 2, 5))
    (row,) = await database.rows("select state, next_attempt_at > now() as waits from pushes where sku = 'A'")
    assert (row.state, row.waits) == ("quarantined", True)


async def test_what_may_have_arrived_or_is_on_its_way_is_not_withdrawn(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("reached", 1, 5), delivery("in-flight", 1, 5), delivery("ended", 1, 5))
    await database.run("update pushes set reached = true where sku = 'reached'")
    await database.run("update pushes set in_flight_revision = 1, lease = 'x' where sku = 'in-flight'")
    await database.run("update pushes set closed = true, reached = true where sku = 'ended'")
    await database.run(PAUSED)
    await database.run(LATER)
    await _withdraw(database)

    assert await _told(database) == []


async def test_a_refusal_leaves_one_raise_to_find_out_when_it_is_over(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.default = Outcome.UNAUTHORISED
    policy = PushPolicy(rate=1000, burst=100, unauthorised_seconds=0.05)
    leader = database.leader()
    pusher = database.pusher(marketplace, policy, leader)
    await database.take_in(*(delivery(f"sku-{n}", 1, 5 + n) for n in range(5)))

    async def has_told(state: ChannelState) -> bool:
        await pusher.step()
        events = [event.data for event in await database.published("channel.status.changed")]
        return [e.state for e in events if isinstance(e, ChannelStatusChanged)][-1:] == [state]

    await eventually(lambda: has_told(ChannelState.UNAUTHORISED))
    await eventually(lambda: _rests(database))
    await database.run(LATER)
    await database.run(LONG_STOPPED)
    await Withdrawal(ACCOUNT, database.worker, leader, GRACE).step()
    assert sorted(sku for sku, *_ in await _told(database)) == ["sku-1", "sku-2", "sku-3", "sku-4"]

    marketplace.default = Outcome.ACCEPTED
    await eventually(lambda: has_told(ChannelState.ACTIVE))
    await pusher.close()
    assert (await _told(database))[-1] == ("sku-0", 1, AppliedStatus.ACCEPTED)


async def _rests(database: ConnectorDatabase) -> bool:
    return not await database.rows("select 1 from pushes where in_flight_revision is not null")


async def test_after_an_outage_new_revisions_are_asked_for_what_was_withdrawn(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    pusher = database.pusher(marketplace, PushPolicy(rate=1000, burst=100, backoff_seconds=60))
    await database.take_in(delivery("A", 1, 5))
    await database.run(QUARANTINED)
    await database.run(LATER)
    await _withdraw(database)
    marketplace.default = Outcome.UNKNOWN
    await database.take_in(*(delivery(f"sku-{n}", 1, 0) for n in range(4)))

    async def has_failed() -> bool:
        await pusher.step()
        return len(await database.rows("select 1 from pushes where failures = 1")) == 4

    await eventually(has_failed)
    marketplace.default = Outcome.ACCEPTED
    await database.take_in(delivery("another", 1, 5))

    async def has_asked() -> bool:
        await pusher.step()
        asked = [event.data for event in await database.published("channel.sync.requested")]
        return [e.sku for e in asked if isinstance(e, SyncRequested)] == ["A"]

    await eventually(has_asked)
    await pusher.close()
