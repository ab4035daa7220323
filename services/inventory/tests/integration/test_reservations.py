"""Reservations by HTTP: granted at once, after a marketplace was lowered, consumed, released and expired."""

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
    partition_counts,
)
from inventory.domain.allocation import Policy
from inventory.domain.terms import Channel, Terms
from inventory.entrypoints.api import reading
from inventory.entrypoints.consumers import book_opener, routes
from inventory.entrypoints.reservations_api import reservations_router
from inventory.handlers.note_watermarks import channel_of_change
from inventory.handlers.rebalance_loop import RebalanceLoop
from inventory.handlers.reservation_loop import ReservationLoop
from inventory.handlers.reserve import Reserve
from inventory.handlers.retarget import retargeting
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

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
WEIGHTS = {"saberstore": 50, "noon": 50}
POLICY = Policy(weights=WEIGHTS, storefront="saberstore", buffer_percent=0)
TERMS = Terms(
    storefront="saberstore", shares=WEIGHTS, channels={"saberstore": Channel(restocks=False)}, reclaim=True, lent=1
)
GRACE = dt.timedelta(seconds=30)


class Shop:
    """The inventory without Kafka, for a storefront that asks before it sells."""

    def __init__(self, engine: AsyncEngine, clock: FixedClock) -> None:
        self.engine = engine
        self.clock = clock
        self.worker = Worker(engine, Outbox("inventory", partition_counts()), group="inventory", clock=clock)
        holds = Holds(channel_of_change, ["stock.changed"], dt.timedelta(minutes=30))
        self.processor = Processor(routes(POLICY, holds, TERMS), self.worker, holds)
        open_book = book_opener(POLICY, TERMS)
        reserve = Reserve(open_book, TERMS, retargeting(TERMS))
        self.loop = RebalanceLoop(self.worker, open_book, retargeting(TERMS))
        self.grants = ReservationLoop(self.worker, reserve, GRACE)
        app = create_app("inventory", {})
        app.include_router(reading(engine))
        app.include_router(reservations_router(self.worker, reserve))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")

    async def take(self, *data: Payload) -> None:
        await self.processor.process([deliver(each, time=self.clock()).record for each in data])

    async def stocked(self, units: int) -> None:
        """`units` of A, as many as they are on Noon, and the rest the storefront's."""
        await self.take(ProductChanged(sku="A", title="a"))
        async with self.engine.begin() as connection:
            await connection.execute(
                text(
                    "insert into marketplace_listings (channel, sku, external_sku, is_active, changed_at) "
                    "values ('noon', 'A', 'N-A', true, now())"
                )
            )
        await self.take(StockChanged(sku="A", reason=StockReason.STOCKTAKE, counted_qty=units, counted_at=self.clock()))
        observed = AppliedStatus.OBSERVED
        await self.take(
            StockApplied(channel="noon", sku="A", status=observed, observed_quantity=0, observed_at=self.clock())
        )
        await self.pass_time(minutes=1)
        await self.settle()

    async def settle(self) -> None:
        """Noon's newest target is live and its orders up to then are known."""
        noon = (await self.stock())["channels"]["noon"]
        live = AppliedStatus.LIVE
        await self.take(
            StockApplied(
                channel="noon",
                sku="A",
                revision=noon["revision"],
                quantity=noon["target"],
                status=live,
                live_at=self.clock(),
            )
        )
        await self.pass_time(minutes=1)

    async def pass_time(self, **time: float) -> None:
        self.clock.advance(**time)
        query = text(
            "insert into channel_watermarks (channel, known_until) values ('noon', :now) "
            "on conflict (channel) do update set known_until = excluded.known_until"
        )
        async with self.engine.begin() as connection:
            await connection.execute(query, {"now": self.clock()})
        await self.loop.step()
        await self.grants.step()

    async def stock(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.http.get("/v1/stock/A")).json()
        return found

    async def figures(self) -> tuple[int, int, int, int]:
        """On hand, reserved, the storefront's share, Noon's bound."""
        found = await self.stock()
        channels = found["channels"]
        return found["on_hand"], found["reserved"], channels["saberstore"]["bound"], channels["noon"]["bound"]

    async def reserve(self, units: int, wait: int = 0) -> dict[str, Any]:
        body = {"lines": [{"sku": "A", "quantity": units}], "ttl_seconds": 60, "wait_seconds": wait}
        answer = await self.http.post("/v1/reservations", json=body)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def status(self, reservation: dict[str, Any]) -> str:
        answer = await self.http.get(f"/v1/reservations/{reservation['reservation_id']}")
        return str(answer.json()["status"])

    async def sell(self, units: int, reservation: dict[str, Any]) -> None:
        await self.take(
            StockChanged(
                sku="A",
                reason=StockReason.SALE,
                change_qty=-units,
                channel="saberstore",
                placed_at=self.clock(),
                reservation_id=reservation["reservation_id"],
            )
        )

    async def told(self) -> list[str]:
        async with self.engine.connect() as connection:
            query = text("select value from outbox where topic = 'reservation.changed' order by id")
            return [json.loads(value)["data"]["status"] for value in (await connection.execute(query)).scalars()]

    async def incidents(self) -> list[tuple[str, int]]:
        found = (await self.http.get("/v1/incidents")).json()
        return [(each["cause"], each["units"]) for each in found]


