"""Escrow on real Postgres, with a clock that the test moves."""

import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from contracts import AppliedStatus, ProductChanged, StockApplied, StockChanged, StockReason, partition_counts
from contracts.envelope import Payload
from inventory.domain.allocation import Policy
from inventory.domain.terms import Channel, Terms
from inventory.entrypoints.api import reading, writing
from inventory.entrypoints.consumers import book_opener, routes
from inventory.handlers.note_watermarks import channel_of_change
from inventory.handlers.rebalance import Rebalance
from inventory.handlers.rebalance_loop import RebalanceLoop
from runtime.holds import Holds
from runtime.http import create_app
from runtime.outbox import Outbox
from runtime.processor import Processor
from runtime.testing.clocks import FixedClock
from runtime.testing.deliveries import deliver
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.integration

POLICY = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore", buffer_percent=0)
TERMS = Terms(storefront="saberstore", channels={"noon": Channel(restocks=False)})


class Shop:
    """The inventory's consumers, its loop and its API, without Kafka."""

    def __init__(self, engine: AsyncEngine, http: httpx.AsyncClient, clock: FixedClock) -> None:
        self.engine = engine
        self.http = http
        self.clock = clock
        self.worker = Worker(engine, Outbox("inventory", partition_counts()), group="inventory", clock=clock)
        holds = Holds(channel_of_change, ["stock.changed"], dt.timedelta(minutes=30))
        self.processor = Processor(routes(POLICY, holds, TERMS), self.worker, holds)
        self.loop = RebalanceLoop(self.worker, book_opener(POLICY, TERMS), Rebalance(POLICY, TERMS))

    async def take(self, *data: Payload) -> None:
        await self.processor.process([deliver(each, time=self.clock()).record for each in data])

    async def wait(self, **time: float) -> None:
        self.clock.advance(**time)
        await self.loop.step()

    async def know(self, channel: str) -> None:
        """Every order of the channel up to now is known."""
        query = text(
            "insert into channel_watermarks (channel, known_until) values (:channel, :now) "
            "on conflict (channel) do update set known_until = excluded.known_until"
        )
        async with self.engine.begin() as connection:
            await connection.execute(query, {"channel": channel, "now": self.clock()})
        await self.loop.step()

    async def channel(self, name: str, sku: str = "A") -> dict[str, Any]:
        found: dict[str, Any] = (await self.http.get(f"/v1/stock/{sku}")).json()["channels"][name]
        return found

    async def told(self, channel: str) -> list[tuple[int, int]]:
        """(revision, quantity) of every target."""
        async with self.engine.connect() as connection:
            rows = await connection.execute(
                text("select value from outbox where topic = 'channel.stock.target' order by id")
            )
            targets = [json.loads(value)["data"] for value in rows.scalars()]
        return [(each["revision"], each["quantity"]) for each in targets if each["channel"] == channel]

    async def incidents(self) -> list[tuple[str, str | None, int, bool]]:
        found = (await self.http.get("/v1/incidents")).json()
        return [(each["cause"], each["channel"], each["units"], each["resolved_at"] is None) for each in found]

    def answer(self, channel: str, revision: int, status: AppliedStatus, sku: str = "A", **facts: Any) -> StockApplied:
        return StockApplied(channel=channel, sku=sku, revision=revision, status=status, **facts)


@pytest.fixture
async def shop(engine: AsyncEngine) -> AsyncIterator[Shop]:
    clock = FixedClock()
    app = create_app("inventory", {})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        shop = Shop(engine, http, clock)
        app.include_router(reading(engine))
        app.include_router(writing(shop.worker, POLICY, TERMS))
        yield shop


def count(units: int, clock: FixedClock, sku: str = "A") -> StockChanged:
    return StockChanged(sku=sku, reason=StockReason.STOCKTAKE, counted_qty=units, counted_at=clock())


def sale(units: int, clock: FixedClock, channel: str = "saberstore", sku: str = "A") -> StockChanged:
    return StockChanged(sku=sku, reason=StockReason.SALE, change_qty=-units, channel=channel, placed_at=clock())


async def open_shop(shop: Shop, units: int) -> None:
    await shop.take(ProductChanged(sku="A", title="a"), count(units, shop.clock))
    await shop.http.put("/v1/listings/amazon/A", json={"external_sku": "AM-A"})
    await shop.loop.step()


async def observe(shop: Shop, quantity: int | None, channel: str = "amazon") -> None:
    await shop.take(
        StockApplied(
            channel=channel,
            sku="A",
            status=AppliedStatus.OBSERVED,
            observed_quantity=quantity,
            observed_at=shop.clock(),
        )
    )


async def test_a_new_listing_is_read_then_told_what_is_free(shop: Shop) -> None:
    await open_shop(shop, 100)
    print(await shop.channel("saberstore"), await shop.channel("amazon"))
    await observe(shop, 0)
    print(await shop.channel("saberstore"), await shop.channel("amazon"), await shop.told("amazon"))
    shop.clock.advance(seconds=10)
    await shop.know("amazon")
    for _ in range(10):
        await shop.wait(seconds=6)
        print(await shop.channel("saberstore"), await shop.channel("amazon"), await shop.told("amazon"))
    print(await shop.incidents())
    assert False
