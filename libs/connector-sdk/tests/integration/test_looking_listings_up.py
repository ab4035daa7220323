"""The registry: nothing is written to a listing that the marketplace does not have."""

import datetime as dt

import pytest
from connector_sdk import registry
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.push_policy import PushPolicy
from connector_sdk.reading_requests import ReadingRequests
from connector_sdk.registry import Pace
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.requests import listed, requested
from connector_sdk.testing.targets import CHANNEL, delivery, price_delivery
from connector_sdk.testing.waiting import eventually
from contracts import AppliedStatus, Issue, PriceApplied, StockApplied, SyncRequested

pytestmark = pytest.mark.integration

AT_ONCE = Pace(retry_after=dt.timedelta(0), again_after=dt.timedelta(0))
LATER = Pace(retry_after=dt.timedelta(hours=1), again_after=dt.timedelta(hours=1))
PUSHING = PushPolicy(rate=1000, burst=100, backoff_seconds=0.01)
NOT_THERE = Issue(code="UnknownListing", message="no such SKU: create it")


async def _look_up(database: ConnectorDatabase, marketplace: FakeMarketplace, pace: Pace = LATER) -> None:
    """Two rounds: what the first has looked up the second answers for."""
    leader = database.leader()
    registrar = database.registrar(marketplace, leader, pace)
    for _ in range(2):
        await registrar.step()
    await leader.close()


async def _push(database: ConnectorDatabase, marketplace: FakeMarketplace) -> None:
    pusher = database.pusher(marketplace, PUSHING, registered_only=True)
    for _ in range(4):
        await pusher.step()
    await pusher.close()


async def _told(database: ConnectorDatabase) -> list[tuple[str, AppliedStatus, int | None]]:
    events = [event.data for event in await database.published("channel.stock.applied")]
    return [(e.sku, e.status, e.observed_quantity) for e in events if isinstance(e, StockApplied)]


async def test_a_listing_is_looked_up_before_its_first_write(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 3}
    await database.take_in(delivery("A", 1, 7))
    await _push(database, marketplace)
    assert marketplace.submitted == []

    await _look_up(database, marketplace)
    await _push(database, marketplace)
    assert [(line.external_sku, line.quantity) for line in marketplace.submitted] == [("X-A", 7)]

    await database.take_in(delivery("A", 2, 8))
    await _push(database, marketplace)
    assert len(marketplace.submitted) == 2
    assert marketplace.searched == ["X-A"], "what is known is not looked up again"


