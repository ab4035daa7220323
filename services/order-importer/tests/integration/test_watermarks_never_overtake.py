"""With any number of partitions and of importers that come and go, no watermark overtakes a sale that it speaks of."""

import asyncio
import datetime as dt
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from contracts import CloudEvent, OrdersWatermark, Payload, StockChanged, parse, partition_counts
from order_importer.main import MIGRATIONS, ORDERS
from order_importer.testing.replicas import Replica
from order_importer.testing.samples import NOON, line, listing, minutes_later, order
from order_importer.testing.workbench import SCHEMA
from pydantic import PostgresDsn, SecretStr
from runtime.database import create_engine
from runtime.migrations import upgrade
from runtime.relay import Relay
from runtime.settings import ServiceSettings
from sqlalchemy import text

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

SALES = "stock.changed"
ROUNDS = 12
ORDERS_A_ROUND = 15
SKUS = [f"SKU-{number}" for number in range(10)]
CreateTopics = Callable[[Mapping[str, int]], Awaitable[None]]


@pytest.fixture
async def settings(database_url: str, bootstrap_servers: str) -> ServiceSettings:
    engine = create_engine(database_url, SCHEMA)
    await upgrade(engine, SCHEMA, MIGRATIONS)
    await engine.dispose()
    return ServiceSettings(
        kafka_bootstrap_servers=bootstrap_servers,
        kafka_topic_prefix=f"w{uuid.uuid4().hex[:8]}.",
        database_url=PostgresDsn(database_url),
        api_key=SecretStr("k"),
        port=1,
    )


class Connector:
    """Publishes listings, then rounds of orders, each followed by its watermark in every partition."""

    def __init__(self, producer: Any, settings: ServiceSettings, partitions: int) -> None:  # noqa: ANN401 - untyped
        self._producer = producer
        self._prefix = settings.kafka_topic_prefix
        self._partitions = partitions
        self._number = 0

    async def list_everything(self) -> None:
        for sku in SKUS:
            await self.send("listing.changed", listing(sku, f"X-{sku}"))
        await self._producer.flush()

    async def list_and_sell_a_round(self) -> None:
        """Every order is of a listing that was told right before it, among many that are not sold."""
        for number in range(self._number + 1, self._number + 1 + ORDERS_A_ROUND):
            for other in range(40):
                await self.send("listing.changed", listing(f"UNSOLD-{number}-{other}", f"Y-{number}-{other}"))
            await self.send("listing.changed", listing(f"NEW-{number}", f"X-NEW-{number}"))
        await self._producer.flush()
        await self._sell([f"X-NEW-{self._number + 1 + number}" for number in range(ORDERS_A_ROUND)])

    async def sell_a_round(self) -> None:
        numbers = range(self._number + 1, self._number + 1 + ORDERS_A_ROUND)
        await self._sell([f"X-{SKUS[number % len(SKUS)]}" for number in numbers])

    async def _sell(self, external_skus: Sequence[str]) -> None:
        for external_sku in external_skus:
            self._number += 1
            sold = line("1", external_sku)
            placed = minutes_later(self._number)
            await self.send(
                ORDERS,
                order(sold, external_order_id=f"A-{self._number}", placed_at=placed, updated_at=placed),
            )
        await self._producer.flush()
        watermark = OrdersWatermark(channel="amazon", known_until=minutes_later(self._number))
        for partition in range(self._partitions):
            await self.send(ORDERS, watermark, partition)
        await self._producer.flush()

    async def send(self, topic: str, data: Payload, partition: int | None = None) -> None:
        event = CloudEvent.wrap(data, source="/amazon-connector", time=NOON)
        key = data.subject.encode() if data.subject else None
        await self._producer.send(self._prefix + topic, event.to_bytes(), key=key, partition=partition)


def overtaken(records: Sequence[tuple[int, Payload]]) -> list[str]:
    """The sales that come, in their own partition, behind a watermark that speaks of them. `records` are in order."""
    known: dict[int, dt.datetime] = {}
    seen: set[str] = set()
    found = []
    for partition, data in records:
        if isinstance(data, OrdersWatermark):
            known[partition] = max(data.known_until, known.get(partition, data.known_until))
        elif isinstance(data, StockChanged) and data.reference not in seen:
            # What a relay that died had sent already comes a second time; the first one counts.
            seen.add(data.reference or "")
            if data.placed_at and partition in known and data.placed_at <= known[partition]:
                found.append(f"{data.reference} behind {known[partition]}")
    return found


Records = list[tuple[int, Payload]]
"""Partition and data, in order within each partition."""


async def read_sales(settings: ServiceSettings, is_enough: Callable[[Records], bool]) -> Records:
    """`stock.changed` from its start, until there is enough of it."""
    consumer = AIOKafkaConsumer(
        settings.kafka_topic_prefix + SALES,
        bootstrap_servers=settings.kafka_bootstrap_servers,
        auto_offset_reset="earliest",
        group_id=None,
    )
    await consumer.start()
    found: Records = []
    deadline = time.monotonic() + 90
    try:
        while not is_enough(found):
            assert time.monotonic() < deadline, f"only {len(found)} records came"
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                found.extend((place.partition, parse(SALES, record.value).data) for record in records)
    finally:
        await consumer.stop()
    return found


def has_watermark(known_until: dt.datetime, partitions: int) -> Callable[[Records], bool]:
    """Whether this watermark has come in every partition."""

    def check(records: Records) -> bool:
        told = {p for p, data in records if isinstance(data, OrdersWatermark) and data.known_until == known_until}
        return len(told) == partitions

    return check


