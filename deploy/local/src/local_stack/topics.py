"""Creates topics, and tells when a Kafka answers."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from local_stack.errors import StackError

_REQUEST_TIMEOUT_S = 30
_RETRY_S = 0.2
_KEEP_FOR_EVER_MS = -1


class TopicSpec(Protocol):
    """What a topic must be; `retention_ms` None keeps its records for ever."""

    @property
    def name(self) -> str: ...
    @property
    def partitions(self) -> int: ...
    @property
    def retention_ms(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class PlainTopic:
    """A topic that is in no table (tests)."""

    name: str
    partitions: int
    retention_ms: int | None = None


async def create_topics(bootstrap_servers: str, topics: Iterable[TopicSpec], *, timeout_s: float = 60.0) -> None:
    """
    Create what does not exist yet. Waits for a Kafka that is still starting.

    Raises:
        StackError: Kafka does not answer within `timeout_s`, refuses a topic, or has one with too few partitions.
    """
    wanted = list(topics)
    last = "no answer"
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    await _create(bootstrap_servers, wanted)
                except KafkaError as error:
                    if not error.retriable:
                        raise
                    last = str(error)
                    await asyncio.sleep(_RETRY_S)
                else:
                    return
    except TimeoutError:
        raise StackError(
            f"Kafka at {bootstrap_servers} did not create the topics in {timeout_s:.0f} s: {last}"
        ) from None
    except KafkaError as error:
        raise StackError(f"Kafka at {bootstrap_servers} refuses the topics: {error}") from error


async def _create(bootstrap_servers: str, topics: Sequence[TopicSpec]) -> None:
    async with _admin(bootstrap_servers) as admin:
        answer = await admin.create_topics([_new_topic(topic) for topic in topics])
        for name, code, *message in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise error(f"{name}: {message[0] if message else error.__name__}")
        _check_partitions(await admin.describe_topics([topic.name for topic in topics]), topics)


def _new_topic(topic: TopicSpec) -> NewTopic:
    retention = _KEEP_FOR_EVER_MS if topic.retention_ms is None else topic.retention_ms
    return NewTopic(topic.name, topic.partitions, 1, topic_configs={"retention.ms": str(retention)})


def _check_partitions(described: Sequence[dict[str, Any]], topics: Sequence[TopicSpec]) -> None:
    """A topic that was created just now may still be without a leader, or not be known yet: that is worth a retry."""
    found = {each["topic"]: each for each in described}
    for topic in topics:
        each = found[topic.name]
        if each["error_code"]:
            raise for_code(each["error_code"])(topic.name)
        if len(each["partitions"]) < topic.partitions:
            raise StackError(
                f"topic {topic.name} has {len(each['partitions'])} partitions, {topic.partitions} are needed: "
                "delete the topic, for more partitions would move its keys (`python -m local_stack down --purge` does)"
            )


@asynccontextmanager
async def _admin(bootstrap_servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=_REQUEST_TIMEOUT_S * 1000)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def answers(bootstrap_servers: str) -> bool:
    """Whether a Kafka that can serve clients is there: one broker at least, and a controller."""
    try:
        async with asyncio.timeout(_REQUEST_TIMEOUT_S), _admin(bootstrap_servers) as admin:
            cluster = await admin.describe_cluster()
    except (KafkaError, TimeoutError):
        return False
    return bool(cluster["brokers"])
