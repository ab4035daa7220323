"""Accepted is not live: what a reading proves, and what only time does."""

import datetime as dt

import pytest
from connector_sdk import pushes
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.marketplace_clock import ClockReading
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pushes import Patience
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waiting import eventually
from contracts import AppliedStatus, Evidence, StockApplied

pytestmark = pytest.mark.integration

AT_ONCE = Patience(ceiling=dt.timedelta(hours=1), read_after=dt.timedelta(0))
PUSHING = PushPolicy(rate=1000, burst=100, backoff_seconds=0.01, patience=AT_ONCE)


async def _accept(database: ConnectorDatabase, marketplace: FakeMarketplace) -> None:
    """Push what is desired and let the marketplace accept it."""
    await _push_until(database, marketplace, "state in ('accepted', 'live')")


async def _push_until(database: ConnectorDatabase, marketplace: FakeMarketplace, condition: str) -> None:
    """Push until every listing fulfils `condition`."""
    pusher = database.pusher(marketplace, PUSHING)

    async def is_so() -> bool:
        await pusher.step()
        return not await database.rows(f"select 1 from pushes where not ({condition})")  # noqa: S608 - the tests' own words

    await eventually(is_so)
    await pusher.close()


async def _verify(database: ConnectorDatabase, marketplace: FakeMarketplace) -> None:
    leader = database.leader()
    await database.verifier(marketplace, AT_ONCE, leader).step()
    await leader.close()


async def _told(database: ConnectorDatabase) -> list[StockApplied]:
    events = [event.data for event in await database.published("channel.stock.applied")]
    return [e for e in events if isinstance(e, StockApplied) and e.status is not AppliedStatus.ACCEPTED]


