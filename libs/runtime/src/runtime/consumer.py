"""The service's consumer: batches from Kafka to the processor, offsets committed after the transaction."""

import asyncio
import dataclasses as dc
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from runtime.backoff import delay
from runtime.drain import Drain
from runtime.errors import is_transient, one_line
from runtime.health import Check
from runtime.logs import get_logger
from runtime.metrics import CONSUMER_LAG
from runtime.processor import Processor
from runtime.records import Record, from_kafka
from runtime.settings import ServiceSettings

_PATIENCE_SECONDS = 60.0
"""How long one batch is retried before the consumer polls again, well below Kafka's max_poll_interval (5 min)."""
_STUCK_SECONDS = 120.0
"""A batch in work for longer than this makes the service not ready."""

_log = get_logger(__name__)


class BatchConsumer:
    """One consumer of all the service's topics. At least once: a batch is committed to Kafka after the database."""

    def __init__(self, settings: ServiceSettings, group: str, topics: Sequence[str], processor: Processor) -> None:
        self._prefix = settings.kafka_topic_prefix
        self._topics = tuple(topics)
        self._processor = processor
        self._drain = Drain(self._forget)
        self._busy_since: float | None = None
        self._last_error: str | None = None
        self._next: dict[TopicPartition, int] = {}
        """The first offset that is not committed yet, where it is known."""
        self._broker = KafkaBroker(
            settings.kafka_bootstrap_servers,
            client_id=group,
            logger=None,
            apply_types=False,
            allow_auto_create_topics=False,
            graceful_timeout=20,
            request_timeout_ms=10_000,
        )
        self._subscriber = self._broker.subscriber(
            *(self._prefix + topic for topic in topics),
            group_id=self._prefix + group,
            batch=True,
            max_records=settings.max_batch_records,
            batch_timeout_ms=50,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            listener=self._drain,
            parser=self._parse,
            decoder=_body,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            rebalance_timeout_ms=90_000,
        )
        self._subscriber(self._handle)

    async def start(self) -> None:
        await self._broker.start()

    async def stop(self) -> None:
        """Let the batch in work end (at most 20 s), then leave the group."""
        self._drain.wanted.set()
        await self._broker.stop()

    async def check(self) -> Check:
        """Whether records are being consumed: the loop lives, partitions are assigned, no batch is stuck."""
        consumer = self._subscriber.consumer
        self._measure_lag()
        if not self._subscriber.running or consumer is None or any(task.done() for task in self._subscriber.tasks):
            return Check(ok=False, detail="the consumer has stopped")
        if self._busy_since is not None and time.monotonic() - self._busy_since > _STUCK_SECONDS:
            return Check(ok=False, detail=f"a batch has been in work for over {_STUCK_SECONDS:.0f} s")
        if self._last_error:
            return Check(ok=False, detail=f"retrying a batch: {self._last_error}")
        if not consumer.assignment():
            return Check(ok=False, detail="no partitions assigned yet")
        return Check(ok=True, detail=f"{len(consumer.assignment())} partitions")

    async def _parse(self, raw: tuple[Any, ...], original: Callable[[Any], Awaitable[Any]]) -> Any:  # noqa: ANN401
        """FastStream's own parser fails on odd headers and would lose the whole batch: it gets to see none."""
        message = await original(tuple(dc.replace(record, headers=()) for record in raw))
        message.body = [from_kafka(record, self._prefix) for record in raw]
        return message

    async def _handle(self, records: list[Record]) -> None:
        async with self._drain.busy():
            self._busy_since = time.monotonic()
            try:
                with structlog.contextvars.bound_contextvars(**self._place(records)):
                    if await self._work_off(records):
                        await self._commit(records)
                    else:
                        self._rewind(records)
            except BaseException:
                self._rewind(records)
                raise
            finally:
                self._busy_since = None

    async def _work_off(self, records: list[Record]) -> bool:
        """Process with retries. False: given up for now, to be fetched again."""
        started = time.monotonic()
        attempt = 0
        while True:
            try:
                await self._processor.process(records)
            except Exception as error:  # noqa: BLE001 - whatever it is, the records must stay: they are fetched again
                attempt += 1
                self._last_error = one_line(error)
                report = _log.warning if is_transient(error) else _log.exception
                report("batch failed, will retry", attempt=attempt, records=len(records), error=self._last_error)
                if await self._is_called_off(delay(attempt)) or time.monotonic() - started > _PATIENCE_SECONDS:
                    return False
            else:
                self._last_error = None
                return True

    async def _is_called_off(self, seconds: float) -> bool:
        """Wait before the next try; true as soon as the partitions are wanted by somebody else or we stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._drain.wanted.wait()
        except TimeoutError:
            return False
        return True

    async def _commit(self, records: list[Record]) -> None:
        """Explicit offsets: a commit without them would cover records that were fetched but not yet handled."""
        offsets = {self._partition(record): record.offset + 1 for record in records}
        try:
            await self._consumer.commit(offsets)
            self._next.update(offsets)
        except KafkaError as error:
            # The work is kept; after a rebalance the records come again and are recognised.
            _log.warning("offsets not committed", error=one_line(error))

    def _rewind(self, records: list[Record]) -> None:
        for record in reversed(records):
            try:
                self._consumer.seek(self._partition(record), record.offset)
            except IllegalStateError:  # no longer ours: its new owner starts at the committed offset
                continue

    def _place(self, records: Sequence[Record]) -> dict[str, str | int]:
        """Note where a batch begins. Returns for its logs: the topics, and the partition if there is only one."""
        first = {(record.topic, record.partition): record.offset for record in reversed(records)}
        self._next.update({TopicPartition(self._prefix + topic, number): at for (topic, number), at in first.items()})
        topics: dict[str, str | int] = {"topic": ", ".join(sorted({topic for topic, _ in first}))}
        return topics if len(first) > 1 else topics | {"partition": records[0].partition}

    def _forget(self) -> None:
        """Somebody else may have gone on in the partitions that are ours again."""
        self._next.clear()

    def _measure_lag(self) -> None:
        """Without asking Kafka: each fetch says how far its partition reaches."""
        lag = dict.fromkeys(self._topics, 0)
        for partition in self._consumer.assignment() if self._consumer else ():
            end, start = self._consumer.highwater(partition), self._next.get(partition)
            if end is not None and start is not None:
                lag[partition.topic.removeprefix(self._prefix)] += max(0, end - start)
        for topic, records in lag.items():
            self._processor.measurements.set(CONSUMER_LAG, records, topic=topic)

    def _partition(self, record: Record) -> TopicPartition:
        return TopicPartition(self._prefix + record.topic, record.partition)

    @property
    def _consumer(self) -> Any:  # noqa: ANN401 - aiokafka is untyped
        return self._subscriber.consumer


async def _body(message: Any) -> Any:  # noqa: ANN401 - FastStream's decoder protocol
    return message.body