@pytest.fixture
async def shop(engine: AsyncEngine) -> AsyncIterator[Shop]:
    found = Shop(engine, FixedClock(NOW))
    async with found.http:
        yield found


async def test_units_of_the_storefronts_share_are_granted_at_once_and_sold(shop: Shop) -> None:
    await shop.stocked(10)
    assert await shop.figures() == (10, 0, 5, 5)
    reservation = await shop.reserve(2)
    assert reservation["status"] == "granted"
    assert await shop.figures() == (10, 2, 3, 5)
    await shop.sell(2, reservation)
    assert await shop.figures() == (8, 0, 3, 5)
    assert await shop.told() == ["granted", "consumed"]
    assert await shop.incidents() == []


async def test_for_more_a_marketplace_is_lowered_while_the_buyer_waits(shop: Shop) -> None:
    await shop.stocked(10)
    reservation = await shop.reserve(7, wait=600)
    assert reservation["status"] == "waiting"
    assert (await shop.stock())["channels"]["noon"]["target"] == 0
    await shop.pass_time(seconds=5)
    assert await shop.status(reservation) == "waiting"
    await shop.settle()
    assert await shop.status(reservation) == "granted"
    on_hand, reserved, own, noon = await shop.figures()
    assert (on_hand, reserved) == (10, 7)
    assert own + noon <= 3


async def test_who_does_not_wait_is_refused_and_nothing_moves(shop: Shop) -> None:
    await shop.stocked(10)
    assert (await shop.reserve(6))["status"] == "refused"
    assert (await shop.reserve(11, wait=600))["status"] == "refused"
    assert await shop.figures() == (10, 0, 5, 5)


async def test_the_oldest_reservation_comes_first(shop: Shop) -> None:
    await shop.stocked(10)
    older = await shop.reserve(7, wait=600)
    younger = await shop.reserve(1, wait=600)
    assert (older["status"], younger["status"]) == ("waiting", "waiting")
    await shop.settle()
    assert (await shop.status(older), await shop.status(younger)) == ("granted", "granted")


async def test_whose_wait_is_over_is_refused(shop: Shop) -> None:
    await shop.stocked(10)
    reservation = await shop.reserve(7, wait=3)
    await shop.pass_time(seconds=5)
    assert await shop.status(reservation) == "refused"
    assert await shop.told() == ["waiting", "refused"]


async def test_what_is_released_or_expires_is_free_again(shop: Shop) -> None:
    await shop.stocked(10)
    released, expired = await shop.reserve(2), await shop.reserve(1)
    await shop.http.delete(f"/v1/reservations/{released['reservation_id']}")
    assert (await shop.figures())[1] == 1
    await shop.pass_time(seconds=89)
    assert await shop.status(expired) == "granted"
    await shop.pass_time(seconds=2)
    assert await shop.status(expired) == "expired"
    assert (await shop.figures())[1] == 0


async def test_a_sale_that_names_a_reservation_which_is_gone_is_an_incident(shop: Shop) -> None:
    await shop.stocked(10)
    reservation = await shop.reserve(2)
    await shop.pass_time(seconds=91)
    await shop.sell(2, reservation)
    assert (await shop.figures())[0] == 8
    assert await shop.incidents() == [("reservation-gone", 2)]


async def test_all_lines_are_granted_or_none(shop: Shop) -> None:
    await shop.stocked(10)
    await shop.take(ProductChanged(sku="B", title="b"))
    lines = [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}]
    answer = await shop.http.post("/v1/reservations", json={"lines": lines})
    assert answer.json()["status"] == "refused"
    assert (await shop.figures())[1] == 0


@pytest.mark.parametrize(
    ("lines", "status", "part"),
    [
        ([], 422, "body.lines"),
        ([{"sku": "A", "quantity": 0}], 422, "quantity"),
        ([{"sku": "A", "quantity": 1}, {"sku": "A", "quantity": 1}], 422, "named twice"),
        ([{"sku": "NOBODY", "quantity": 1}], 404, "no product 'NOBODY'"),
    ],
)
async def test_bad_input_is_told(shop: Shop, lines: list[dict[str, Any]], status: int, part: str) -> None:
    await shop.stocked(1)
    answer = await shop.http.post("/v1/reservations", json={"lines": lines})
    assert answer.status_code == status
    assert part in answer.text


async def test_a_storefront_that_only_reports_is_told_to_change_the_mode(shop: Shop) -> None:
    app = create_app("inventory", {})
    app.include_router(reservations_router(shop.worker, None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        answer = await http.post("/v1/reservations", json={"lines": [{"sku": "A", "quantity": 1}]})
    assert answer.status_code == httpx.codes.CONFLICT
    assert "STOREFRONT_MODE=reserve" in answer.json()["detail"]
