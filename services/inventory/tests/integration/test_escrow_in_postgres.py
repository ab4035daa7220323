"""Escrow on real Postgres, with a clock that the test moves."""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from contracts import (
    AppliedStatus,
    Payload,
    ProductChanged,
    StockApplied,
    StockChanged,
    StockReason,
    SyncRequested,
    SyncScope,
    partition_counts,
)
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

WEIGHTS = {"saberstore": 30, "amazon": 35, "noon": 35}
POLICY = Policy(weights=WEIGHTS, storefront="saberstore", buffer_percent=0)
TERMS = Terms(storefront="saberstore", shares=WEIGHTS, channels={"noon": Channel(restocks=False)})


class Shop:
    """The inventory's consumers, its loop and its API, without Kafka."""

    def __init__(self, engine: AsyncEngine, http: httpx.AsyncClient, clock: FixedClock) -> None:
        self.engine = engine
        self.http = http
        self.clock = clock
        self.worker = Worker(engine, Outbox("inventory", partition_counts()), group="inventory", clock=clock)
        holds = Holds(channel_of_change, ["stock.changed"], dt.timedelta(minutes=30))
        self.processor = Processor(routes(POLICY, holds, TERMS), self.worker, holds)
        self.loop = RebalanceLoop(self.worker, book_opener(POLICY, TERMS), Rebalance(TERMS))

    async def take(self, *data: Payload, event_id: str | None = None) -> None:
        await self.processor.process([deliver(each, time=self.clock(), event_id=event_id).record for each in data])

    async def pass_time(self, **time: float) -> None:
        """Every order of the marketplaces is known as it passes, and the loop looks."""
        self.clock.advance(**time)
        query = text(
            "insert into channel_watermarks (channel, known_until) values ('amazon', :now), ('noon', :now) "
            "on conflict (channel) do update set known_until = excluded.known_until"
        )
        async with self.engine.begin() as connection:
            await connection.execute(query, {"now": self.clock()})
        await self.loop.step()

    async def offer(self, channel: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.http.get("/v1/stock/A")).json()["channels"][channel]
        return found

    async def bounds(self) -> dict[str, int]:
        channels = (await self.http.get("/v1/stock/A")).json()["channels"]
        return {channel: facts["bound"] for channel, facts in channels.items()}

    async def events(self, topic: str) -> list[dict[str, Any]]:
        async with self.engine.connect() as connection:
            query = text("select value from outbox where topic = :topic order by id")
            return [json.loads(value) for value in (await connection.execute(query, {"topic": topic})).scalars()]

    async def told(self, channel: str) -> list[tuple[int, int]]:
        """(revision, quantity) of every target."""
        targets = [event["data"] for event in await self.events("channel.stock.target")]
        return [(each["revision"], each["quantity"]) for each in targets if each["channel"] == channel]

    async def incidents(self) -> list[tuple[str, str | None, int, bool]]:
        """(cause, channel, units, whether it is over)."""
        found = (await self.http.get("/v1/incidents")).json()
        return [(each["cause"], each["channel"], each["units"], each["resolved_at"] is not None) for each in found]

    async def answer(self, revision: int, status: AppliedStatus, quantity: int | None = None) -> None:
        live_at = self.clock() if status is AppliedStatus.LIVE else None
        await self.take(
            StockApplied(
                channel="amazon", sku="A", revision=revision, status=status, quantity=quantity, live_at=live_at
            )
        )

    async def observe(self, quantity: int | None) -> None:
        status, now = AppliedStatus.OBSERVED, self.clock()
        await self.take(
            StockApplied(channel="amazon", sku="A", status=status, observed_quantity=quantity, observed_at=now)
        )

    def count(self, units: int) -> StockChanged:
        return StockChanged(sku="A", reason=StockReason.STOCKTAKE, counted_qty=units, counted_at=self.clock())

    def sale(self, units: int, channel: str = "saberstore") -> StockChanged:
        reason, now = StockReason.SALE, self.clock()
        return StockChanged(sku="A", reason=reason, change_qty=-units, channel=channel, placed_at=now)


@pytest.fixture
async def shop(engine: AsyncEngine) -> AsyncIterator[Shop]:
    app = create_app("inventory", {})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        shop = Shop(engine, http, FixedClock())
        app.include_router(reading(engine))
        app.include_router(writing(shop.worker, POLICY, TERMS))
        yield shop


async def listed(shop: Shop, units: int, shown: int | None = 0) -> None:
    """A product on the storefront and, read, on Amazon."""
    await shop.take(ProductChanged(sku="A", title="a"), shop.count(units))
    await shop.http.put("/v1/listings/amazon/A", json={"external_sku": "AM-A"})
    await shop.loop.step()
    await shop.observe(shown)


