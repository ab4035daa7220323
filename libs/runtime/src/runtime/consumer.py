"""The service's consumer: batches from Kafka to the processor, offsets committed after the transaction."""

import asyncio
import dataclasses as dc
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from contracts import dead_letter_topic
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from runtime.backoff import delay
from runtime.drain import Drain
from runtime.errors import is_transient, one_line
from runtime.fuse import FuseBlownError
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
_SILENT_SECONDS = 10.0
"""Kafka answers a fetch within half a second, records or not; so long without an answer makes the service not ready."""
_COMMIT_SECONDS = 12.0
"""A little more than one request may take, so that one lost answer is made up for."""
_GRACE_SECONDS = 20.0
"""How long a stop waits for the batch in work before it is cancelled, and so rolled back."""
_FUSE_SECONDS = 60.0
"""How long a blown fuse rests before one batch is tried again, well below Kafka's max_poll_interval too."""

_log = get_logger(__name__)


class ConsumerDiedError(Exception):
    """The consumer's loop ended by itself. What it had fetched is not committed: a new process fetches it again."""


class BatchConsumer:
    """One consumer of all the service's topics. At least once: a batch is committed to Kafka after the database."""

    def __init__(
        self,
        settings: ServiceSettings,
        group: str,
        topics: Sequence[str],
        processor: Processor,
        *,
        fuse_seconds: float = _FUSE_SECONDS,
    ) -> None:
        self._prefix = settings.kafka_topic_prefix
        self._group = group
        self._topics = tuple(topics)
        self._processor = processor
        self._fuse_seconds = fuse_seconds
        self._drain = Drain(self._forget)
        self._loop: asyncio.Task[Any] | None = None
        self._stopping = False
        self._busy_since: float | None = None
        self._free_at = 0.0
        self._unanswered_at = 0.0
        self._trouble: str | None = None
        self._troubled: frozenset[TopicPartition] = frozenset()
        self._next: dict[TopicPartition, int] = {}
        """The first offset that is not committed yet, where it is known."""
        self._broker = KafkaBroker(
            settings.kafka_bootstrap_servers,
            client_id=group,
            logger=None,
            apply_types=False,
            allow_auto_create_topics=False,
            graceful_timeout=_GRACE_SECONDS + 2,
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

    async def start(self) -> asyncio.Task[None]:
        """Join the group. The task ends when the consumer was stopped.

        Await it: it raises ConsumerDiedError when the consumer's loop ends by itself, and then nothing is consumed.
        """
        await self._broker.start()
        # FastStream would start a loop that failed anew at once, behind what the failed one had fetched: that would be
        # lost with the next commit. It starts only what is in its list.
        self._loop = self._subscriber.tasks[0]
        self._subscriber.tasks.clear()
        return asyncio.create_task(self._outlive(self._loop), name="consumer")

    async def stop(self) -> None:
        """Let the batch in work end (at most 20 s), then leave the group."""
        self._stopping = True
        self._drain.wanted.set()
        if self._loop is None:
            await self._broker.stop()
            return
        # Before the group is left: else somebody else would handle the same records at the same time.
        out_of_patience = asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._loop.cancel)
        try:
            await self._broker.stop()
        finally:
            out_of_patience.cancel()
            self._loop.cancel()
            await asyncio.wait([self._loop])

    async def _outlive(self, loop: asyncio.Task[Any]) -> None:
        await asyncio.wait([loop])
        if self._stopping:
            return
        error = None if loop.cancelled() else loop.exception()
        self._trouble = one_line(error) if error else "its loop ended"
        _log.error("the consumer has stopped", error=self._trouble)
        raise ConsumerDiedError(f"the consumer has stopped: {self._trouble}") from error

    async def check(self) -> Check:
        """Whether records are being consumed: the loop lives, Kafka answers it, no batch is stuck."""
        consumer = self._subscriber.consumer
        self._measure_lag()
        if not self._subscriber.running or consumer is None or self._loop is None or self._loop.done():
            return Check(ok=False, detail=": ".join(filter(None, ("the consumer has stopped", self._trouble))))
        if self._busy_since is not None and time.monotonic() - self._busy_since > _STUCK_SECONDS:
            return Check(ok=False, detail=f"a batch has been in work for over {_STUCK_SECONDS:.0f} s")
        assigned = consumer.assignment()
        if self._trouble and not self._troubled.isdisjoint(assigned):
            return Check(ok=False, detail=self._trouble)
        if not assigned:
            return Check(ok=False, detail="no partitions assigned yet")
        if silence := self._silence(_newest(consumer.last_poll_timestamp(partition) for partition in assigned)):
            return Check(ok=False, detail=f"Kafka has not answered {silence}")
        return Check(ok=True, detail=f"{len(assigned)} partitions")

    def _silence(self, answered: float) -> str | None:
        """What Kafka left unanswered. `answered`: when it last answered a fetch, on the wall clock."""
        if self._unanswered_at > answered:
            return f"a commit for {_COMMIT_SECONDS:.0f} s"
        silent = time.time() - max(answered, self._free_at, self._drain.assigned_at)
        if self._busy_since is None and silent > _SILENT_SECONDS:
            return f"this consumer for {silent:.0f} s"
        return None

    async def _parse(self, raw: tuple[Any, ...], original: Callable[[Any], Awaitable[Any]]) -> Any:  # noqa: ANN401
        """FastStream's own parser fails on odd headers and would lose the whole batch: it gets to see none."""
        message = await original(tuple(dc.replace(record, headers=()) for record in raw))
        message.body = [from_kafka(record, self._prefix) for record in raw]
        return message

    async def _handle(self, records: list[Record]) -> None:
        async with self._drain.busy():
            self._busy_since = time.monotonic()
            self._troubled = frozenset(map(self._partition, records))
            done = 0
            try:
                with structlog.contextvars.bound_contextvars(**self._place(records)):
                    done = await self._work_off(records)
                    await self._commit(records[:done])
            finally:
                self._rewind(records[done:])
                self._free_at = time.time()
                self._busy_since = None

    async def _work_off(self, records: list[Record]) -> int:
        """Process with retries. How many are done; the others are given up for now, to be fetched again."""
        started = time.monotonic()
        attempt = 0
        while True:
            try:
                await self._processor.process(records)
            except FuseBlownError as blown:
                await self._commit(records[: blown.kept])
                await self._rest(blown)
                return blown.kept
            except Exception as error:  # noqa: BLE001 - whatever it is, the records must stay: they are fetched again
                attempt += 1
                self._trouble = f"retrying a batch: {one_line(error)}"
                report = _log.warning if is_transient(error) else _log.exception
                report("batch failed, will retry", attempt=attempt, records=len(records), error=one_line(error))
                if await self._is_called_off(delay(attempt)) or time.monotonic() - started > _PATIENCE_SECONDS:
                    return 0
            else:
                self._trouble = None
                return len(records)

    async def _rest(self, blown: FuseBlownError) -> None:
        """Take nothing for a while, and say so."""
        letters = dead_letter_topic(blown.topic, self._group)
        self._trouble = (
            f"dead-letter fuse: {blown}, nothing more is taken. Read why in {letters} and mend the producer or this "
            f"service; a batch is tried every {self._fuse_seconds:g} s. DEAD_LETTER_FUSE=0 takes the fuse out"
        )
        _log.error("dead-letter fuse has blown", topic=blown.topic, limit=blown.limit, dead_letters=letters)
        await self._is_called_off(self._fuse_seconds)

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
        if not offsets:
            return
        try:
            async with asyncio.timeout(_COMMIT_SECONDS):  # aiokafka would try for as long as the broker is stuck
                await self._consumer.commit(offsets)
            self._next.update(offsets)
        except TimeoutError:
            self._unanswered_at = time.time()
            _log.warning("offsets not committed", error=f"no answer within {_COMMIT_SECONDS:.0f} s")
        except KafkaError as error:
            # The work is kept; after a rebalance the records come again and are recognised.
            _log.warning("offsets not committed", error=one_line(error))

    def _rewind(self, records: list[Record]) -> None:
        if self._consumer is None:  # stopped meanwhile: who starts next begins at the committed offset
            return
        for record in reversed(records):
            with suppress(IllegalStateError):  # no longer ours: its new owner starts at the committed offset
                self._consumer.seek(self._partition(record), record.offset)

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


def _newest(polls: Iterable[int | None]) -> float:
    """When Kafka last answered a fetch, on the wall clock as aiokafka has it (its milliseconds); 0: not yet."""
    return max((poll / 1000 for poll in polls if poll is not None), default=0.0)
