"""Outbox rows a second to Kafka, and the same bytes through a bare producer."""

import asyncio
import time

from aiokafka import AIOKafkaProducer
from inventory.main import MIGRATIONS
from pydantic import PostgresDsn, SecretStr
from runtime.database import create_engine
from runtime.migrations import upgrade
from runtime.outbox import Outbox, OutboxRow
from runtime.relay import Relay
from runtime.settings import ServiceSettings
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.sample import Comparison, Sample

_SCHEMA = "inventory"
_TOPIC = "channel.stock.target"
_VALUE = b"x" * 400
_WRITE = 1000


async def measure(database_url: str, bootstrap_servers: str, *, runs: int, rows: int, partitions: int) -> Comparison:
    """`runs` runs of `rows` rows each, of both, in turn."""
    engine = create_engine(database_url, _SCHEMA)
    measured, floor = [], []
    try:
        await upgrade(engine, _SCHEMA, MIGRATIONS)
        for run in range(runs + 1):
            figures = [
                await _bare(bootstrap_servers, rows),
                await _relay(engine, database_url, bootstrap_servers, rows, partitions),
            ]
            if run:  # the first one warms up
                floor.append(figures[0])
                measured.append(figures[1])
    finally:
        await engine.dispose()
    return Comparison(Sample("relay", "rows/s", tuple(measured)), Sample("bare producer", "rows/s", tuple(floor)))


async def _bare(bootstrap_servers: str, rows: int) -> float:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=True, linger_ms=2, max_batch_size=256 * 1024
    )
    await producer.start()
    try:
        started = time.perf_counter()
        for start in range(0, rows, _WRITE):
            keys = range(start, min(rows, start + _WRITE))
            futures = [await producer.send(_TOPIC, _VALUE, key=str(key).encode()) for key in keys]
            await asyncio.gather(*futures)
        return rows / (time.perf_counter() - started)
    finally:
        await producer.stop()


async def _relay(engine: AsyncEngine, database_url: str, bootstrap_servers: str, rows: int, partitions: int) -> float:
    """Fill the outbox, then let a relay send it until it is empty; connecting counts too."""
    counts = {_TOPIC: partitions}
    outbox = Outbox(_SCHEMA, counts)
    for start in range(0, rows, _WRITE):
        keys = range(start, min(rows, start + _WRITE))
        async with engine.begin() as connection:
            await outbox.add(connection, [OutboxRow(_TOPIC, str(key).encode(), _VALUE) for key in keys])
    settings = ServiceSettings(
        kafka_bootstrap_servers=bootstrap_servers,
        database_url=PostgresDsn(database_url),
        api_key=SecretStr("unused"),
        port=1,
    )
    relay = Relay(settings, _SCHEMA, counts)
    relay.stop()
    started = time.perf_counter()
    await relay.run()
    return rows / (time.perf_counter() - started)
