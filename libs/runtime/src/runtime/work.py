"""One unit of work: a transaction, what it publishes and what it sets aside."""

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

import structlog
from contracts import AnyEvent, Payload, event_class, topic_of
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from runtime import inbox
from runtime.clock import Clock
from runtime.dead_letter import dead_letter
from runtime.logs import get_logger
from runtime.measurements import Series
from runtime.metrics import RECORDS_DEAD_LETTERED, Metric
from runtime.outbox import Outbox, OutboxRow
from runtime.records import Delivery, Record
from runtime.telemetry import Telemetry
from runtime.tracing import current_traceparent

CONTENT_TYPE = {"content-type": "application/cloudevents+json; charset=UTF-8"}

_log = get_logger(__name__)


class Work:
    """What a handler works with. It never commits: whoever opened the work does, once, at the end."""

    def __init__(
        self,
        connection: AsyncConnection,
        *,
        group: str,
        source: str,
        now: dt.datetime,
        partitions: Mapping[str, int] | None = None,
    ) -> None:
        """`partitions` of every topic by name, for what goes to each of them."""
        self.connection = connection
        self.now = now
        self._group = group
        self._source = source
        self._partitions = partitions or {}
        self._rows: list[OutboxRow] = []
        self._dead_letters: list[tuple[Record, str]] = []
        self._rejected_ids: list[str] = []
        self._set_aside: set[tuple[str, int, int]] = set()
        self._counts: Counter[Series] = Counter()
        self._traceparents: dict[str, str] = {}

    def follow(self, traceparents: Mapping[str, str]) -> None:
        """The spans in which events are handled, by event id: what these events cause goes below them."""
        self._traceparents.update(traceparents)

    def publish(
        self,
        data: Payload,
        *,
        cause: AnyEvent | None = None,
        event_id: str | None = None,
        happened_at: dt.datetime | None = None,
    ) -> AnyEvent:
        """Send `data` to its topic when the work commits; `cause` is the event that led to it.

        Give an `event_id` where the same fact may be found twice, so that consumers recognise it, and `happened_at`
        where it did not happen now.
        """
        event = self._wrap(data, cause, event_id, happened_at)
        key = event.subject.encode() if event.subject is not None else None
        self._rows.append(OutboxRow(topic_of(type(data)), key, event.to_bytes(), CONTENT_TYPE))
        return event

    def broadcast(self, data: Payload, topic: str, *, cause: AnyEvent | None = None) -> AnyEvent:
        """Send `data` to every partition of `topic`, in each behind what was written for that partition before.

        It overtakes nothing there, since a partition's rows are relayed in the order of their ids.
        """
        event = self._wrap(data, cause)
        value = event.to_bytes()
        for partition in range(self._partitions[topic]):
            self._rows.append(OutboxRow(topic, None, value, CONTENT_TYPE, partition))
        return event

    def _wrap(
        self,
        data: Payload,
        cause: AnyEvent | None,
        event_id: str | None = None,
        happened_at: dt.datetime | None = None,
    ) -> AnyEvent:
        event: AnyEvent = event_class(type(data)).wrap(
            data,
            source=self._source,
            time=happened_at or self.now,
            event_id=event_id,
            correlation_id=correlation_of(cause) if cause else None,
            causation_id=cause.id if cause else None,
            traceparent=self.traceparent_of(cause),
        )
        return event

    def reject(self, delivery: Delivery[Any], reason: str, detail: str) -> None:
        """Set this one record aside as a dead letter; the rest of the batch goes on."""
        self._rejected_ids.append(delivery.event.id)
        with structlog.contextvars.bound_contextvars(correlation_id=correlation_of(delivery.event)):
            self.set_aside(delivery.record, reason, detail)

    def set_aside(self, record: Record, reason: str, detail: str) -> None:
        """Make a dead letter of a record that could not even be read."""
        _log.warning(
            "dead letter",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=reason,
            detail=detail,
        )
        self._set_aside.add((record.topic, record.partition, record.offset))
        self._dead_letters.append((record, reason))
        self._rows.append(dead_letter(record, self._group, reason, detail, self.now))
        self.count(RECORDS_DEAD_LETTERED, topic=record.topic, reason=reason)

    def count(self, metric: Metric, amount: int = 1, **labels: str) -> None:
        """Count when the work commits: work that is undone and tried again counts once."""
        self._counts[metric, tuple(labels.items())] += amount

    @property
    def counts(self) -> Mapping[Series, int]:
        """What will be counted."""
        return self._counts

    @property
    def dead_letters(self) -> tuple[tuple[Record, str], ...]:
        """The records that were set aside, each with its reason."""
        return tuple(self._dead_letters)

    def is_set_aside(self, record: Record) -> bool:
        """Whether this work makes a dead letter of `record`."""
        return (record.topic, record.partition, record.offset) in self._set_aside

    @property
    def rows(self) -> tuple[OutboxRow, ...]:
        """What will go to the outbox, in order."""
        return tuple(self._rows)

    async def flush(self, outbox: Outbox, *, forget_rejected: bool) -> None:
        """Write what was published and set aside; the last statement before the commit, so that ids are taken late."""
        if forget_rejected:
            await inbox.release(self.connection, self._rejected_ids)
        await outbox.add(self.connection, self._rows)

    def traceparent_of(self, cause: AnyEvent | None) -> str | None:
        """The span below which what `cause` leads to belongs."""
        if cause is None:
            return current_traceparent()
        return self._traceparents.get(cause.id) or cause.traceparent or current_traceparent()


def correlation_of(event: AnyEvent) -> str:
    """The id of the event's first cause, which may be itself."""
    return event.correlationid or event.id


class Worker:
    """Opens units of work for one service."""

    def __init__(
        self, engine: AsyncEngine, outbox: Outbox, *, group: str, clock: Clock, telemetry: Telemetry | None = None
    ) -> None:
        self._engine = engine
        self._outbox = outbox
        self._clock = clock
        self.group = group
        self.telemetry = telemetry or Telemetry()

    @contextlib.asynccontextmanager
    async def begin(self, *, has_inbox: bool = False) -> AsyncIterator[Work]:
        """A transaction that commits state, inbox and outbox together at the end of the block, or nothing of it."""
        async with self._engine.begin() as connection:
            work = Work(
                connection,
                group=self.group,
                source=f"/{self.group}",
                now=self._clock(),
                partitions=self._outbox.partitions,
            )
            yield work
            await work.flush(self._outbox, forget_rejected=has_inbox)
        for (metric, labels), amount in work.counts.items():
            self.telemetry.measurements.count(metric, amount, **dict(labels))
