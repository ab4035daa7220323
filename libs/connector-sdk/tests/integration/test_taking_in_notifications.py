import contextlib
import datetime as dt
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.marketplace import MarketplaceError, OrderPage, Outcome, UnreadableOrder
from connector_sdk.notifications import notified_orders
from connector_sdk.notifications.completeness import Completeness
from connector_sdk.notifications.notification_queue import QueueError, Topic
from connector_sdk.notifications.notification_reader import NotificationReader
from connector_sdk.notifications.order_fetcher import OrderFetcher
from connector_sdk.notifications.plugging import note_orders, read_soon
from connector_sdk.order_reader import OrderReader, ReadPolicy
from connector_sdk.testing.database import ACCOUNT, ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.fake_queue import FakeQueue
from connector_sdk.testing.orders import order
from connector_sdk.testing.waiting import eventually
from connector_sdk.token_bucket import TokenBucket
from contracts import MarketplaceOrderReceived, OrderStatus
from runtime.metrics import (
    NOTIFICATIONS,
    NOTIFICATIONS_FAILING,
    ORDERS_MISSED_BY_SEARCH,
    ORDERS_NOT_NOTIFIED,
)

pytestmark = pytest.mark.integration

MINUTE = dt.timedelta(minutes=1)


class Bench:
    """The loops of one replica over a fake queue and a fake marketplace."""

    def __init__(self, database: ConnectorDatabase, leader: Leader) -> None:
        self.database = database
        self.queue = FakeQueue()
        self.marketplace = FakeMarketplace(update_search=False)
        worker = database.worker
        self.poller = OrderReader(ACCOUNT, self.marketplace, worker, leader, ReadPolicy(poll_seconds=7.0))
        listeners = {Topic.ORDER: note_orders, Topic.LISTING: read_soon}
        self.reader = NotificationReader(self.queue, worker, leader, listeners)
        self.fetcher = OrderFetcher(self.poller, worker, leader, TokenBucket(1000, 1000))
        self.completeness = Completeness(worker, leader, dt.timedelta(0), every_seconds=9.0)

    def show(self, *orders: MarketplaceOrderReceived) -> None:
        """What searches and fetches find from now on."""
        until = dt.datetime.now(dt.UTC) + MINUTE
        self.marketplace.pages = {None: OrderPage(orders, known_until=until)}

    async def fetch_all(self) -> None:
        """Let the fetcher work until nothing is due any more."""

        async def is_idle() -> bool:
            await self.fetcher.step()
            return not await self.database.rows("select 1 from notified_orders where next_fetch_at is not null")

        await eventually(is_idle)

    async def published(self) -> list[tuple[str, OrderStatus]]:
        events = await self.database.published("marketplace.order.received")
        told = [event.data for event in events]
        return [(o.external_order_id, o.status) for o in told if isinstance(o, MarketplaceOrderReceived)]

    def counted(self, topic: str, outcome: str) -> float:
        return self.database.telemetry.measurements.value(NOTIFICATIONS, topic=topic, outcome=outcome) or 0.0


@pytest_asyncio.fixture(loop_scope="session")
async def bench(database: ConnectorDatabase) -> AsyncIterator[Bench]:
    leader = database.leader()
    yield Bench(database, leader)
    await leader.close()


def _recent(number: str, **changed: object) -> MarketplaceOrderReceived:
    """Placed just now, after the queue was first read."""
    now = dt.datetime.now(dt.UTC)
    return order(number).model_copy(update={"placed_at": now, "updated_at": now, **changed})


async def test_an_order_is_published_without_any_search(bench: Bench) -> None:
    bench.show(order("1"))
    bench.queue.tell("n-1", "1")
    assert await bench.reader.step() == 0.0
    assert bench.queue.messages == {}
    await bench.fetch_all()

    assert await bench.published() == [("1", OrderStatus.UNSHIPPED)]
    assert bench.marketplace.searches == []
    await bench.poller.step()
    assert await bench.published() == [("1", OrderStatus.UNSHIPPED)], "the search finds it, and it is no news"


async def test_ten_notifications_about_one_order_are_one_fetch(bench: Bench) -> None:
    bench.show(order("1"))
    for number in range(10):
        bench.queue.tell(f"n-{number}", "1")
        await bench.reader.step()
    await bench.fetch_all()

    assert bench.counted("order", "taken") == 10
    assert bench.marketplace.fetched == ["1"]


async def test_a_notification_that_comes_twice_asks_once(bench: Bench) -> None:
    bench.show(order("1"))
    bench.queue.tell("n-1", "1")
    bench.queue.tell("n-1", "1")
    await bench.reader.step()
    bench.queue.tell("n-1", "1")
    await bench.reader.step()

    assert [row.asks for row in await bench.database.rows("select asks from notified_orders")] == [1]
    assert bench.queue.messages == {}
    assert bench.counted("any", "repeated") == 2


