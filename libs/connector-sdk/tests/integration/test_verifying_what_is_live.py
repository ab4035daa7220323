"""Accepted is not live: what a reading proves, and what only time does."""

import datetime as dt

import pytest
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pushes import Patience
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waiting import eventually
from connector_sdk.verifier import VerifyPolicy
from contracts import AppliedStatus, Evidence, StockApplied

pytestmark = pytest.mark.integration

AT_ONCE = Patience(ceiling=dt.timedelta(hours=1), read_after=dt.timedelta(0))
READING = VerifyPolicy(AT_ONCE, read_rate=1000)
PUSHING = PushPolicy(rate=1000, burst=100, backoff_seconds=0.01, patience=AT_ONCE)


async def _accept(database: ConnectorDatabase, marketplace: FakeMarketplace) -> None:
    """Push what is desired and let the marketplace accept it."""
    pusher = database.pusher(marketplace, PUSHING)

    async def is_accepted() -> bool:
        await pusher.step()
        return not await database.rows("select 1 from pushes where state not in ('accepted', 'live')")

    await eventually(is_accepted)
    await pusher.close()


async def _verify(database: ConnectorDatabase, marketplace: FakeMarketplace, policy: VerifyPolicy = READING) -> None:
    leader = database.leader()
    await database.verifier(marketplace, policy, leader).step()
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
    marketplace.reads_at = dt.datetime.now(dt.UTC)
    await database.take_in(delivery("A", 1, 5))
    await _accept(database, marketplace)
    await database.take_in(delivery("A", 2, 0))
    await _accept(database, marketplace)
    await _verify(database, marketplace)
    assert [each.status for each in await _told(database)] == [AppliedStatus.OBSERVED]

    marketplace.reads_at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    await _verify(database, marketplace)
    assert [each.status for each in await _told(database)] == [AppliedStatus.OBSERVED, AppliedStatus.LIVE]


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
    assert await _told(database) == []
