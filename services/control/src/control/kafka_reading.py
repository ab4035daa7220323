"""Reading ranges of Kafka topics as they are, outside any consumer group."""

import asyncio
import contextlib
import dataclasses as dc
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError

from control.running import ProblemError, required

_PATIENCE_SECONDS = 30.0
_BATCH_RECORDS = 500


@dc.dataclass(frozen=True, slots=True)
class Cluster:
    """Where Kafka answers, and what stands before every topic and group name."""

    bootstrap_servers: str
    prefix: str = ""

    @classmethod
    def named_by(cls, environment: Mapping[str, str]) -> "Cluster":
        """The cluster that KAFKA_BOOTSTRAP_SERVERS and KAFKA_TOPIC_PREFIX name.

        Raises:
            WrongUseError: KAFKA_BOOTSTRAP_SERVERS is missing.
        """
        servers = required(environment, "KAFKA_BOOTSTRAP_SERVERS")
        return cls(servers, environment.get("KAFKA_TOPIC_PREFIX", "").strip())


Range = tuple[int, int]
"""First offset, and the offset after the last."""


@contextlib.asynccontextmanager
async def open_consumer(cluster: Cluster) -> AsyncIterator[Any]:
    """A consumer without a group.

    Raises:
        ProblemError: Kafka does not answer.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=10_000,
    )
    try:
        await consumer.start()
    except KafkaConnectionError:
        await consumer.stop()
        raise ProblemError(
            f"Kafka does not answer at {cluster.bootstrap_servers}: start it, or correct KAFKA_BOOTSTRAP_SERVERS"
        ) from None
    try:
        yield consumer
    finally:
        await consumer.stop()


async def partitions_of(cluster: Cluster, topics: Sequence[str]) -> list[TopicPartition]:
    """The partitions of those `topics` (with their prefix) that exist."""
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers, request_timeout_ms=10_000)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        wanted = [topic for topic in topics if topic in existing]
        described = await admin.describe_topics(wanted) if wanted else []
    finally:
        await admin.close()
    numbers = {each["topic"]: sorted(part["partition"] for part in each["partitions"]) for each in described}
    return [TopicPartition(topic, number) for topic in wanted for number in numbers[topic]]


async def read_ranges(
    consumer: Any,  # noqa: ANN401 - aiokafka is untyped
    ranges: Mapping[TopicPartition, Range],
) -> AsyncIterator[tuple[TopicPartition, list[Any]]]:
    """Batches of the records within `ranges`, each partition's in order, at most 500 in one.

    A batch may be empty: then its partition has come to its end.

    Raises:
        ProblemError: nothing came for 30 s.
    """
    ends = {place: end for place, (start, end) in ranges.items() if start < end}
    consumer.assign(list(ends))
    for place in ends:
        consumer.seek(place, ranges[place][0])
    last_progress = time.monotonic()
    while ends:
        fetched = await consumer.getmany(*ends, timeout_ms=500, max_records=_BATCH_RECORDS)
        if fetched:
            last_progress = time.monotonic()
        for place, records in fetched.items():
            yield place, [record for record in records if record.offset < ends[place]]
        for place in await _ended(consumer, ends):
            del ends[place]
        if time.monotonic() - last_progress > _PATIENCE_SECONDS:
            raise ProblemError(f"Kafka has sent nothing for {_PATIENCE_SECONDS:.0f} s: try again")


async def _ended(consumer: Any, ends: Mapping[TopicPartition, int]) -> list[TopicPartition]:  # noqa: ANN401 - see above
    positions = await asyncio.gather(*(consumer.position(place) for place in ends))
    return [place for place, position in zip(ends, positions, strict=True) if position >= ends[place]]