async def test_a_quantity_is_live_when_its_ceiling_has_passed(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    await database.take_in(delivery("A", 1, 7))
    await _accept(database, marketplace)
    await _verify(database, marketplace)
    assert await _told(database) == []

    await database.run("update pushes set accepted_at = accepted_at - interval '61 minutes'")
    await _verify(database, marketplace)
    await _verify(database, marketplace)
    (live,) = await _told(database)
    assert (live.status, live.revision, live.quantity, live.evidence) == (AppliedStatus.LIVE, 1, 7, Evidence.CEILING)
    (row,) = await database.rows("select state, accepted_at + interval '1 hour' as until, live_at from pushes")
    assert (row.state, live.live_at) == ("live", row.until)


async def test_a_reading_that_proves_it_makes_it_live(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 6, "X-B": 3}
    await database.take_in(delivery("A", 1, 7, live_above=4), delivery("B", 1, 7, live_above=4))
    await _accept(database, marketplace)
    await _verify(database, marketplace)

    told = {each.sku: each for each in await _told(database)}
    assert (told["A"].status, told["A"].evidence, told["A"].live_at) == (
        AppliedStatus.LIVE,
        Evidence.READ_BACK,
        marketplace.reads_at,
    )
    assert (told["B"].status, told["B"].revision, told["B"].observed_quantity) == (AppliedStatus.OBSERVED, None, 3)


async def test_a_zero_is_live_when_it_shows(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 0}
    await database.take_in(delivery("A", 1, 0))
    await _accept(database, marketplace)
    await _verify(database, marketplace)
    (live,) = await _told(database)
    assert (live.status, live.quantity, live.evidence) == (AppliedStatus.LIVE, 0, Evidence.READ_BACK)


async def test_a_zero_proves_nothing_while_an_earlier_write_may_still_go_live(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 0}
    await database.take_in(delivery("A", 1, 5))
    await _accept(database, marketplace)
    await database.take_in(delivery("A", 2, 0))
    await _accept(database, marketplace)
    await _verify(database, marketplace)
    assert [each.status for each in await _told(database)] == [AppliedStatus.UNKNOWN, AppliedStatus.OBSERVED]

    await database.run("update pushes set earlier_until = now() - interval '1 second'")
    await _verify(database, marketplace)
    assert (await _told(database))[-1].status is AppliedStatus.LIVE


async def test_a_marketplace_that_can_not_be_read_leaves_it_to_the_ceiling(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.read_error = MarketplaceError(Outcome.UNKNOWN, "gone")
    await database.take_in(delivery("A", 1, 0))
    await _accept(database, marketplace)
    await _verify(database, marketplace)
    await database.run("update pushes set accepted_at = accepted_at - interval '61 minutes'")
    await _verify(database, marketplace)
    assert [each.evidence for each in await _told(database)] == [Evidence.CEILING]


async def test_a_newer_revision_is_not_live_because_an_older_one_is(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    await database.take_in(delivery("A", 1, 7))
    await _accept(database, marketplace)
    await database.run("update pushes set accepted_at = accepted_at - interval '61 minutes'")
    await database.take_in(delivery("A", 2, 8))
    await _verify(database, marketplace)
    assert [(each.revision, each.status) for each in await _told(database)] == [(1, AppliedStatus.UNKNOWN)]


async def test_a_zero_that_follows_what_is_live_is_proven_by_the_first_reading(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 5}
    await database.take_in(delivery("A", 1, 5, live_above=4))
    await _accept(database, marketplace)
    await _verify(database, marketplace)
    marketplace.shown = {"X-A": 0}
    await database.take_in(delivery("A", 2, 0))
    await _accept(database, marketplace)
    await _verify(database, marketplace)

    assert [(e.revision, e.status) for e in await _told(database)] == [(1, AppliedStatus.LIVE), (2, AppliedStatus.LIVE)]


@pytest.mark.parametrize("fate", ["unknown", "abandoned by a leader", "abandoned and overtaken"])
async def test_no_zero_is_live_before_an_earlier_write_can_no_longer_be(database: ConnectorDatabase, fate: str) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 0}
    marketplace.default = Outcome.UNKNOWN
    await database.take_in(delivery("A", 1, 5))
    if fate == "unknown":
        await _push_until(database, marketplace, "closed")
    else:
        async with database.worker.begin() as work:
            await pushes.claim(work.connection, 5, "a leader that died", work.now)
    marketplace.default = Outcome.ACCEPTED
    if fate != "abandoned and overtaken":
        await _push_until(database, marketplace, "closed")
    await database.take_in(delivery("A", 2, 0))
    await _push_until(database, marketplace, "state = 'accepted'")
    await _verify(database, marketplace)
    told = {each.revision: each for each in await _told(database)}
    assert set(told) == {1, None}, "one unknown outcome, one reading that proves nothing"
    (row,) = await database.rows("select earlier_until, accepted_at from pushes")
    assert told[1].may_go_live_until == row.earlier_until <= row.accepted_at + AT_ONCE.ceiling

    await database.run("update pushes set accepted_at = accepted_at - interval '61 minutes'")
    await _verify(database, marketplace)
    assert AppliedStatus.LIVE not in {each.status for each in await _told(database)}, "its clock may have been wrong"

    await database.run("update pushes set earlier_until = earlier_until - interval '61 minutes'")
    await _verify(database, marketplace)
    assert (await _told(database))[-1].status is AppliedStatus.LIVE


async def test_live_is_told_on_the_clock_of_the_marketplace(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.clock = ClockReading(dt.timedelta(seconds=90), dt.timedelta(seconds=2))
    marketplace.shown = {"X-read": 7}
    await database.take_in(delivery("read", 1, 7, live_above=4), delivery("waited", 1, 7))
    await _accept(database, marketplace)
    await _verify(database, marketplace)
    (row,) = await database.rows("select accepted_at from pushes where sku = 'waited'")
    await database.run("update pushes set accepted_at = accepted_at - interval '1 hour'")
    await _verify(database, marketplace)

    by_reading, by_ceiling = await _told(database)
    assert (by_reading.sku, by_reading.live_at) == ("read", marketplace.reads_at)
    assert (by_ceiling.sku, by_ceiling.live_at) == ("waited", row.accepted_at + dt.timedelta(seconds=90))
    assert {(e.clock_offset_ms, e.margin_ms) for e in (by_reading, by_ceiling)} == {(90_000, 2001)}
    events = [event.data for event in await database.published("channel.stock.applied")]
    accepted = [e for e in events if isinstance(e, StockApplied) and e.status is AppliedStatus.ACCEPTED]
    assert {(e.clock_offset_ms, e.margin_ms) for e in accepted} == {(90_000, 2001)}
