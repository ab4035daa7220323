"""Stock changes a second through the inventory, and through the bare loop."""

import datetime as dt
import gc
import time
from collections.abc import Awaitable, Callable, Sequence

from contracts import CloudEvent, ProductChanged, StockChanged, StockReason, partition_counts, topic_of
from inventory.entrypoints.consumers import STOCK_CHANGES, routes
from inventory.handlers.note_watermarks import channel_of_change
from inventory.main import MIGRATIONS
from inventory.settings import Settings
from pydantic import PostgresDsn, SecretStr
from runtime.clock import system_clock
from runtime.database import create_engine
from runtime.holds import Holds
from runtime.migrations import upgrade
from runtime.outbox import Outbox
from runtime.processor import Processor
from runtime.records import Record
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.bare_loop import CREATE, BareLoop
from bench.sample import Comparison, Sample

SKUS = 1000
BATCH = 500
_SCHEMA = "inventory"
_INBOX = "create table inbox (event_id text primary key, topic text not null, received_at timestamptz default now())"
_CHANNELS = ("amazon", "noon")
_SETTLE = """
update products set escrow = null, bounds = case when bounds is null then null else
    jsonb_build_object('saberstore', on_hand * 30 / 100, 'amazon', on_hand * 33 / 100, 'noon', on_hand * 33 / 100)
    end
"""
_LIST = """
insert into marketplace_listings (channel, sku, external_sku, is_active, changed_at)
select cast(:channel as text), sku, sku, true, now() from products
"""


async def measure(database_url: str, *, runs: int, events: int) -> Comparison:
    """`runs` runs of `events` stock changes each, of both, in turn."""
    engine = create_engine(database_url, _SCHEMA)
    try:
        await upgrade(engine, _SCHEMA, MIGRATIONS)
        outbox = Outbox(_SCHEMA, partition_counts())
        processor = _inventory(engine, outbox, database_url)
        bare = BareLoop(engine, outbox)
        await _prepare(engine, processor)
        measured, floor = [], []
        for run in range(runs + 1):
            figures = [
                await _rate(bare.process, _sales(events, f"bare-{run}"), engine),
                await _rate(processor.process, _sales(events, f"inventory-{run}"), engine),
            ]
            if run:  # the first one warms up
                floor.append(figures[0])
                measured.append(figures[1])
    finally:
        await engine.dispose()
    return Comparison(
        Sample("inventory", "stock changes/s", tuple(measured)), Sample("bare loop", "stock changes/s", tuple(floor))
    )


def _inventory(engine: AsyncEngine, outbox: Outbox, database_url: str) -> Processor:
    settings = Settings(
        kafka_bootstrap_servers="unused", database_url=PostgresDsn(database_url), api_key=SecretStr("unused")
    )
    holds = Holds(channel_of_change, [STOCK_CHANGES], dt.timedelta(minutes=30))
    worker = Worker(engine, outbox, group=_SCHEMA, clock=system_clock)
    return Processor(routes(settings.policy(), holds, settings.terms()), worker, holds)


async def _prepare(engine: AsyncEngine, processor: Processor) -> None:
    """Products with stock, each listed on both marketplaces; under escrow nothing is on its way any more."""
    skus = [f"SKU-{number}" for number in range(SKUS)]
    await processor.process([_record(ProductChanged(sku=sku, title=sku), f"product-{sku}") for sku in skus])
    now = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    counts = [
        StockChanged(sku=sku, reason=StockReason.STOCKTAKE, counted_qty=1_000_000, counted_at=now) for sku in skus
    ]
    await processor.process([_record(count, f"count-{count.sku}") for count in counts])
    async with engine.begin() as connection:
        for channel in _CHANNELS:
            await connection.execute(text(_LIST), {"channel": channel})
        await connection.execute(text(_SETTLE))
        await connection.execute(text(CREATE))
        await connection.execute(text(_INBOX))


async def _rate(
    process: Callable[[Sequence[Record]], Awaitable[None]], records: Sequence[Record], engine: AsyncEngine
) -> float:
    gc.collect()
    gc.freeze()  # no process of ours holds more than one batch of records; collecting all of them is not its work
    started = time.perf_counter()
    for start in range(0, len(records), BATCH):
        await process(records[start : start + BATCH])
    seconds = time.perf_counter() - started
    async with engine.begin() as connection:
        await connection.execute(text("truncate outbox"))
    return len(records) / seconds


def _sales(count: int, run: str) -> list[Record]:
    return [
        _record(
            StockChanged(
                sku=f"SKU-{number * 7 % SKUS}",
                reason=StockReason.SALE,
                change_qty=-1,
                channel="saberstore",
                placed_at=dt.datetime.now(dt.UTC),
                reference=f"order-{number}",
            ),
            f"{run}-{number}",
        )
        for number in range(count)
    ]


def _record(data: StockChanged | ProductChanged, event_id: str) -> Record:
    event = CloudEvent.wrap(data, source="/storefront", time=dt.datetime.now(dt.UTC), event_id=event_id)
    return Record(topic_of(type(data)), 0, 0, data.sku.encode(), event.to_bytes(), {})
