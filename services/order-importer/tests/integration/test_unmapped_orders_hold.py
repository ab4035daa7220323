"""An unmapped order holds its channel until `listing.changed` was read as far as it reached when the order came."""

import contextlib
import datetime as dt
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from order_importer.hold_unmapped import let_go, waiting
from order_importer.listings_read import LISTINGS, ListingsRead
from order_importer.testing.samples import line, listing, order
from order_importer.testing.workbench import Workbench
from pydantic import PostgresDsn, SecretStr
from runtime.settings import ServiceSettings

pytestmark = pytest.mark.integration

GROUP = "order-importer"
CreateTopics = Callable[[Mapping[str, int]], Awaitable[None]]


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Workbench]:
    bench = await Workbench.create(database_url)
    yield bench
    await bench.engine.dispose()


@pytest.fixture
async def settings(database_url: str, bootstrap_servers: str, create_topics: CreateTopics) -> ServiceSettings:
    prefix = f"u{uuid.uuid4().hex[:8]}."
    await create_topics({prefix + LISTINGS: 2})
    return ServiceSettings(
        kafka_bootstrap_servers=bootstrap_servers,
        kafka_topic_prefix=prefix,
        database_url=PostgresDsn(database_url),
        api_key=SecretStr("k"),
        port=1,
    )


async def write(settings: ServiceSettings, partition: int, records: int) -> None:
    """Listings that somebody else is about to read."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await producer.start()
    for _ in range(records):
        await producer.send_and_wait(settings.kafka_topic_prefix + LISTINGS, b"{}", partition=partition)
    await producer.stop()


async def read_up_to(settings: ServiceSettings, **offsets: int) -> None:
    """The group commits these offsets, by partition (`p0`, `p1`)."""
    topic = settings.kafka_topic_prefix + LISTINGS
    places = {TopicPartition(topic, int(name[1:])): offset for name, offset in offsets.items()}
    async with _member(settings) as consumer:
        consumer.assign(list(places))
        await consumer.commit(places)


@contextlib.asynccontextmanager
async def _member(settings: ServiceSettings) -> AsyncIterator[Any]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        group_id=settings.kafka_topic_prefix + GROUP,
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def held(bench: Workbench) -> int:
    async with bench.engine.connect() as connection:
        return len(await waiting(connection))


async def test_it_holds_until_every_partition_is_read_as_far(bench: Workbench, settings: ServiceSettings) -> None:
    await write(settings, 0, 3)
    await write(settings, 1, 2)
    await bench.deliver(order(line()))
    look = ListingsRead(settings, bench.engine, GROUP, 2)
    await look.step()
    await read_up_to(settings, p0=3, p1=1)
    await look.step()
    assert await held(bench) == 1
    await write(settings, 0, 4)
    await read_up_to(settings, p1=2)
    await look.step()
    assert await held(bench) == 0


async def test_a_new_process_does_not_let_go_early(bench: Workbench, settings: ServiceSettings) -> None:
    await write(settings, 0, 1)
    await bench.deliver(order(line()))
    await ListingsRead(settings, bench.engine, GROUP, 2).step()
    await ListingsRead(settings, bench.engine, GROUP, 2).step()
    assert await held(bench) == 1
    await read_up_to(settings, p0=1)
    await ListingsRead(settings, bench.engine, GROUP, 2).step()
    assert await held(bench) == 0


async def test_an_order_that_misses_a_second_listing_holds_again(bench: Workbench, settings: ServiceSettings) -> None:
    await bench.deliver(order(line()))
    await ListingsRead(settings, bench.engine, GROUP, 2).step()
    assert await held(bench) == 0
    await bench.deliver(order(line(), at=1))
    assert await held(bench) == 0
    await bench.deliver(order(line(), line("2", "X-2"), at=2))
    assert await held(bench) == 1
    await bench.deliver(listing("SKU-2", "X-2"))
    assert await held(bench) == 1
    await bench.deliver(listing())
    assert await held(bench) == 0


async def test_a_hold_that_began_anew_meanwhile_stays(bench: Workbench) -> None:
    await bench.deliver(order(line()))
    async with bench.engine.begin() as connection:
        [(name, since)] = await waiting(connection)
        await let_go(connection, [(name, since - dt.timedelta(seconds=1))])
    assert await held(bench) == 1


async def test_a_mapped_order_does_not_hold(bench: Workbench) -> None:
    await bench.deliver(listing(), order(line()))
    assert await held(bench) == 0
