"""A small service of its own for each test: schema, topics and group that nobody else has."""

import asyncio
import dataclasses as dc
import os
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from contracts import CloudEvent, StockChanged, StockReason, partition_counts
from local_stack import databases, topics
from local_stack.config import StackConfig
from local_stack.infrastructure import Infrastructure
from pydantic import PostgresDsn, SecretStr
from runtime.clock import system_clock
from runtime.database import create_engine
from runtime.errors import is_transient
from runtime.migrations import upgrade
from runtime.outbox import Outbox
from runtime.processor import Handler
from runtime.records import Delivery
from runtime.settings import ServiceSettings
from runtime.testing.faults import Faults
from runtime.testing.lab import GROUP, SCHEMA, Lab
from runtime.work import Work, Worker
from sqlalchemy import text

_OF_OTHERS = ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL")


@pytest.fixture
async def lab(bootstrap_servers: str, database_url: str) -> AsyncIterator[Lab]:
    async with _open_lab(bootstrap_servers, database_url) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_infrastructure() -> AsyncIterator[Infrastructure]:
    """A Kafka and a Postgres that may be killed: not those of the other tests, nor those that the environment names."""
    environment = {name: value for name, value in os.environ.items() if name not in _OF_OTHERS}
    with tempfile.TemporaryDirectory(prefix="mizan-chaos-", ignore_cleanup_errors=True) as folder:
        # What is committed must outlive a SIGKILL, so none of the shortcuts of throwaway data.
        config = dc.replace(StackConfig.on_free_ports(Path(folder), environment), throwaway=False)
        async with Infrastructure(config, report=lambda _: None) as running:
            yield running


@pytest.fixture
def faults(own_infrastructure: Infrastructure) -> Faults:
    return Faults(own_infrastructure.supervisor.pid)


@pytest.fixture
async def own_lab(own_infrastructure: Infrastructure) -> AsyncIterator[Lab]:
    """A lab whose Kafka and Postgres may be killed with `faults`."""
    async with (
        databases.fresh_database(own_infrastructure.database_url) as url,
        _open_lab(own_infrastructure.bootstrap_servers, url) as opened,
    ):
        yield opened


@asynccontextmanager
async def _open_lab(bootstrap_servers: str, database_url: str) -> AsyncIterator[Lab]:
    prefix = f"t{uuid.uuid4().hex[:8]}."
    counts = {prefix + name: count for name, count in partition_counts().items() if "stock" in name}
    await topics.create_topics(bootstrap_servers, [topics.PlainTopic(*each) for each in counts.items()])
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
        while not await _holds(condition):
            assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
            await asyncio.sleep(0.05)

    return wait


async def _holds(condition: Callable[[], Awaitable[bool]]) -> bool:
    """Where Kafka or Postgres does not answer, nothing holds yet."""
    try:
        return await condition()
    except Exception as error:
        if isinstance(error, KafkaError) or is_transient(error):
            return False
        raise
