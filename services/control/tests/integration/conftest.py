import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from contracts import partition_counts
from control.testing.topics import OwnTopics

CreateTopics = Callable[[Mapping[str, int]], Awaitable[None]]


@pytest.fixture
async def topics(bootstrap_servers: str, create_topics: CreateTopics, tmp_path: Path) -> AsyncIterator[OwnTopics]:
    """The topics of `stock.changed` and its dead letters, under a prefix that nobody else has."""
    prefix = f"t{uuid.uuid4().hex[:8]}."
    await create_topics({prefix + name: n for name, n in partition_counts().items() if name.startswith("stock.")})
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers)
    await producer.start()
    try:
        yield OwnTopics(bootstrap_servers, prefix, producer, tmp_path)
    finally:
        await producer.stop()
