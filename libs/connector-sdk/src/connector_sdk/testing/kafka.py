"""Topics of one's own on a shared broker: what a connector's process reads and writes."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from contracts import AnyEvent, parse, partition_counts

CreateTopics = Callable[[Mapping[str, int]], Awaitable[None]]


class Topics:
    """All topics, under a prefix that nobody else uses. Opened by `open_topics`."""

    def __init__(self, prefix: str, producer: Any, bootstrap_servers: str) -> None:  # noqa: ANN401 - aiokafka is untyped
        self.prefix = prefix
        self._producer = producer
        self._bootstrap_servers = bootstrap_servers

    async def send(self, topic: str, event: AnyEvent) -> None:
        """Returns once the broker has it."""
        key = event.subject.encode() if event.subject is not None else None
        await self._producer.send_and_wait(self.prefix + topic, event.to_bytes(), key=key)

    async def send_all(self, topic: str, events: Sequence[AnyEvent]) -> None:
        """Returns once the broker has them all; those of one key in their order."""
        sent = []
        for event in events:
            key = event.subject.encode() if event.subject is not None else None
            sent.append(await self._producer.send(self.prefix + topic, event.to_bytes(), key=key))
        await asyncio.gather(*sent)

    async def first(self, topic: str) -> AnyEvent:
        """Wait for the topic's first event that is about something: watermarks have no subject."""
        async with contextlib.aclosing(self.events(topic)) as events:
            async for event in events:
                if event.subject is not None:
                    return event
        raise AssertionError("a topic's events do not end")

    async def events(self, topic: str) -> AsyncGenerator[AnyEvent, None]:
        """The topic's events from its beginning, those to come too."""
        consumer = AIOKafkaConsumer(
            self.prefix + topic, bootstrap_servers=self._bootstrap_servers, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            while True:
                yield parse(topic, (await consumer.getone()).value)
        finally:
            await consumer.stop()


@contextlib.asynccontextmanager
async def open_topics(bootstrap_servers: str, create_topics: CreateTopics) -> AsyncIterator[Topics]:
    """Create every topic of the contracts."""
    prefix = f"test-{uuid.uuid4().hex[:12]}."
    await create_topics({prefix + topic: count for topic, count in partition_counts().items()})
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers)
    await producer.start()
    try:
        yield Topics(prefix, producer, bootstrap_servers)
    finally:
        await producer.stop()