async def filled(shop: Shop, units: int) -> int:
    """On Amazon what it is told first is live and settled. Answers with its revision."""
    await listed(shop, units)
    for _ in range(8):
        await shop.pass_time(seconds=8)
        told = await shop.told("amazon")
        if told:
            break
    [(revision, quantity)] = await shop.told("amazon")
    await shop.answer(revision, AppliedStatus.ACCEPTED, quantity)
    await shop.answer(revision, AppliedStatus.LIVE, quantity)
    for _ in range(8):
        await shop.pass_time(seconds=8)
    assert (await shop.offer("amazon"))["is_settled"]
    return revision


async def test_units_move_to_a_new_listing_by_way_of_the_storefronts_zero(shop: Shop) -> None:
    await filled(shop, 100)
    bounds = await shop.bounds()
    assert sum(bounds.values()) == 100
    assert bounds["amazon"] == (await shop.told("amazon"))[-1][1] > 0
    quantities = [quantity for _, quantity in await shop.told("saberstore")]
    assert quantities == [100, 0, bounds["saberstore"]]
    target = (await shop.events("channel.stock.target"))[-1]["data"]
    assert target["live_above"] is not None


async def test_a_sale_lowers_on_hand_and_its_channels_bound_and_tells_nobody(shop: Shop) -> None:
    await filled(shop, 100)
    before, told = await shop.bounds(), await shop.events("channel.stock.target")
    sale = shop.sale(2, "amazon")
    for _ in range(2):
        await shop.take(sale, event_id="s1")
    await shop.take(shop.sale(3))
    assert await shop.bounds() == {"amazon": before["amazon"] - 2, "saberstore": before["saberstore"] - 3}
    assert await shop.events("channel.stock.target") == told
    assert await shop.incidents() == []


async def test_a_sale_beyond_its_bound_is_an_incident_with_its_cause(shop: Shop) -> None:
    await filled(shop, 10)
    bounds = await shop.bounds()
    await shop.take(shop.sale(bounds["amazon"] + 2, "amazon"))
    assert await shop.incidents() == [("sold-beyond-bound", "amazon", 2, False)]
    item = (await shop.http.get("/v1/stock/A")).json()
    assert item["overcommit"] == 2
    zero = (await shop.events("channel.stock.target"))[-1]["data"]
    assert (zero["channel"], zero["quantity"], zero["urgency"]) == ("saberstore", 0, "oversell")
    await shop.take(StockChanged(sku="A", reason=StockReason.RESTOCK, change_qty=5))
    assert (await shop.incidents())[0][3]


async def test_shrinkage_and_a_hand_edit_are_incidents_too(shop: Shop) -> None:
    await filled(shop, 10)
    await shop.take(shop.count(8))
    shop.clock.advance(minutes=1)
    await shop.observe(50)
    causes = [(cause, channel) for cause, channel, _, _ in await shop.incidents()]
    assert causes == [("shrinkage", None), ("hand-edit", "amazon")]
    assert (await shop.told("amazon"))[-1][1] == 0


async def test_what_nobody_can_read_is_told_zero_before_it_is_raised(shop: Shop) -> None:
    await listed(shop, 100, shown=None)
    assert await shop.told("amazon") == [(1, 0)]
    await shop.answer(1, AppliedStatus.LIVE, 0)
    for _ in range(4):
        await shop.pass_time(seconds=8)
    assert [quantity > 0 for _, quantity in await shop.told("amazon")] == [False, True]


async def test_a_listing_that_nobody_reads_in_time_counts_as_unreadable(shop: Shop) -> None:
    await shop.take(ProductChanged(sku="A", title="a"), shop.count(10))
    await shop.http.put("/v1/listings/amazon/A", json={"external_sku": "AM-A"})
    await shop.pass_time(seconds=60)
    assert await shop.told("amazon") == []
    await shop.pass_time(seconds=61)
    assert await shop.told("amazon") == [(1, 0)]


async def test_an_unknown_outcome_keeps_the_bound_and_is_followed_once(shop: Shop) -> None:
    await listed(shop, 100)
    while not await shop.told("amazon"):
        await shop.pass_time(seconds=8)
    [(revision, quantity)] = await shop.told("amazon")
    for _ in range(2):
        await shop.answer(revision, AppliedStatus.UNKNOWN, quantity)
    assert (await shop.bounds())["amazon"] >= quantity
    assert [number for number, _ in await shop.told("amazon")] == [revision, revision + 1]


