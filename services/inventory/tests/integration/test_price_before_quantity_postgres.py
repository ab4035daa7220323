"""Price before quantity on real Postgres: a listing that comes back from zero waits for its price."""

import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from contracts import (
    AppliedStatus,
    Issue,
    Money,
    Payload,
    PriceApplied,
    ProductChanged,
    StockApplied,
    StockChanged,
    partition_counts,
)
from contracts import StockReason as Why
from inventory.adapters.rules import RuleCache
from inventory.domain.allocation import Policy
from inventory.domain.terms import Terms
from inventory.entrypoints.api import explaining, reading, writing
from inventory.entrypoints.consumers import book_opener, routes
from inventory.entrypoints.prices_api import prices_router
from inventory.handlers.note_watermarks import channel_of_change
from inventory.handlers.price_loop import PriceLoop
from inventory.handlers.rebalance import Rebalance
from inventory.handlers.rebalance_loop import RebalanceLoop
from inventory.testing.price_desk import price_defaults
from runtime.holds import Holds
from runtime.http import create_app
from runtime.outbox import Outbox
from runtime.processor import Processor
from runtime.testing.clocks import FixedClock
from runtime.testing.deliveries import deliver
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.integration

WEIGHTS = {"saberstore": 30, "amazon": 35, "noon": 35}
POLICY = Policy(weights=WEIGHTS, storefront="saberstore", buffer_percent=0, price_first=frozenset({"amazon"}))
TERMS = Terms(storefront="saberstore", shares=WEIGHTS, converge_after=dt.timedelta(seconds=2))
ISSUE = Issue(code="90245", message="The price is too low.")


class Shop:
    """The inventory's consumers, loops and API, without Kafka; Amazon lists A and B, and Noon A."""

    def __init__(self, engine: AsyncEngine, http: httpx.AsyncClient, clock: FixedClock) -> None:
        self.engine = engine
        self.http = http
        self.clock = clock
        worker = Worker(engine, Outbox("inventory", partition_counts()), group="inventory", clock=clock)
        self.worker = worker
        holds = Holds(channel_of_change, ["stock.changed"], dt.timedelta(minutes=30))
        self.processor = Processor(routes(POLICY, holds, TERMS), worker, holds)
        self.rebalancing = RebalanceLoop(worker, book_opener(POLICY, TERMS), Rebalance(TERMS))
        self.pricing = PriceLoop(worker, price_defaults())

    async def open(self, *listings: tuple[str, str]) -> None:
        for sku in sorted({sku for _, sku in listings}):
            await self.price(sku, "850.00")
        for channel, sku in listings:
            (await self.http.put(f"/v1/listings/{channel}/{sku}", json={"external_sku": sku})).raise_for_status()
            await self.take(
                StockApplied(
                    channel=channel,
                    sku=sku,
                    status=AppliedStatus.OBSERVED,
                    observed_quantity=0,
                    observed_at=self.clock(),
                )
            )

    async def price(self, sku: str, amount: str) -> None:
        self.clock.advance(seconds=1)
        await self.take(ProductChanged(sku=sku, title=sku, base_price=Money(amount=amount, currency="EGP")))

    async def take(self, *data: Payload) -> None:
        await self.processor.process([deliver(each, time=self.clock()).record for each in data])

    async def count(self, sku: str, units: int) -> None:
        now = self.clock()
        await self.take(StockChanged(sku=sku, reason=Why.STOCKTAKE, counted_qty=units, counted_at=now))

    async def answer(self, sku: str, revision: int, status: AppliedStatus, channel: str = "amazon") -> None:
        issues = (ISSUE,) if status is AppliedStatus.REJECTED else ()
        live_at = self.clock() if status is AppliedStatus.LIVE else None
        await self.take(
            PriceApplied(channel=channel, sku=sku, revision=revision, status=status, live_at=live_at, issues=issues)
        )

    async def pass_time(self, seconds: float = 3) -> None:
        """Prices are computed, every sale is known, and the loops look at what is due."""
        await self.pricing.step()
        self.clock.advance(seconds=seconds)
        query = text(
            "insert into channel_watermarks (channel, known_until) values ('amazon', :now), ('noon', :now) "
            "on conflict (channel) do update set known_until = excluded.known_until"
        )
        async with self.engine.begin() as connection:
            await connection.execute(query, {"now": self.clock()})
        for _ in range(2):  # what is queued, then what is due
            await self.rebalancing.step()

    async def told(self, sku: str, channel: str = "amazon") -> list[int]:
        """The quantities that a channel was told, in their order."""
        async with self.engine.connect() as connection:
            query = text("select value from outbox where topic = 'channel.stock.target' order by id")
            targets = [json.loads(value)["data"] for value in (await connection.execute(query)).scalars()]
        return [each["quantity"] for each in targets if (each["channel"], each["sku"]) == (channel, sku)]

    async def explained(self, sku: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.http.get(f"/v1/explain/{sku}")).json()["prices"]["amazon"]
        return found