async def test_a_crash_between_commit_and_delete_loses_and_doubles_nothing(
    bench: Bench, database: ConnectorDatabase
) -> None:
    bench.show(order("1"))
    bench.queue.tell("n-1", "1")
    bench.queue.delete_error = QueueError("gone")
    assert await bench.reader.step() > 0
    assert len(bench.queue.messages) == 1
    bench.queue.delete_error = None
    await bench.fetch_all()
    await bench.reader.step()
    await bench.fetch_all()

    assert bench.queue.messages == {}
    assert await bench.published() == [("1", OrderStatus.UNSHIPPED)]
    assert bench.marketplace.fetched == ["1"]
    assert [row[0] for row in await database.rows("select notification_id from notifications")] == ["n-1"]


async def test_a_message_is_deleted_only_after_the_commit(bench: Bench, database: ConnectorDatabase) -> None:
    bench.queue.tell("n-1", "1")
    await database.run("alter table notified_orders rename to elsewhere")
    with contextlib.suppress(Exception):  # whatever the database says of a table that is gone
        await bench.reader.step()
    assert len(bench.queue.messages) == 1
    await database.run("alter table elsewhere rename to notified_orders")
    await bench.reader.step()

    assert bench.queue.messages == {}
    assert [row[0] for row in await database.rows("select external_order_id from notified_orders")] == ["1"]


async def test_a_poison_message_is_set_aside_whole_and_stops_nothing(bench: Bench) -> None:
    bench.show(order("1"))
    bench.queue.garble("m-1", "not \0 JSON")
    bench.queue.tell("n-1", "1")
    await bench.reader.step()
    await bench.fetch_all()

    assert bench.queue.messages == {}
    assert await bench.published() == [("1", OrderStatus.UNSHIPPED)]
    (row,) = await bench.database.rows("select message_id, reason, body from unusable_notifications")
    assert tuple(row) == ("m-1", "it is no JSON", "not \\0 JSON")
    assert bench.counted("any", "unusable") == 1


async def test_what_is_not_about_us_is_deleted_and_counted(bench: Bench) -> None:
    bench.queue.tell("n-1", "1", Topic.OTHER)
    bench.queue.tell("n-2", "feed", Topic.FEED)
    bench.queue.tell("n-3", "X-nobody-waits", Topic.LISTING)
    await bench.reader.step()

    assert bench.queue.messages == {}
    assert [bench.counted(topic, "ignored") for topic in ("other", "feed", "listing")] == [1, 1, 1]
    assert await bench.database.rows("select 1 from notified_orders") == []


async def test_a_dead_queue_is_told_and_stops_no_search(bench: Bench) -> None:
    bench.show(order("1"))
    bench.queue.receive_error = QueueError("SQS refuses us (AccessDenied)")
    pauses = [await bench.reader.step() for _ in range(12)]
    assert max(pauses) <= 60
    check = await bench.reader.check()
    assert (check.ok, "AccessDenied" in check.detail) == (True, True)
    measurements = bench.database.telemetry.measurements
    assert measurements.value(NOTIFICATIONS_FAILING) == 1
    await bench.poller.step()
    assert await bench.published() == [("1", OrderStatus.UNSHIPPED)]

    bench.queue.receive_error = None
    await bench.reader.step()
    assert ((await bench.reader.check()).detail, measurements.value(NOTIFICATIONS_FAILING)) == ("", 0)


async def test_the_state_at_the_marketplace_counts_and_not_the_order_of_messages(bench: Bench) -> None:
    bench.show(order("1", status=OrderStatus.CANCELLED, updated=9))
    bench.queue.tell("n-cancelled", "1")
    await bench.reader.step()
    await bench.fetch_all()
    bench.queue.tell("n-placed", "1")
    await bench.reader.step()
    bench.show(order("1", updated=5))
    await bench.fetch_all()

    assert await bench.published() == [("1", OrderStatus.CANCELLED)]


async def test_an_order_that_is_not_there_yet_is_fetched_again(bench: Bench) -> None:
    bench.queue.tell("n-1", "1")
    await bench.reader.step()

    async def was_tried() -> bool:
        await bench.fetcher.step()
        return bool(bench.marketplace.fetched)

    await eventually(was_tried)
    assert await bench.published() == []
    bench.show(order("1"))
    await bench.database.run("update notified_orders set next_fetch_at = now()")
    await bench.fetch_all()
    assert await bench.published() == [("1", OrderStatus.UNSHIPPED)]


async def test_an_order_that_never_comes_is_set_aside_in_the_end(bench: Bench) -> None:
    bench.queue.tell("n-1", "1")
    await bench.reader.step()
    await bench.database.run("update notified_orders set attempts = 8, next_fetch_at = now()")
    await bench.fetch_all()

    (row,) = await bench.database.rows("select message_id, reason from unusable_notifications")
    assert tuple(row) == ("order 1", "the marketplace has no such order")