async def test_late_and_repeated_answers_change_nothing(shop: Shop) -> None:
    revision = await filled(shop, 100)
    held, told = await shop.bounds(), await shop.told("amazon")
    for status in (AppliedStatus.LIVE, AppliedStatus.ACCEPTED, AppliedStatus.REJECTED, AppliedStatus.UNKNOWN):
        await shop.answer(revision, status, 1)
    assert (await shop.bounds(), await shop.told("amazon")) == (held, told)


async def test_a_refused_raise_gives_its_units_back_and_waits(shop: Shop) -> None:
    await listed(shop, 100)
    while not await shop.told("amazon"):
        await shop.pass_time(seconds=8)
    assert (await shop.bounds())["amazon"] > 0
    await shop.answer(1, AppliedStatus.REJECTED, 1)
    assert (await shop.bounds())["amazon"] == 0
    assert len(await shop.told("amazon")) == 1
    for _ in range(4):
        await shop.pass_time(minutes=2)
    assert len(await shop.told("amazon")) == 2


async def test_who_asks_is_told_anew_as_the_sum_rule_allows(shop: Shop) -> None:
    revision = await filled(shop, 100)
    await shop.take(SyncRequested(channel="amazon", scope=SyncScope.STOCK, sku="A"), event_id="ask")
    await shop.take(SyncRequested(channel="amazon", scope=SyncScope.STOCK, sku="A"), event_id="ask")
    assert (await shop.told("amazon"))[-1] == (revision + 1, 0)
    [reason] = [log["reason"] for log in (await shop.http.get("/v1/logs")).json() if log["reason"] == "sync"]
    assert reason == "sync"


async def test_an_external_sku_can_only_change_once_nothing_is_held(shop: Shop) -> None:
    await filled(shop, 100)
    answer = await shop.http.put("/v1/listings/amazon/A", json={"external_sku": "OTHER"})
    assert answer.status_code == 409


async def test_the_cause_of_a_later_target_is_the_sale(shop: Shop) -> None:
    await filled(shop, 100)
    bound = (await shop.bounds())["amazon"]
    await shop.take(shop.sale(bound, "amazon"), event_id="the-sale")
    for _ in range(4):
        await shop.pass_time(seconds=8)
    target = (await shop.events("channel.stock.target"))[-1]
    assert (target["causationid"], target["correlationid"]) == ("the-sale", "the-sale")


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ("bounds = jsonb_set(bounds, '{amazon}', '1000')", "bounds_within_available"),
        ("bounds = jsonb_set(bounds, '{amazon}', '-1')", "bounds_not_below_zero"),
        ("bounds = bounds || '{\"ebay\": 0}'", "bounds_of_these_channels"),
        ("on_hand = 1", "bounds_within_available"),
    ],
)
async def test_the_database_refuses_bounds_that_hold_more_than_there_is(shop: Shop, change: str, part: str) -> None:
    await filled(shop, 100)
    with pytest.raises(IntegrityError, match=part):
        async with shop.engine.begin() as connection:
            await connection.execute(text(f"update products set {change}"))  # noqa: S608 - the cases above


async def test_the_database_refuses_a_row_that_does_not_continue_the_ledger(shop: Shop) -> None:
    await filled(shop, 100)
    row = (
        "insert into inventory_logs (sku, change_qty, reason, before_qty, after_qty, event_id, happened_at, created_at)"
        " values ('A', 1, 'restock', 99, 100, 'x', now(), now())"
    )
    with pytest.raises(IntegrityError, match="starts from 99, but the one before it ended at 100"):
        async with shop.engine.begin() as connection:
            await connection.execute(text(row))


async def test_two_loops_share_the_work_and_tell_everything_once(shop: Shop) -> None:
    skus = [f"P{number:03}" for number in range(50)]
    counted = StockReason.STOCKTAKE
    now = shop.clock()
    await shop.take(*(ProductChanged(sku=sku, title=sku) for sku in skus))
    await shop.take(*(StockChanged(sku=sku, reason=counted, counted_qty=9, counted_at=now) for sku in skus))
    listings = [{"channel": "noon", "sku": sku, "external_sku": f"N-{sku}"} for sku in skus]
    await shop.http.post("/v1/listings", json={"listings": listings})
    shop.clock.advance(minutes=3)
    other = RebalanceLoop(shop.worker, book_opener(POLICY, TERMS), Rebalance(TERMS))
    await asyncio.gather(shop.loop.step(), other.step())
    await asyncio.gather(shop.loop.step(), other.step())
    told = [
        event["data"]["sku"]
        for event in await shop.events("channel.stock.target")
        if event["data"]["channel"] == "noon"
    ]
    assert sorted(told) == skus