async def test_an_unknown_listing_is_rejected_and_never_written(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": None}
    marketplace.refusals = {"X-A": NOT_THERE}
    await database.take_in(delivery("A", 1, 7))
    await database.take_in_prices(price_delivery("A", 1))
    await _look_up(database, marketplace)
    await database.take_in(delivery("A", 2, 0))
    await _look_up(database, marketplace)
    await _push(database, marketplace)

    assert marketplace.submitted == []
    assert await _told(database) == [("A", AppliedStatus.REJECTED, None), ("A", AppliedStatus.REJECTED, None)]
    (event, _) = await database.published("channel.stock.applied")
    assert isinstance(event.data, StockApplied)
    assert [issue.code for issue in event.data.issues] == ["UnknownListing"]
    (priced,) = [event.data for event in await database.published("channel.price.applied")]
    assert isinstance(priced, PriceApplied)
    assert priced.status is AppliedStatus.REJECTED
    assert marketplace.searched == ["X-A"], "its next target is rejected without a call"


async def test_what_a_search_misses_is_read_before_it_is_refused(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown, marketplace.found = {"X-A": 3}, {}
    await database.take_in(delivery("A", 1, 7))
    await _look_up(database, marketplace)
    await _push(database, marketplace)
    assert marketplace.read == ["X-A"]
    assert [line.external_sku for line in marketplace.submitted] == ["X-A"]


async def test_a_listing_that_turns_up_later_is_told_and_asked_for_anew(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown, marketplace.refusals = {"X-A": None}, {"X-A": NOT_THERE}
    await database.take_in(delivery("A", 1, 7))
    await database.take_in_prices(price_delivery("A", 1))
    await _look_up(database, marketplace, AT_ONCE)
    assert await database.published("channel.sync.requested") == []

    marketplace.shown, marketplace.refusals = {"X-A": 4}, {}
    for _ in range(2):
        await _look_up(database, marketplace, AT_ONCE)
    (request,) = await database.published("channel.sync.requested")
    assert isinstance(request.data, SyncRequested)
    assert (request.data.sku, request.data.scope) == ("A", "stock")
    assert await _told(database) == [("A", AppliedStatus.REJECTED, None), ("A", AppliedStatus.OBSERVED, 4)]
    assert [tuple(row) for row in await database.rows("select state from price_pushes")] == [("pending",)]

    await database.take_in(delivery("A", 2, 6))
    await _push(database, marketplace)
    assert [(line.external_sku, line.quantity) for line in marketplace.submitted] == [("X-A", 6)]


@pytest.mark.parametrize("word", ["listing.changed", "channel.sync.requested"])
async def test_a_reading_that_somebody_asks_for_finds_a_listing_too(database: ConnectorDatabase, word: str) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown, marketplace.refusals = {"X-A": None}, {"X-A": NOT_THERE}
    await database.take_in(delivery("A", 1, 7))
    await _look_up(database, marketplace)
    marketplace.shown, marketplace.refusals = {"X-A": 4}, {}
    requests = ReadingRequests(CHANNEL, can_read=True)
    async with database.worker.begin() as work:
        if word == "listing.changed":
            await requests.note_listings([listed("A")], work)
        else:
            await requests.note_requests([requested("A")], work)
    leader = database.leader()
    for _ in range(2):
        await database.observer(marketplace, leader, registers=True).step()
    await leader.close()
    assert len(await database.published("channel.sync.requested")) == 1
    assert [row.state for row in await database.rows("select state from registry")] == ["offered"]


async def test_a_marketplace_that_is_down_keeps_every_turn(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 3, "X-B": 3}
    marketplace.read_error = MarketplaceError(Outcome.UNKNOWN, "down")
    await database.take_in(delivery("A", 1, 7), delivery("B", 1, 7))
    await _look_up(database, marketplace)
    await _push(database, marketplace)
    assert marketplace.submitted == []
    assert await _told(database) == [], "that it is down says nothing of the listings"

    marketplace.read_error = None
    await _look_up(database, marketplace)
    await _push(database, marketplace)
    assert sorted(line.external_sku for line in marketplace.submitted) == ["X-A", "X-B"]


async def test_a_registrar_that_dies_between_asking_and_noting_asks_again(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 3}
    await database.take_in(delivery("A", 1, 7))
    async with database.worker.begin() as work:
        from_before = await registry.due(work.connection, work.now, 20, LATER)
    assert from_before == ["X-A"]
    await _look_up(database, marketplace)
    assert marketplace.searched == [], "its turn comes again after a while"

    await database.run("update registry set next_check_at = now()")
    await _look_up(database, marketplace)
    await _push(database, marketplace)
    assert [line.external_sku for line in marketplace.submitted] == ["X-A"]


async def test_one_replica_looks_up_while_the_other_stands_by(database: ConnectorDatabase) -> None:
    marketplace, second = FakeMarketplace(), FakeMarketplace()
    marketplace.shown = second.shown = {"X-A": 3}
    leader, standby = database.leader(), database.leader()
    await leader.lead()
    await database.take_in(delivery("A", 1, 7))
    await database.registrar(second, standby, LATER).step()
    await database.registrar(marketplace, leader, LATER).step()
    assert (marketplace.searched, second.searched) == (["X-A"], [])
    await leader.close()
    await standby.close()


async def test_many_listings_are_looked_up_some_searches_at_a_time_and_zeros_first(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {f"X-{number:03}": 1 for number in range(150)}
    await database.take_in(*(delivery(f"{number:03}", 1, 0 if number == 149 else 9) for number in range(150)))
    leader = database.leader()
    registrar = database.registrar(marketplace, leader, LATER)
    await registrar.step()
    assert len(marketplace.searched) == 100
    assert "X-149" in marketplace.searched

    async def all_are_known() -> bool:
        await registrar.step()
        return len(marketplace.searched) == 150

    await eventually(all_are_known)
    await leader.close()
    assert await database.rows("select 1 from registry where state <> 'offered'") == []
