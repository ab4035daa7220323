import datetime as dt

import pytest
from connector_sdk.leader import Leader
from connector_sdk.marketplace import MarketplaceError, OrderPage, Outcome, Search, UnreadableOrder
from connector_sdk.order_reader import OrderReader, ReadPolicy
from connector_sdk.testing.database import ACCOUNT, ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.orders import NOON, order
from contracts import (
    ChannelState,
    ChannelStatusChanged,
    MarketplaceOrderReceived,
    OrderStatus,
    OrdersWatermark,
    partition_counts,
)

pytestmark = pytest.mark.integration

POLICY = ReadPolicy(poll_seconds=7.0)


def _reader(
    database: ConnectorDatabase, marketplace: FakeMarketplace, leader: Leader, policy: ReadPolicy = POLICY
) -> OrderReader:
    return OrderReader(ACCOUNT, marketplace, database.worker, leader, policy)


async def _published(database: ConnectorDatabase) -> list[tuple[str, OrderStatus]]:
    events = await database.published("marketplace.order.received")
    orders = [event.data for event in events]
    return [(o.external_order_id, o.status) for o in orders if isinstance(o, MarketplaceOrderReceived)]


async def test_all_pages_are_read_before_the_cursor_advances(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    until = NOON + dt.timedelta(hours=1)
    marketplace.pages = {
        None: OrderPage([order("1"), order("2")], next_cursor="page-2", known_until=until),
        "page-2": OrderPage([order("3")], known_until=until + dt.timedelta(minutes=1)),
    }
    leader = database.leader()
    reader = _reader(database, marketplace, leader)

    assert await reader.step() == 0.0
    assert await database.rows("select * from cursors where search <> 'last-call'") == []
    assert await reader.step() == POLICY.poll_seconds
    await leader.close()

    assert [number for number, _ in await _published(database)] == ["1", "2", "3"]
    (cursor,) = await database.rows("select search, position, known_until from cursors where search = 'created'")
    assert tuple(cursor) == ("created", until, until)


async def test_a_crash_between_pages_loses_and_doubles_nothing(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.pages = {
        None: OrderPage([order("1"), order("2")], next_cursor="page-2"),
        "page-2": OrderPage([order("3")]),
    }
    dying = database.leader()
    await _reader(database, marketplace, dying).step()
    await dying.close()

    leader = database.leader()
    reader = _reader(database, marketplace, leader, ReadPolicy(poll_seconds=0.0))
    await reader.step()
    await reader.step()
    await leader.close()

    assert [number for number, _ in await _published(database)] == ["1", "2", "3"]
    assert [cursor for _, _, cursor in marketplace.searches] == [None, None, "page-2"]


async def test_an_unchanged_order_is_published_once_and_a_changed_one_again(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    leader = database.leader()
    reader = _reader(database, marketplace, leader)
    for page in (
        [order("1")],
        [order("1", updated=5)],
        [order("1", status=OrderStatus.CANCELLED, updated=9)],
        [order("1", updated=5)],
    ):
        marketplace.pages = {None: OrderPage(page)}
        await reader.step()
    await leader.close()

    assert await _published(database) == [("1", OrderStatus.UNSHIPPED), ("1", OrderStatus.CANCELLED)]
    ids = [event.id for event in await database.published("marketplace.order.received")]
    assert len(set(ids)) == 2


async def test_an_unreadable_order_does_not_stop_its_page(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    unreadable = [UnreadableOrder("9", "line 1 has no sellerSku")]
    marketplace.pages = {None: OrderPage([order("1"), order("odd\0number")], unreadable=unreadable)}
    leader = database.leader()
    reader = _reader(database, marketplace, leader)
    await reader.step()
    rows = await database.rows("select external_order_id from unreadable_orders order by 1")
    assert [row.external_order_id for row in rows] == ["9", "odd\\0number"]

    marketplace.pages = {None: OrderPage([order("9")])}
    await reader.step()
    await leader.close()

    assert [number for number, _ in await _published(database)] == ["1", "9"]
    rows = await database.rows("select external_order_id from unreadable_orders")
    assert [row.external_order_id for row in rows] == ["odd\\0number"]


async def test_windows_overlap_and_every_fourth_search_is_by_update(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.pages = {None: OrderPage((), known_until=NOON)}
    leader = database.leader()
    reader = _reader(database, marketplace, leader)
    for _ in range(5):
        await reader.step()
    await leader.close()

    kinds = [search for search, _, _ in marketplace.searches]
    assert kinds == [Search.CREATED, Search.CREATED, Search.CREATED, Search.UPDATED, Search.CREATED]
    assert [since for _, since, _ in marketplace.searches[1:3]] == [NOON - POLICY.overlap] * 2


async def test_without_an_update_search_the_window_reaches_back_to_open_orders(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace(update_search=False)
    recent = dt.datetime.now(dt.UTC) - dt.timedelta(days=2)
    still_open = order("1").model_copy(update={"placed_at": recent, "updated_at": recent})
    marketplace.pages = {None: OrderPage([still_open], known_until=dt.datetime.now(dt.UTC))}
    leader = database.leader()
    reader = _reader(database, marketplace, leader)
    for _ in range(5):
        await reader.step()
    await leader.close()

    assert {search for search, _, _ in marketplace.searches} == {Search.CREATED}
    assert [since for _, since, _ in marketplace.searches[1:]] == [recent] * 4


async def test_a_failed_page_is_asked_for_again_and_a_refusal_is_told(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.pages = {None: OrderPage([order("1")], next_cursor="2"), "2": MarketplaceError(Outcome.RETRY, "busy")}
    leader = database.leader()
    reader = _reader(database, marketplace, leader)
    await reader.step()
    assert await reader.step() > 0
    marketplace.pages["2"] = MarketplaceError(Outcome.UNAUTHORISED, "no token")
    assert await reader.step() == POLICY.unauthorised_seconds
    marketplace.pages["2"] = OrderPage([order("2")])
    await reader.step()
    await leader.close()

    assert [cursor for _, _, cursor in marketplace.searches] == [None, "2", "2", "2"]
    events = await database.published("channel.status.changed")
    states = [event.data.state for event in events if isinstance(event.data, ChannelStatusChanged)]
    assert states == [ChannelState.UNAUTHORISED, ChannelState.ACTIVE]


async def test_a_complete_read_is_told_in_every_partition_behind_its_orders(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    until = NOON + dt.timedelta(hours=1)
    marketplace.pages = {
        None: OrderPage([order("1")], next_cursor="page-2", known_until=until),
        "page-2": OrderPage([order("2")], known_until=until + dt.timedelta(minutes=1)),
    }
    leader = database.leader()
    reader = _reader(database, marketplace, leader)

    await reader.step()
    assert await database.rows("select partition from outbox where key is null") == []
    await reader.step()
    await leader.close()

    last_order = (await database.rows("select max(id) from outbox where key is not null"))[0][0]
    rows = await database.rows("select partition, id from outbox where key is null order by id")
    assert [row[0] for row in rows] == list(range(partition_counts()["marketplace.order.received"]))
    assert all(row[1] > last_order for row in rows)
    told = [event.data for event in await database.published("marketplace.order.received")]
    assert {each.known_until for each in told if isinstance(each, OrdersWatermark)} == {until}


async def test_a_search_by_last_update_tells_no_watermark(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.pages = {None: OrderPage([], known_until=NOON)}
    leader = database.leader()
    reader = _reader(database, marketplace, leader)
    for _ in range(4):
        await reader.step()
    await leader.close()

    assert marketplace.searches[-1][0] is Search.UPDATED
    watermarks = await database.rows("select 1 from outbox where key is null")
    assert len(watermarks) == 3 * partition_counts()["marketplace.order.received"]


async def test_after_an_outage_reading_goes_on_about_when_the_next_read_would_have_come(
    database: ConnectorDatabase,
) -> None:
    marketplace = FakeMarketplace()
    marketplace.pages = {None: MarketplaceError(Outcome.RETRY, "down")}
    leader = database.leader()
    reader = _reader(database, marketplace, leader)
    pauses = [await reader.step() for _ in range(12)]
    await leader.close()
    assert max(pauses) <= POLICY.poll_seconds


async def test_a_throttled_page_waits_for_the_next_call_of_the_allowance_and_goes_on_there(
    database: ConnectorDatabase,
) -> None:
    marketplace = FakeMarketplace()
    refused = MarketplaceError(Outcome.RETRY, "429", throttled=True)
    marketplace.pages = {None: OrderPage([order("1")], next_cursor="page-2"), "page-2": refused}
    leader = database.leader()
    reader = _reader(database, marketplace, leader)
    assert await reader.step() == 0.0
    assert await reader.step() >= POLICY.poll_seconds
    marketplace.pages["page-2"] = OrderPage([order("2")])
    await reader.step()
    await leader.close()

    assert [cursor for _, _, cursor in marketplace.searches] == [None, "page-2", "page-2"]
    assert [number for number, _ in await _published(database)] == ["1", "2"]