@pytest.fixture
async def shop(engine: AsyncEngine) -> AsyncIterator[Shop]:
    clock = FixedClock()
    worker = Worker(engine, Outbox("inventory", partition_counts()), group="inventory", clock=clock)
    app = create_app("inventory", {})
    routers = (
        reading(engine),
        writing(worker, POLICY, TERMS),
        explaining(worker, RuleCache(POLICY), book_opener(POLICY, TERMS)),
    )
    for router in (*routers, prices_router(engine, worker, WEIGHTS)):
        app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://inventory") as http:
        yield Shop(engine, http, clock)


async def test_units_are_offered_once_the_price_is_live_and_their_share_is_kept_for_them(shop: Shop) -> None:
    await shop.open(("amazon", "A"), ("noon", "A"))
    await shop.count("A", 100)
    await shop.pass_time()
    assert (await shop.told("A"), await shop.told("A", "noon")) == ([], [35])
    explained = await shop.explained("A")
    assert (explained["waits_for"], explained["price"]) == ("its price is not live yet", "1000.00")
    await shop.answer("A", 1, AppliedStatus.ACCEPTED)
    await shop.pass_time()
    assert await shop.told("A") == []
    await shop.answer("A", 1, AppliedStatus.LIVE)
    await shop.pass_time()
    assert await shop.told("A") == [35]
    assert (await shop.explained("A"))["waits_for"] is None


async def test_a_restock_with_a_new_price_waits_and_one_with_the_old_price_does_not(shop: Shop) -> None:
    await shop.open(("amazon", "A"), ("amazon", "B"))
    for sku in ("A", "B"):
        await shop.pass_time()
        await shop.answer(sku, 1, AppliedStatus.LIVE)
    await shop.price("A", "900.00")
    await shop.take(
        *(StockChanged(sku=sku, reason=Why.RESTOCK, change_qty=100, reference="goods") for sku in ("A", "B"))
    )
    assert await shop.told("A") == [], "the new price is still in the queue"
    await shop.pass_time()
    assert (await shop.told("A"), len(await shop.told("B"))) == ([], 1)
    await shop.answer("A", 2, AppliedStatus.LIVE)
    await shop.pass_time()
    assert len(await shop.told("A")) == 1


async def test_a_new_price_holds_nobody_up_who_has_units_nor_a_zero(shop: Shop) -> None:
    await shop.open(("amazon", "A"))
    await shop.pass_time()
    await shop.answer("A", 1, AppliedStatus.LIVE)
    await shop.count("A", 100)
    await shop.pass_time()
    [first] = await shop.told("A")
    assert first > 0
    await shop.price("A", "900.00")
    await shop.pass_time()
    (await shop.http.put("/v1/listings/amazon/A", json={"external_sku": "A", "is_active": False})).raise_for_status()
    await shop.pass_time()
    assert await shop.told("A") == [first, 0]


async def test_a_refused_price_keeps_its_listing_at_zero_and_its_share_goes_elsewhere(shop: Shop) -> None:
    await shop.open(("amazon", "A"), ("noon", "A"))
    await shop.pass_time()
    await shop.answer("A", 1, AppliedStatus.REJECTED)
    await shop.answer("A", 1, AppliedStatus.REJECTED)
    await shop.count("A", 100)
    await shop.pass_time()
    assert (await shop.told("A"), await shop.told("A", "noon")) == ([], [54])
    [incident] = (await shop.http.get("/v1/incidents")).json()
    assert (incident["cause"], incident["channel"], incident["resolved_at"]) == ("price-refused", "amazon", None)
    assert incident["detail"]["issues"][0]["message"] == ISSUE.message
    [problem] = (await shop.http.get("/v1/price-problems")).json()
    assert problem["problem"] == "amazon refused it: 90245: The price is too low."
    explained = await shop.explained("A")
    assert (explained["waits_for"], explained["applied_issues"][0]["code"]) == (
        "the channel refused its price",
        "90245",
    )

    await shop.price("A", "950.00")
    await shop.pass_time()
    await shop.answer("A", 2, AppliedStatus.LIVE)
    [incident] = (await shop.http.get("/v1/incidents")).json()
    assert incident["resolved_at"] is not None
    assert (await shop.http.get("/v1/price-problems")).json() == []


async def test_what_no_connector_can_do_is_not_waited_for(shop: Shop) -> None:
    await shop.open(("amazon", "A"))
    await shop.count("A", 100)
    await shop.pass_time()
    assert await shop.told("A") == []
    await shop.answer("A", 1, AppliedStatus.UNSUPPORTED)
    await shop.pass_time()
    assert len(await shop.told("A")) == 1


async def test_without_an_answer_it_stays_at_zero_and_in_the_end_its_share_goes_elsewhere(shop: Shop) -> None:
    await shop.open(("amazon", "A"))
    await shop.count("A", 100)
    await shop.pass_time()
    assert (await shop.told("A"), await shop.told("A", "saberstore")) == ([], [46])
    for _ in range(6):
        await shop.pass_time(TERMS.price_wait.total_seconds() / 2)
    found = (await shop.http.get("/v1/stock/A")).json()["channels"]
    assert (found["amazon"]["bound"], found["saberstore"]["bound"]) == (0, 100)
    assert await shop.told("A") == []
    assert (await shop.explained("A"))["waits_for"] == "its price is not live yet"
