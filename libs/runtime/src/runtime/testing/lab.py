"""A small service of a test's own: schema, topics and group that nobody else has."""

import asyncio
import dataclasses as dc
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer
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

    def consumer(self, handler: Handler, *, inbox: bool = True) -> BatchConsumer:
        processor = Processor([Route(TOPIC, StockChanged, handler, inbox=inbox)], self.worker)
        return BatchConsumer(self.settings, GROUP, [TOPIC], processor)

    async def send(self, value: bytes, *, key: bytes = b"k", headers: Sequence[tuple[str, bytes | None]] = ()) -> None:
        topic = self.settings.kafka_topic_prefix + TOPIC
        await self.producer.send_and_wait(topic, value, key=key, headers=list(headers))

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
