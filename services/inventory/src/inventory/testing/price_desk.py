"""Products, listings and prices over the HTTP API, on a real database, without Kafka."""

import contextlib
import datetime as dt
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
from contracts import PriceApplied, ProductChanged, partition_counts
from runtime.http import create_app
from runtime.outbox import Outbox
from runtime.testing.clocks import FixedClock
from runtime.testing.deliveries import deliver
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.adapters.catalogue import PostgresCatalogue
from inventory.domain.allocation import Policy
from inventory.domain.price_rules import PriceDefaults, PriceSettings
from inventory.domain.pricing import Rounding
from inventory.entrypoints.api import writing
from inventory.entrypoints.consumers import book_opener
from inventory.entrypoints.prices_api import prices_router
from inventory.handlers.change_product import ChangeProduct
from inventory.handlers.note_price_applied import NotePriceApplied
from inventory.handlers.price_loop import PriceLoop

POLICY = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore")
_SENT = text("select value from outbox where topic = 'channel.price.target' order by id")


def price_defaults(percent: int = 15) -> PriceDefaults:
    """So many percent for each marketplace."""
    marketplace = PriceSettings(fee_percent=Decimal(percent), vat_included=False, rounding=Rounding())
    storefront = PriceSettings(fee_percent=Decimal(0))
    return PriceDefaults({"saberstore": storefront, "amazon": marketplace, "noon": marketplace}, "saberstore")


class PriceDesk:
    """One service's prices; every change of a product comes a second later than the one before."""

    def __init__(self, engine: AsyncEngine, http: httpx.AsyncClient, worker: Worker, clock: FixedClock) -> None:
        self.http = http
        self.worker = worker
        self._engine = engine
        self._clock = clock
        self._loop = PriceLoop(worker, price_defaults())
        self._change_product = ChangeProduct(
            lambda work: PostgresCatalogue(work.connection), book_opener(POLICY, None), None
        )

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, engine: AsyncEngine) -> "AsyncIterator[PriceDesk]":
        clock = FixedClock()
        worker = Worker(engine, Outbox("inventory", partition_counts()), group="inventory", clock=clock)
        app = create_app("inventory", {})
        app.include_router(writing(worker, POLICY))
        app.include_router(prices_router(engine, worker, POLICY.weights))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test/v1") as http:
            yield cls(engine, http, worker, clock)

    def loop(self, percent: int = 15) -> PriceLoop:
        """The loop of one more process."""
        return PriceLoop(self.worker, price_defaults(percent))

    async def reprice(self) -> None:
        await self._loop.step()

    async def product(self, sku: str = "MUG", price: str | None = "850.00", **more: Any) -> None:  # noqa: ANN401 - any JSON
        self._clock.advance(seconds=1)
        money = price and {"amount": price, "currency": "EGP"}
        body = {"title": "a mug", "category": "cups", "base_price": money, "vat_rate": "0.14", **more}
        (await self.http.put(f"/products/{sku}", json=body)).raise_for_status()

    async def listing(self, channel: str = "amazon", sku: str = "MUG", **more: Any) -> None:  # noqa: ANN401 - any JSON
        body = {"external_sku": f"{sku}-X", **more}
        (await self.http.put(f"/listings/{channel}/{sku}", json=body)).raise_for_status()

    async def listed(self, channel: str = "amazon", sku: str = "MUG") -> None:
        """A product with its first price on a channel."""
        await self.product(sku)
        await self.listing(channel, sku)
        await self.reprice()

    async def hear_product(self, event_id: str, data: ProductChanged, time: dt.datetime) -> None:
        """As it comes from Kafka."""
        async with self.worker.begin() as work:
            await self._change_product([deliver(data, event_id=event_id, time=time)], work)

    async def hear_applied(self, *answers: PriceApplied) -> None:
        """As they come from Kafka, in one batch."""
        async with self.worker.begin() as work:
            await NotePriceApplied()([deliver(answer) for answer in answers], work)

    async def targets(self) -> list[dict[str, Any]]:
        """What was sent so far, each with its envelope."""
        async with self._engine.connect() as connection:
            return [json.loads(row.value) for row in await connection.execute(_SENT)]

    async def told(self) -> list[tuple[str, int, str]]:
        """The channel, revision and amount of each target that was sent."""
        found = [target["data"] for target in await self.targets()]
        return [(target["channel"], target["revision"], target["price"]["amount"]) for target in found]

    async def shown(self, channel: str = "amazon", sku: str = "MUG") -> dict[str, Any]:
        found: dict[str, Any] = (await self.http.get(f"/prices/{sku}")).json()["channels"][channel]
        return found
