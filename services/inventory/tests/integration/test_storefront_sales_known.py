"""Up to when the storefront's sales are known is told by what was read from Kafka, never by the clock alone."""

import datetime as dt
from typing import Any

import pytest
from contracts import CloudEvent, OrdersWatermark, ProductChanged, StockChanged, StockReason, partition_counts
from inventory.adapters import reads
from inventory.domain.allocation import Policy
from inventory.domain.terms import Terms
from inventory.entrypoints.consumers import STOCK_CHANGES, book_opener, routes
from inventory.handlers.note_watermarks import channel_of_change
from inventory.handlers.rebalance import Rebalance
from inventory.handlers.rebalance_loop import RebalanceLoop
from inventory.handlers.storefront_clock import StorefrontClock
from runtime.holds import Holds
from runtime.outbox import Outbox
from runtime.processor import Processor
from runtime.records import Record
from runtime.testing.clocks import FixedClock
from runtime.testing.deliveries import deliver
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.integration

POLICY = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore", buffer_percent=0)
TERMS = Terms(storefront="saberstore", shares=POLICY.weights, storefront_is_followed=True)


class Shop:
    """The inventory's consumers and loops, without Kafka."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.clock = FixedClock()
        self.worker = Worker(engine, Outbox("inventory", partition_counts()), group="inventory", clock=self.clock)
        holds = Holds(channel_of_change, [STOCK_CHANGES], dt.timedelta(minutes=30))
        self.processor = Processor(routes(POLICY, holds, TERMS), self.worker, holds)
        self.rounds = RebalanceLoop(self.worker, book_opener(POLICY, TERMS), Rebalance(TERMS))
        self.following = StorefrontClock(self.worker, TERMS)

    async def opens(self) -> None:
        """Ten units, all on their way to the storefront, and by the clock long there."""
        counted = StockChanged(sku="A", reason=StockReason.STOCKTAKE, counted_qty=10, counted_at=self.clock())
        for data in (ProductChanged(sku="A", title="A"), counted):
            await self.processor.process([deliver(data, time=self.clock()).record])
        for seconds in (3, 6, 30):
            self.clock.advance(seconds=seconds)
            await self.rounds.step()

    async def offer(self) -> dict[str, Any]:
        async with self.engine.connect() as connection:
            [item] = await reads.stock(connection, sku="A")
        found: dict[str, Any] = item["channels"]["saberstore"]
        return found

    async def watermarks(self) -> list[Record]:
        """Those that were written, as Kafka would bring them."""
        async with self.engine.connect() as connection:
            rows = await connection.execute(text("select partition, value from outbox where topic = 'stock.changed'"))
            return [Record(STOCK_CHANGES, row.partition, 1, None, bytes(row.value), {}) for row in rows]


@pytest.fixture
async def shop(engine: AsyncEngine) -> Shop:
    shop = Shop(engine)
    await shop.opens()
    return shop


async def test_the_storefronts_units_settle_only_once_everything_before_was_read(shop: Shop) -> None:
    assert [move["live_at"] is not None for move in (await shop.offer())["moves"]] == [True]
    await shop.following.step()
    *others, last = await shop.watermarks()
    assert len(others) + 1 == partition_counts()[STOCK_CHANGES]
    await shop.processor.process(others)
    await shop.rounds.step()
    assert not (await shop.offer())["is_settled"]
    await shop.processor.process([last])
    await shop.rounds.step()
    assert (await shop.offer())["is_settled"]
    assert (await shop.offer())["bound"] == 10


async def test_a_watermark_is_written_only_while_something_waits_for_it(shop: Shop) -> None:
    await shop.following.step()
    written = await shop.watermarks()
    await shop.processor.process(written)
    await shop.rounds.step()
    await shop.following.step()
    assert len(await shop.watermarks()) == len(written)


async def test_a_watermark_leaves_out_what_the_storefront_may_still_be_telling(shop: Shop) -> None:
    await shop.following.step()
    for record in await shop.watermarks():
        event = CloudEvent[OrdersWatermark].model_validate_json(record.value or b"")
        assert event.data.known_until == shop.clock() - TERMS.storefront_lag
