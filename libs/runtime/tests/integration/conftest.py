"""A small service of its own for each test: schema, topics and group that nobody else has."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from contracts import CloudEvent, StockChanged, StockReason, partition_counts
from pydantic import PostgresDsn, SecretStr
from runtime.clock import system_clock
from runtime.database import create_engine
from runtime.migrations import upgrade
from runtime.outbox import Outbox
from runtime.processor import Handler
from runtime.records import Delivery
from runtime.settings import ServiceSettings
from runtime.testing.lab import GROUP, SCHEMA, Lab
from runtime.work import Work, Worker
from sqlalchemy import text

CreateTopics = Callable[[Mapping[str, int]], Awaitable[None]]


@pytest.fixture
async def lab(bootstrap_servers: str, database_url: str, create_topics: CreateTopics) -> AsyncIterator[Lab]:
    prefix = f"t{uuid.uuid4().hex[:8]}."
    await create_topics({prefix + name: count for name, count in partition_counts().items() if "stock" in name})
    settings = ServiceSettings(
        kafka_bootstrap_servers=bootstrap_servers,
        kafka_topic_prefix=prefix,
        database_url=PostgresDsn(database_url),
        api_key=SecretStr("k"),
        port=1,
    )
    engine = create_engine(database_url, SCHEMA)
    await upgrade(engine, SCHEMA, Path(__file__).parent / "lab_migrations")
    worker = Worker(engine, Outbox(SCHEMA, partition_counts()), group=GROUP, clock=system_clock)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers)
    await producer.start()
    try:
        yield Lab(settings, engine, worker, producer)
    finally:
        await producer.stop()
        await engine.dispose()


@pytest.fixture
def record_effects() -> Handler:
    """A handler that leaves one row for each delivery."""

    async def handle(deliveries: Sequence[Delivery[Any]], work: Work) -> None:
        insert = "insert into effects (event_id, sku) select * from unnest(cast(:ids as text[]), cast(:skus as text[]))"
        rows = {"ids": [d.event.id for d in deliveries], "skus": [d.data.sku for d in deliveries]}
        await work.connection.execute(text(insert), rows)

    return handle


@pytest.fixture
def make_sale() -> Callable[..., bytes]:
    """Makes the bytes of a sale."""

    def make(event_id: str, sku: str = "SKU") -> bytes:
        data = StockChanged(sku=sku, reason=StockReason.SALE, change_qty=-1, channel="saberstore")
        event = CloudEvent.wrap(data, source="/storefront", time=system_clock(), event_id=event_id)
        return event.to_bytes()

    return make


@pytest.fixture
def wait_for() -> Callable[..., Awaitable[None]]:
    """Waits until a condition holds, and fails with its name when the time is up."""

    async def wait(condition: Callable[[], Awaitable[bool]], what: str, *, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not await condition():
            assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
            await asyncio.sleep(0.05)

    return wait
