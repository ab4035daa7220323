"""Stock changes a second through the inventory, and through the bare loop."""

import contextlib
import datetime as dt
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

from contracts import CloudEvent, StockChanged, StockReason, partition_counts, topic_of
from inventory.entrypoints.consumers import STOCK_CHANGES, routes
from inventory.handlers.note_watermarks import channel_of_change
from inventory.main import MIGRATIONS
from inventory.settings import Settings
from pydantic import PostgresDsn, SecretStr
from runtime.clock import system_clock
from runtime.database import create_engine
from runtime.garbage import collect_seldom
from runtime.holds import Holds
from runtime.migrations import upgrade
from runtime.outbox import Outbox
from runtime.processor import Processor
from runtime.records import Record
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench import stocked_shop
from bench.bare_loop import CREATE, FILL, BareLoop
from bench.sample import Comparison, Sample

SKUS = 100_000
BATCH = 500
_SCHEMA = "inventory"
_INBOX = "create table inbox (event_id text primary key, topic text not null, received_at timestamptz default now())"
_STRIDE = 7919
"""A prime: sales that follow each other are of SKUs that lie far apart."""


class Loops:
    """The inventory and the bare loop, in one shop."""

    def __init__(self, engine: AsyncEngine, database_url: str, skus: int) -> None:
        outbox = Outbox(_SCHEMA, partition_counts())
        self._engine = engine
        self._processor = _inventory(engine, outbox, database_url)
        self._bare = BareLoop(engine, outbox)
        self._skus = skus
        self._first = 0

    async def compare(self, *, runs: int, events: int, sold: int) -> Comparison:
        """`runs` runs of `events` stock changes each, of both, in turn; so many of the SKUs are `sold`, no other."""
        await self.run(events, sold)  # the first one warms up
        return comparison([await self.run(events, sold) for _ in range(runs)])

    async def run(self, events: int, sold: int) -> tuple[float, float]:
        """Stock changes a second: of the inventory, and of the bare loop just before it."""
        numbers = range(self._first, self._first + events)
        self._first += events
        floor = await _rate(self._bare.process, _sales(numbers, self._skus, sold, "bare"), self._engine)
        mine = await _rate(self._processor.process, _sales(numbers, self._skus, sold, "inventory"), self._engine)
        return mine, floor


def comparison(rates: Sequence[tuple[float, float]]) -> Comparison:
    """Of what `Loops.run` answered."""
    mine, floor = zip(*rates, strict=True)
    return Comparison(
        Sample("inventory", "stock changes/s", tuple(mine)), Sample("bare loop", "stock changes/s", tuple(floor))
    )


@contextlib.asynccontextmanager
async def opened(database_url: str, skus: int) -> AsyncIterator[Loops]:
    """In an empty database, which is filled first."""
    engine = create_engine(database_url, _SCHEMA)
    try:
        await upgrade(engine, _SCHEMA, MIGRATIONS)
        await _prepare(engine, skus)
        yield Loops(engine, database_url, skus)
    finally:
        await engine.dispose()


async def measure(database_url: str, *, runs: int, events: int) -> Comparison:
    """In a shop of 100,000 SKUs, all of which are sold in turn."""
    async with opened(database_url, SKUS) as loops:
        return await loops.compare(runs=runs, events=events, sold=SKUS)


def _inventory(engine: AsyncEngine, outbox: Outbox, database_url: str) -> Processor:
    settings = Settings(
        kafka_bootstrap_servers="unused", database_url=PostgresDsn(database_url), api_key=SecretStr("unused")
    )
    holds = Holds(channel_of_change, [STOCK_CHANGES], dt.timedelta(minutes=30))
    worker = Worker(engine, outbox, group=_SCHEMA, clock=system_clock)
    return Processor(routes(settings.policy(), holds, settings.terms()), worker, holds)


async def _prepare(engine: AsyncEngine, skus: int) -> None:
    """Both have as many SKUs, and hold as many."""
    async with engine.begin() as connection:
        await connection.execute(text(CREATE))
        await connection.execute(text(_INBOX))
    await stocked_shop.fill(engine, skus)
    async with engine.begin() as connection:
        await connection.execute(text(FILL))


async def _rate(
    process: Callable[[Sequence[Record]], Awaitable[None]], records: Sequence[Record], engine: AsyncEngine
) -> float:
    collect_seldom()  # as each service does; none holds more than one batch, so to look through all is not its work
    started = time.perf_counter()
    for start in range(0, len(records), BATCH):
        await process(records[start : start + BATCH])
    seconds = time.perf_counter() - started
    async with engine.begin() as connection:
        await connection.execute(text("truncate outbox"))
    return len(records) / seconds


def _sales(numbers: Iterable[int], skus: int, sold: int, who: str) -> list[Record]:
    """All over the catalogue: no SKU twice in a batch, none twice before all that are sold had their turn."""
    return [
        _record(
            StockChanged(
                sku=f"SKU-{number % sold * _STRIDE % skus}",
                reason=StockReason.SALE,
                change_qty=-1,
                channel="saberstore",
                placed_at=dt.datetime.now(dt.UTC),
                reference=f"order-{number}",
            ),
            f"{who}-{number}",
        )
        for number in numbers
    ]


def _record(data: StockChanged, event_id: str) -> Record:
    event = CloudEvent.wrap(data, source="/storefront", time=dt.datetime.now(dt.UTC), event_id=event_id)
    return Record(topic_of(type(data)), 0, 0, data.sku.encode(), event.to_bytes(), {})
