"""A small service of a test's own: schema, topics and group that nobody else has."""

import asyncio
import dataclasses as dc
from collections.abc import Sequence
from typing import Any, Self

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from contracts import StockChanged
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from runtime.consumer import BatchConsumer
from runtime.processor import Handler, Processor, Route
from runtime.settings import ServiceSettings
from runtime.work import Worker

GROUP = "inventory"
SCHEMA = "inventory"
TOPIC = "stock.changed"


@dc.dataclass
class Lab:
    """`effects` is what handlers wrote; the topics carry a prefix of this test's own."""

    settings: ServiceSettings
    engine: AsyncEngine
    worker: Worker
    producer: Any

    def consumer(self, handler: Handler, *, inbox: bool = True, fuse_seconds: float = 60.0) -> BatchConsumer:
        routes = [Route(TOPIC, StockChanged, handler, inbox=inbox)]
        processor = Processor(routes, self.worker, dead_letter_fuse=self.settings.dead_letter_fuse)
        return BatchConsumer(self.settings, GROUP, [TOPIC], processor, fuse_seconds=fuse_seconds)

    def configured(self, **settings: Any) -> Self:  # noqa: ANN401 - any field of the settings
        """The same lab with other settings."""
        return dc.replace(self, settings=self.settings.model_copy(update=settings))

    async def send(self, value: bytes, *, key: bytes = b"k", headers: Sequence[tuple[str, bytes | None]] = ()) -> None:
        topic = self.settings.kafka_topic_prefix + TOPIC
        await self.producer.send_and_wait(topic, value, key=key, headers=list(headers))

    async def committed(self) -> int:
        """How many records the group is past, over all partitions."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.kafka_bootstrap_servers)
        try:
            await admin.start()
            offsets = await admin.list_consumer_group_offsets(self.settings.kafka_topic_prefix + GROUP)
        finally:
            await admin.close()
        return sum(max(found.offset, 0) for found in offsets.values())

    async def effects(self) -> list[str]:
        """The event ids that had an effect, in order."""
        async with self.engine.connect() as connection:
            return list((await connection.execute(text("select event_id from effects order by id"))).scalars())

    async def execute(self, statement: str) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text(statement))

    async def outbox(self) -> list[Any]:
        async with self.engine.connect() as connection:
            return list((await connection.execute(text("select * from outbox order by id"))).mappings())

    async def read(self, topic: str, count: int, *, seconds: float = 20) -> list[Any]:
        """The first `count` records of a topic, oldest first within each partition."""
        consumer = AIOKafkaConsumer(
            self.settings.kafka_topic_prefix + topic,
            bootstrap_servers=self.settings.kafka_bootstrap_servers,
            auto_offset_reset="earliest",
            group_id=None,
        )
        await consumer.start()
        found: list[Any] = []
        try:
            async with asyncio.timeout(seconds):
                while len(found) < count:
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        found.extend(records)
        finally:
            await consumer.stop()
        return found
