"""Weights that follow the sales in the ledger, with real Postgres."""

import datetime as dt

import pytest
from contracts import partition_counts
from inventory.adapters import rebalance_queue
from inventory.adapters.rules import PostgresPolicies, RuleCache
from inventory.domain.allocation import Policy
from inventory.domain.demand import GuardRails
from inventory.domain.stock import Item
from inventory.handlers.weigh_demand import WeighDemand
from runtime.outbox import Outbox
from runtime.testing.clocks import FixedClock
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.integration

POLICY = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore")
SETUP = """
insert into products (sku, title, category, is_active, on_hand, changed_at) values
    ('A', 'a', 'mugs', true, 100, now()), ('B', 'b', null, true, 100, now());
insert into inventory_logs (sku, channel, change_qty, reason, before_qty, after_qty, event_id, happened_at, created_at)
select sku, channel, -10, 'sale', 10 - 10 * number, -10 * number, sku || number, timestamptz '2026-11-22 11:00Z', now()
from products, unnest(array['amazon', 'amazon', 'noon', 'noon']) with ordinality as sold (channel, number)
order by sku, number
"""


class Shop:
    """One replica's loop on a clock of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.clock = FixedClock()
        self.engine = engine
        self.worker = Worker(engine, Outbox("inventory", partition_counts()), group="inventory", clock=self.clock)
        self.cache = RuleCache(POLICY)
        every = dt.timedelta(days=1)
        self.step = WeighDemand(self.worker, self.cache, GuardRails(), every=every).step

    async def run(self, statements: str) -> None:
        async with self.engine.begin() as connection:
            for statement in statements.split(";\n"):
                await connection.execute(text(statement))

    async def weights(self, sku: str, category: str | None = None) -> list[int]:
        item = Item(sku, is_active=True, on_hand=1, reserved=0, counted_at=None, category=category)
        async with self.engine.connect() as connection:
            policies = PostgresPolicies(connection, self.cache)
            found = (await policies.of([item]))[sku]
            assert (await policies.why(item))[0] == found
        return list(found.weights.values())

    async def queued(self) -> list[str]:
        async with self.worker.begin() as work:
            return await rebalance_queue.take(work.connection, 10)


@pytest.fixture
async def shop(engine: AsyncEngine) -> Shop:
    shop = Shop(engine)
    await shop.run(SETUP)
    return shop


RULE = (
    "insert into rules (name, category, sets, changed_at) values ('d', 'mugs', '{\"demand_weighted\"\\: true}', now())"
)


async def test_only_skus_whose_rule_says_so_follow_demand_one_step_a_day(shop: Shop) -> None:
    await shop.step()
    assert await shop.queued() == []
    await shop.run(RULE)
    for _ in range(3):
        assert await shop.step() > 0
    assert (await shop.weights("A", "mugs"), await shop.weights("B")) == ([250, 375, 375], [30, 35, 35])
    assert await shop.queued() == ["A"]
    shop.clock.advance(days=1)
    await shop.step()
    assert (await shop.weights("A", "mugs"), await shop.queued()) == ([200, 400, 400], ["A"])


async def test_two_replicas_take_no_step_twice(shop: Shop) -> None:
    await shop.run(RULE)
    other = Shop(shop.engine)
    for _ in range(2):
        await shop.step()
        await other.step()
    assert await other.weights("A", "mugs") == [250, 375, 375]


async def test_weights_come_to_rest_and_then_nothing_is_queued(shop: Shop) -> None:
    await shop.run(RULE)
    for _ in range(4):
        await shop.step()
        shop.clock.advance(days=1)
    assert await shop.weights("A", "mugs") == [100, 450, 450]
    await shop.queued()
    await shop.step()
    assert (await shop.weights("A", "mugs"), await shop.queued()) == ([100, 450, 450], [])


async def test_the_reason_of_a_weight_by_demand_says_so_and_names_the_rule_that_it_outdid(shop: Shop) -> None:
    await shop.run(RULE.replace('"demand_weighted"\\: true', '"demand_weighted"\\: true, "weights"\\: {"noon"\\: 70}'))
    await shop.step()
    item = Item("A", is_active=True, on_hand=1, reserved=0, counted_at=None, category="mugs")
    async with shop.engine.connect() as connection:
        _, reasons = await PostgresPolicies(connection, shop.cache).why(item)
    [noon] = [reason for reason in reasons if str(reason.setting) == "weight of noon"]
    assert (noon.rule, noon.lost) == ("demand", (("d", 70),))
    assert "40 units sold count" in noon.scope