async def until_nothing_waits(settings: ServiceSettings) -> None:
    """Every order is stored, and no unmapped one holds a watermark."""
    engine = create_engine(settings.database_url, SCHEMA)
    deadline = time.monotonic() + 60
    found: tuple[int, ...] = ()
    while found != (ROUNDS * ORDERS_A_ROUND, 0, 0):
        assert time.monotonic() < deadline, f"orders, parked, holds: {found}"
        await asyncio.sleep(0.2)
        async with engine.connect() as connection:
            row = (
                await connection.execute(
                    text("""
                        select (select count(*) from orders), (select count(*) from orders where parked),
                            (select count(*) from watermark_holds)""")
                )
            ).one()
        found = tuple(row)
    await engine.dispose()


def sales(records: Records) -> set[str | None]:
    return {data.reference for _, data in records if isinstance(data, StockChanged)}


@pytest.mark.parametrize(("partitions", "replicas"), [(1, 1), (2, 2), (3, 3), (4, 1), (5, 2), (6, 3)])
async def test_no_watermark_overtakes_a_sale(
    settings: ServiceSettings, create_topics: CreateTopics, partitions: int, replicas: int
) -> None:
    counts = partition_counts() | {ORDERS: partitions, SALES: partitions}
    wanted = ("listing.changed", ORDERS, SALES, "order.imported", "order.changed")
    await create_topics({settings.kafka_topic_prefix + topic: counts[topic] for topic in wanted})
    chance = random.Random(partitions * 10 + replicas)  # noqa: S311 - a repeatable disorder
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await producer.start()
    running = [await Replica.start(settings, counts) for _ in range(replicas)]
    try:
        connector = Connector(producer, settings, partitions)
        await connector.list_everything()
        for number in range(ROUNDS):
            await connector.sell_a_round()
            if number % 3 == 1:
                leaving = running.pop(chance.randrange(len(running)))
                await (leaving.crash() if chance.random() < 0.5 else leaving.stop())
                running.append(await Replica.start(settings, counts))
        last = minutes_later(ROUNDS * ORDERS_A_ROUND)
        records = await read_sales(settings, has_watermark(last, partitions))
    finally:
        await producer.stop()
        await asyncio.gather(*(replica.stop() for replica in running))
    assert sales(records) == {f"A-{number}" for number in range(1, ROUNDS * ORDERS_A_ROUND + 1)}
    assert overtaken(records) == []


async def test_no_watermark_overtakes_a_sale_whose_listing_is_still_to_be_read(
    settings: ServiceSettings, create_topics: CreateTopics
) -> None:
    """Listings were in Kafka before their orders, but nothing says which of the two topics is read first."""
    counts = partition_counts() | {ORDERS: 3, SALES: 3}
    wanted = ("listing.changed", ORDERS, SALES, "order.imported", "order.changed")
    await create_topics({settings.kafka_topic_prefix + topic: counts[topic] for topic in wanted})
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await producer.start()
    connector = Connector(producer, settings, 3)
    for _ in range(ROUNDS):
        await connector.list_and_sell_a_round()
    running = [await Replica.start(settings, counts) for _ in range(2)]
    last = minutes_later(ROUNDS * ORDERS_A_ROUND)
    try:
        await until_nothing_waits(settings)
        watermark = OrdersWatermark(channel="amazon", known_until=last)
        for partition in range(3):
            await connector.send(ORDERS, watermark, partition)
        records = await read_sales(settings, has_watermark(last, 3))
    finally:
        await producer.stop()
        await asyncio.gather(*(replica.stop() for replica in running))
    assert sales(records) == {f"A-{number}" for number in range(1, ROUNDS * ORDERS_A_ROUND + 1)}
    assert overtaken(records) == []


async def test_slots_by_key_would_be_caught(settings: ServiceSettings, create_topics: CreateTopics) -> None:
    """The plant: two relays that share the rows out by a hash of the key, one of them slow."""
    counts = partition_counts() | {ORDERS: 2, SALES: 2}
    wanted = ("listing.changed", ORDERS, SALES, "order.imported", "order.changed")
    await create_topics({settings.kafka_topic_prefix + topic: counts[topic] for topic in wanted})
    engine = create_engine(settings.database_url, SCHEMA)
    async with engine.begin() as connection:
        await connection.execute(
            text("""
                create function slot_by_key() returns trigger language plpgsql as $$
                begin new.slot := case when new.key is null then 1 else 0 end; return new; end $$""")
        )
        await connection.execute(
            text("create trigger planted before insert on outbox for each row execute function slot_by_key()")
        )
    quick, slow = Relay(settings, SCHEMA, counts), Relay(settings, SCHEMA, counts)
    quick._slots, slow._slots = frozenset({1}), frozenset({0})
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await producer.start()
    replica = await Replica.start(settings, counts)
    replica.relay.stop()
    await replica.relaying
    connector = Connector(producer, settings, 2)
    await connector.list_everything()
    await connector.sell_a_round()
    hurrying = asyncio.create_task(quick.run())
    await read_sales(settings, has_watermark(minutes_later(ORDERS_A_ROUND), 2))
    quick.stop()
    await hurrying
    slow.stop()
    await slow.run()
    records = await read_sales(settings, lambda found: len(sales(found)) == ORDERS_A_ROUND)
    await producer.stop()
    await replica.stop()
    await engine.dispose()
    assert overtaken(records) != []
