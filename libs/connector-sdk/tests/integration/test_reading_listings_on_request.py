"""The first reading of a listing, and readings that somebody asked for."""

import datetime as dt
from typing import Any

import pytest
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.marketplace_clock import ClockReading
from connector_sdk.reading_requests import ReadingRequests
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.requests import listed, requested
from connector_sdk.testing.targets import CHANNEL, delivery
from contracts import AppliedStatus, StockApplied, SyncScope
from runtime.records import Delivery

pytestmark = pytest.mark.integration


async def _list(database: ConnectorDatabase, *deliveries: Delivery[Any], can_read: bool = True) -> None:
    async with database.worker.begin() as work:
        await ReadingRequests(CHANNEL, can_read=can_read).note_listings(deliveries, work)


async def _ask(database: ConnectorDatabase, *deliveries: Delivery[Any], can_read: bool = True) -> None:
    async with database.worker.begin() as work:
        await ReadingRequests(CHANNEL, can_read=can_read).note_requests(deliveries, work)


async def _read(database: ConnectorDatabase, marketplace: FakeMarketplace) -> None:
    leader = database.leader()
    await database.observer(marketplace, leader).step()
    await leader.close()


async def _observed(database: ConnectorDatabase) -> list[tuple[str, int | None]]:
    events = [event.data for event in await database.published("channel.stock.applied")]
    told = [e for e in events if isinstance(e, StockApplied)]
    assert all((e.status, e.revision) == (AppliedStatus.OBSERVED, None) for e in told)
    return [(each.sku, each.observed_quantity) for each in told]


async def test_a_new_listing_is_read_once_and_told(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 7}
    marketplace.clock = ClockReading(dt.timedelta(seconds=3), dt.timedelta(milliseconds=2040))
    await _list(database, listed("A"), listed("elsewhere", channel="elsewhere"))
    await _read(database, marketplace)
    await _read(database, marketplace)

    assert marketplace.read == ["X-A"]
    (event,) = await database.published("channel.stock.applied")
    told = event.data
    assert isinstance(told, StockApplied)
    assert (told.status, told.revision, told.observed_quantity) == (AppliedStatus.OBSERVED, None, 7)
    assert told.observed_at == marketplace.reads_at
    assert (told.clock_offset_ms, told.margin_ms) == (3000, 2041)
    assert event.causationid == "testmart/A/0"


async def test_a_replay_asks_for_no_second_reading(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 7, "X-A2": 9}
    history = [listed("A"), listed("A", 1, is_active=False), listed("A", 2), listed("A", 3, external_sku="X-A2")]
    for each in history:
        await _list(database, each)
    await _read(database, marketplace)
    for _ in range(2):
        for each in history:
            await _list(database, each)
        await _list(database, *history)
        await _read(database, marketplace)

    assert await _observed(database) == [("A", 9)]


async def test_a_listing_is_read_again_under_another_external_sku_and_when_it_is_offered_again(
    database: ConnectorDatabase,
) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 7, "Y-A": 8}
    for each in (
        listed("A"),
        listed("A", 1, external_sku="Y-A"),
        listed("A", 2, external_sku="Y-A", is_active=False),
        listed("A", 3, external_sku="Y-A"),
    ):
        await _list(database, each)
        await _read(database, marketplace)

    assert await _observed(database) == [("A", 7), ("A", 8), ("A", 8)]


async def test_an_inactive_listing_is_not_read(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    await _list(database, listed("A", is_active=False), listed("B"), listed("B", 1, is_active=False))
    await _read(database, marketplace)

    assert marketplace.read == []


async def test_a_reading_is_tried_until_it_succeeds_and_one_bad_listing_holds_up_no_other(
    database: ConnectorDatabase,
) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-B": 2}
    await _list(database, listed("A"), listed("B"))
    marketplace.read_error = MarketplaceError(Outcome.RETRY, "busy")
    await _read(database, marketplace)
    marketplace.read_error = None
    await _read(database, marketplace)
    assert await _observed(database) == []

    for _ in range(2):
        await database.run("update listings set next_read_at = now() where next_read_at is not null")
        await _read(database, marketplace)
        marketplace.shown["X-A"] = 1
    assert await _observed(database) == [("B", 2), ("A", 1)]


async def test_a_listing_that_the_marketplace_does_not_show_is_observed_without_a_quantity(
    database: ConnectorDatabase,
) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": None}
    await _list(database, listed("A"))
    await _read(database, marketplace)

    (event,) = await database.published("channel.stock.applied")
    assert isinstance(event.data, StockApplied)
    assert (event.data.observed_quantity, [issue.code for issue in event.data.issues]) == (None, ["NotShown"])


async def test_without_read_back_the_answer_comes_at_once_and_has_no_quantity(database: ConnectorDatabase) -> None:
    await _list(database, listed("A"), listed("B", is_active=False), can_read=False)
    await _list(database, listed("A"), can_read=False)
    await _ask(database, requested("B"), requested("C", scope=SyncScope.STOCK), can_read=False)

    assert await _observed(database) == [("A", None), ("B", None)]
    event = (await database.published("channel.stock.applied"))[0]
    assert isinstance(event.data, StockApplied)
    assert (event.data.observed_at, [issue.code for issue in event.data.issues]) == (None, ["NoReadBack"])
    assert not await database.rows("select 1 from listings where next_read_at is not null")


async def test_many_requests_become_one_reading(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 4, "X-B": 5}
    await _list(database, listed("A"), listed("B"))
    await _read(database, marketplace)
    await _ask(database, *[requested("A")] * 5)
    await _ask(database, requested("A"), requested("A", channel="elsewhere"), requested("B", scope=SyncScope.ALL))
    await _read(database, marketplace)
    await _read(database, marketplace)

    assert await _observed(database) == [("A", 4), ("B", 5), ("A", 4)]
    assert (await database.published("channel.stock.applied"))[-1].causationid == "request-A"


async def test_a_request_without_a_sku_has_every_listing_read_that_is_offered(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 4, "X-B": 5, "X-C": 6}
    await _list(database, listed("A"), listed("B"), listed("C", is_active=False))
    await _read(database, marketplace)
    await _ask(database, requested(None))
    await _read(database, marketplace)

    assert await _observed(database) == [("A", 4), ("B", 5)] * 2


async def test_a_request_that_comes_while_the_listing_is_read_is_not_lost(database: ConnectorDatabase) -> None:
    class _Interrupted(FakeMarketplace):
        async def read_listings(self, external_skus: Any) -> Any:  # noqa: ANN401 - as the port has it
            if not self.read:
                await _ask(database, requested("A"))
            return await super().read_listings(external_skus)

    marketplace = _Interrupted()
    marketplace.shown = {"X-A": 4}
    await _list(database, listed("A"))
    await _read(database, marketplace)
    await _read(database, marketplace)
    await _read(database, marketplace)

    assert await _observed(database) == [("A", 4), ("A", 4)]


async def test_a_listing_known_from_its_target_alone_can_be_read_too(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 4}
    await database.take_in(delivery("A", 1))
    await _ask(database, requested("A"), requested("nobody-knows"))
    await _read(database, marketplace)
    await _list(database, listed("A"))
    await _read(database, marketplace)

    assert await _observed(database) == [("A", 4)]
