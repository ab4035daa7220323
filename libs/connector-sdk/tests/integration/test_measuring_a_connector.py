import asyncio
from collections.abc import Sequence

import pytest
from connector_sdk.marketplace import LineResult, MarketplaceError, OrderPage, Outcome
from connector_sdk.observed_call import outcome_of_lines
from connector_sdk.order_reader import OrderReader, ReadPolicy
from connector_sdk.push_policy import PushPolicy
from connector_sdk.testing.database import ACCOUNT, ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.orders import order
from connector_sdk.testing.targets import delivery
from runtime.metrics import CALL_SECONDS, CALLS, ORDERS_PUBLISHED, ORDERS_READ, THROTTLED

pytestmark = pytest.mark.integration

FAST = PushPolicy(rate=1000, burst=100, backoff_seconds=0.01)


async def test_stock_calls_are_counted_by_what_they_proved(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    throttled = LineResult("X-A", Outcome.RETRY, throttled=True)
    marketplace.answers |= {"X-A": [throttled, Outcome.ACCEPTED], "X-B": [Outcome.UNKNOWN]}
    marketplace.answers["X-C"] = [RuntimeError("a bug")]
    pusher = database.pusher(marketplace, FAST)
    await database.take_in(delivery("A", 1), delivery("B", 1), delivery("C", 1))
    counted = database.telemetry.measurements
    async with asyncio.timeout(20):
        while counted.value(CALLS, operation="push_stock", outcome="accepted") is None:
            await pusher.step()
    await pusher.close()

    outcomes = {o: counted.value(CALLS, operation="push_stock", outcome=o) for o in ("retry", "unknown", "accepted")}
    assert outcomes == {"retry": 1, "unknown": 2, "accepted": 1}
    assert counted.value(CALL_SECONDS, "_count", operation="push_stock") == 4
    assert counted.value(THROTTLED) == 1


async def test_orders_are_counted_as_shown_and_as_news(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.pages[None] = OrderPage([order("1"), order("2")])
    leader = database.leader()
    reader = OrderReader(ACCOUNT, marketplace, database.worker, leader, ReadPolicy())
    await reader.step()
    await reader.step()
    marketplace.pages[None] = MarketplaceError(Outcome.RETRY, "later")
    await reader.step()
    await leader.close()

    counted = database.telemetry.measurements
    assert (counted.value(ORDERS_READ), counted.value(ORDERS_PUBLISHED)) == (4, 2)
    assert counted.value(CALLS, operation="fetch_orders", outcome="accepted") == 2
    assert counted.value(CALLS, operation="fetch_orders", outcome="retry") == 1


@pytest.mark.parametrize(
    ("outcomes", "word"),
    [
        ([], "unknown"),
        ([Outcome.ACCEPTED, Outcome.ACCEPTED], "accepted"),
        ([Outcome.ACCEPTED, Outcome.REJECTED], "mixed"),
    ],
)
def test_a_call_of_several_lines_has_one_outcome(outcomes: Sequence[Outcome], word: str) -> None:
    assert outcome_of_lines([LineResult(str(n), outcome) for n, outcome in enumerate(outcomes)]) == word
