"""Seconds from the last of many sales on few SKUs until the inventory has planned what each channel is to offer."""

import asyncio
import datetime as dt
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from contracts import CloudEvent, StockChanged, StockReason, topic_of
from inventory.domain.terms import Terms
from local_stack.stack import Stack
from runtime.database import create_engine
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench import stocked_shop
from bench.sample import Sample

SKUS, SALES = 20, 10_000
_CHANNELS = ("saberstore", "amazon", "noon")
_WINDOW = Terms("saberstore").window
_STEP_SECONDS = 0.02
_LONGEST_SECONDS = 120.0
_MISSING = text("select cast(:sales as int) - count(*) from inventory_logs where event_id like :events")
_UNPLANNED = text("""
select count(*) from products p join rebalance_due d on d.sku = p.sku
where d.due_at <= p.stock_changed_at + cast(:window as interval)
""")
"""Who was not looked at since the last sale: its look was asked for within the window in which changes are gathered."""


async def measure(stack: Stack, *, runs: int) -> Sample:
    """`runs` times, each channel selling in turn; the inventory has its default settings."""
    engine = create_engine(stack.database_url, "inventory")
    producer = AIOKafkaProducer(bootstrap_servers=stack.bootstrap_servers, acks="all", linger_ms=2)
    try:
        await producer.start()
        await stocked_shop.fill(engine, SKUS, on_hand=2 * runs * SALES // SKUS)
        return Sample("hot SKUs planned", "s", tuple([await _run(producer, engine, run) for run in range(runs)]))
    finally:
        await producer.stop()
        await engine.dispose()


async def _run(producer: AIOKafkaProducer, engine: AsyncEngine, run: int) -> float:
    sales = _sales(run)
    sent = [await producer.send(topic_of(StockChanged), value, key=key) for key, value in sales]
    await asyncio.gather(*sent)
    last = time.monotonic()
    async with engine.connect() as connection:
        quiet = await connection.execution_options(isolation_level="AUTOCOMMIT")
        while time.monotonic() - last < _LONGEST_SECONDS:
            missing = (await quiet.execute(_MISSING, {"sales": SALES, "events": f"hot-{run}-%"})).scalar_one()
            if not missing and not (await quiet.execute(_UNPLANNED, {"window": _WINDOW})).scalar_one():
                return time.monotonic() - last
            await asyncio.sleep(_STEP_SECONDS)
    raise RuntimeError(f"not planned after {_LONGEST_SECONDS:.0f} s")


def _sales(run: int) -> Sequence[tuple[bytes, bytes]]:
    """Written before the clock runs."""
    now = dt.datetime.now(dt.UTC)
    rows = []
    for number in range(SALES):
        sale = StockChanged(
            sku=f"SKU-{number % SKUS}",
            reason=StockReason.SALE,
            change_qty=-1,
            channel=_CHANNELS[number // SKUS % len(_CHANNELS)],
            placed_at=now,
            reference=f"order-{run}-{number}",
        )
        event = CloudEvent.wrap(sale, source="/storefront", time=now, event_id=f"hot-{run}-{number}")
        rows.append((sale.sku.encode(), event.to_bytes()))
    return rows