@pytest.mark.parametrize("outcome", [Outcome.RETRY, Outcome.UNKNOWN, Outcome.UNAUTHORISED])
async def test_a_marketplace_that_is_down_or_refuses_us_costs_an_order_none_of_its_attempts(
    bench: Bench, outcome: Outcome
) -> None:
    bench.marketplace.fetch_error = MarketplaceError(outcome, "no")
    bench.queue.tell("n-1", "1")
    await bench.reader.step()
    for _ in range(12):
        await bench.database.run("update notified_orders set next_fetch_at = now()")
        assert await bench.fetcher.step() > 0
    (row,) = await bench.database.rows("select attempts, next_fetch_at > now() as is_later from notified_orders")
    assert tuple(row) == (0, True)

    bench.marketplace.fetch_error = None
    bench.show(order("1"))
    await bench.database.run("update notified_orders set next_fetch_at = now()")
    await bench.fetch_all()
    assert await bench.published() == [("1", OrderStatus.UNSHIPPED)]


async def test_only_the_leader_reads_the_queue(bench: Bench, database: ConnectorDatabase) -> None:
    await bench.reader.step()
    other = database.leader()
    standby = Bench(database, other)
    standby.queue.tell("n-1", "1")
    pauses = [await loop.step() for loop in (standby.reader, standby.fetcher, standby.completeness)]
    await other.close()

    assert pauses == [STANDBY_SECONDS] * 3
    assert len(standby.queue.messages) == 1


async def test_both_sources_are_compared_and_what_a_search_missed_is_an_alert(bench: Bench) -> None:
    await bench.database.run("insert into notification_source (since) values (now() - interval '1 hour')")
    told_and_found, only_found, only_told = _recent("both"), _recent("found"), _recent("told")
    for number in ("both", "told"):
        bench.queue.tell(f"n-{number}", number)
    await bench.reader.step()
    bench.show(told_and_found, only_told)
    await bench.fetch_all()
    bench.show(told_and_found, only_found)
    await bench.poller.step()
    for _ in range(2):
        assert await bench.completeness.step() == 9.0

    measurements = bench.database.telemetry.measurements
    assert measurements.value(ORDERS_NOT_NOTIFIED) == 1
    assert measurements.value(ORDERS_MISSED_BY_SEARCH) == 1
    (untold,) = await bench.database.rows("select external_order_id from seen_orders where untold_at is not null")
    (missed,) = await bench.database.rows("select external_order_id from notified_orders where missed_at is not null")
    assert (untold[0], missed[0]) == ("found", "told")
    before = len(bench.marketplace.fetched)
    bench.show(only_told)
    await bench.fetch_all()
    assert bench.marketplace.fetched[before:] == ["told"]


async def test_a_search_that_does_not_reach_an_order_yet_has_not_missed_it(bench: Bench) -> None:
    await bench.database.run("insert into notification_source (since) values (now() - interval '1 hour')")
    now = dt.datetime.now(dt.UTC)
    bench.queue.tell("n-1", "1")
    await bench.reader.step()
    bench.show(_recent("1"))
    await bench.fetch_all()
    bench.marketplace.pages = {None: OrderPage((), known_until=now - 2 * MINUTE)}
    await bench.poller.step()
    await bench.completeness.step()

    assert bench.database.telemetry.measurements.value(ORDERS_MISSED_BY_SEARCH) in (None, 0)


async def test_an_order_that_nobody_can_read_was_not_missed(bench: Bench) -> None:
    await bench.database.run("insert into notification_source (since) values (now() - interval '1 hour')")
    bench.queue.tell("n-1", "1")
    await bench.reader.step()
    await bench.database.run("update notified_orders set placed_at = now(), notified_at = now()")
    until = dt.datetime.now(dt.UTC) + MINUTE
    unreadable = [UnreadableOrder("1", "line 1 has no sellerSku")]
    bench.marketplace.pages = {None: OrderPage((), known_until=until, unreadable=unreadable)}
    await bench.poller.step()
    await bench.completeness.step()

    assert bench.database.telemetry.measurements.value(ORDERS_MISSED_BY_SEARCH) in (None, 0)


async def test_a_quantity_that_changed_is_read_back_soon(bench: Bench, database: ConnectorDatabase) -> None:
    async with database.worker.begin() as work:
        values = "'A', 'X-A', 1, 5, 1, 'accepted', now(), now(), now() + interval '1 hour'"
        columns = "sku, external_sku, revision, quantity, urgency, state, next_attempt_at, pending_since, next_read_at"
        await database.run(f"insert into pushes ({columns}) values ({values})")  # noqa: S608 - our own constants
        assert await notified_orders.waiting(work.connection) == 0
    bench.queue.tell("n-1", "X-A", Topic.LISTING)
    await bench.reader.step()

    assert bench.counted("listing", "taken") == 1
    assert [row[0] for row in await database.rows("select next_read_at <= now() from pushes")] == [True]


async def test_stopping_ends_a_reading_that_only_waits(bench: Bench) -> None:
    bench.reader.stop()
    bench.queue.tell("n-1", "1")
    await bench.reader.step()
    await bench.reader.close()

    assert (len(bench.queue.messages), bench.queue.is_closed) == (1, True)
