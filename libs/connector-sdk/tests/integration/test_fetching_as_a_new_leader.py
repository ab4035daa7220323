import pytest
from connector_sdk.notifications.notification_queue import Topic
from connector_sdk.notifications.notification_reader import NotificationReader
from connector_sdk.notifications.order_fetcher import OrderFetcher
from connector_sdk.notifications.plugging import note_orders
from connector_sdk.order_reader import OrderReader, ReadPolicy
from connector_sdk.testing.database import ACCOUNT, ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.fake_queue import FakeQueue
from connector_sdk.testing.waiting import eventually
from connector_sdk.token_bucket import TokenBucket

pytestmark = pytest.mark.integration

RATE, BURST = 2.0, 30


async def test_a_new_leader_fetches_without_a_burst(database: ConnectorDatabase) -> None:
    """The leader before may have spent it a moment ago, so two orders take two turns of the rate."""
    seconds = 0.0

    async def sleep(wait: float) -> None:
        nonlocal seconds
        seconds += wait

    before, after = database.leader(), database.leader()
    queue, marketplace, worker = FakeQueue(), FakeMarketplace(update_search=False), database.worker
    for number in ("1", "2"):
        queue.tell(f"n-{number}", number)
    await NotificationReader(queue, worker, before, {Topic.ORDER: note_orders}).step()
    bucket = TokenBucket(RATE, BURST, clock=lambda: seconds, sleep=sleep)
    orders = OrderReader(ACCOUNT, marketplace, worker, after, ReadPolicy(poll_seconds=7.0))
    fetcher = OrderFetcher(orders, worker, after, bucket)
    await fetcher.step()
    assert marketplace.fetched == [], "the other replica leads"
    await before.close()

    async def both_were_fetched() -> bool:
        await fetcher.step()
        return len(marketplace.fetched) == len(("1", "2"))

    await eventually(both_were_fetched)
    await after.close()
    assert seconds == pytest.approx(2 / RATE)
