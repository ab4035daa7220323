"""What happens to a batch of records between Kafka and the database, without Kafka."""

import contextlib
import dataclasses as dc
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from contracts import InvalidEventError, Payload, parse

from runtime import inbox
from runtime.errors import PoisonError, is_transient, one_line
from runtime.fuse import DeadLetterFuse, FuseBlownError, Outcome
from runtime.holds import Holds
from runtime.measurements import Measurements
from runtime.metrics import BATCH_RECORDS, BATCH_RETRIES, BATCH_SECONDS, RECORDS_CONSUMED, RECORDS_HANDLED
from runtime.records import Delivery, Record
from runtime.tracing import BatchTrace
from runtime.work import Work, Worker, correlation_of

Handler = Callable[[Sequence[Delivery[Any]], Work], Awaitable[None]]
"""Handles the deliveries of one route in one transaction: all of a batch at once, in partition order."""


@dc.dataclass(frozen=True, slots=True)
class Route:
    """Which payload of which topic goes to which handler.

    With `inbox`, an event id is handled once for ever. Without, the handler itself must be safe to call again with
    what it has seen, because it keeps the event id or compares versions.
    """

    topic: str
    payload: type[Payload]
    handle: Handler
    inbox: bool = False


class Processor:
    """Decodes a batch, hands it to its routes in one transaction and sets aside what can't be used."""

    def __init__(
        self, routes: Sequence[Route], worker: Worker, holds: Holds | None = None, *, dead_letter_fuse: int = 0
    ) -> None:
        """Routes are served in the order given, so that what others depend on can come first.

        `dead_letter_fuse`: how many records of a topic in a row may become dead letters; 0 sets no limit.
        """
        self._holds = holds
        self._routes = tuple(routes)
        self._worker = worker
        self._fuse = DeadLetterFuse(dead_letter_fuse)
        self._has_inbox = any(route.inbox for route in routes)

    @property
    def measurements(self) -> Measurements:
        return self._worker.telemetry.measurements

    async def process(self, records: Sequence[Record]) -> None:
        """Apply every record of the batch, once and in order.

        A failure that trying again can't help is narrowed down by halves until the record that causes it stands alone
        and becomes a dead letter.

        Raises:
            FuseBlownError: too many dead letters in a row; it says how many of the records are done.
            Exception: what `is_transient` tells; nothing of the part in work was kept, and all may be tried again.
        """
        started = time.monotonic()
        try:
            await self._apply(records)
        except FuseBlownError as blown:
            self._count_consumed(records[: blown.kept])
            raise
        except Exception as error:
            if is_transient(error):
                self.measurements.count(BATCH_RETRIES)
            raise
        self.measurements.observe(BATCH_SECONDS, time.monotonic() - started)
        self.measurements.observe(BATCH_RECORDS, len(records))
        self._count_consumed(records)

    def _count_consumed(self, records: Sequence[Record]) -> None:
        for topic, number in Counter(record.topic for record in records).items():
            self.measurements.count(RECORDS_CONSUMED, number, topic=topic)

    async def _apply(self, records: Sequence[Record]) -> None:
        try:
            await self._transact(records)
        except FuseBlownError as blown:
            if blown.kept:
                await self._apply(records[: blown.kept])
            raise
        except Exception as error:  # any handler error must end in a retry or a dead letter, never in a lost record
            if is_transient(error):
                raise
            await self._narrow_down(records, error)

    async def _narrow_down(self, records: Sequence[Record], error: Exception) -> None:
        if len(records) > 1:
            await self._halve(records, len(records) // 2)
            return
        reason = error.reason if isinstance(error, PoisonError) else "handler-failed"
        detail = error.detail if isinstance(error, PoisonError) else one_line(error)
        outcomes = [(records[0].topic, True)]
        self._fuse.demand(outcomes)
        async with self._worker.begin() as work:
            work.set_aside(records[0], reason, detail)
            await self._settle(records, work)
        self._fuse.count(outcomes)

    async def _halve(self, records: Sequence[Record], middle: int) -> None:
        await self._apply(records[:middle])
        try:
            await self._apply(records[middle:])
        except FuseBlownError as blown:
            raise blown.behind(middle) from None

    async def _transact(self, records: Sequence[Record]) -> None:
        outcomes: list[Outcome]
        with self._worker.telemetry.tracing.batch(self._worker.group, len(records)) as trace:
            async with self._worker.begin(has_inbox=self._has_inbox) as work:
                events = self._decode(records, work)
                await self._settle(records, work)
                with _naming_the_only(events):
                    for route in self._routes:
                        await self._serve(route, events, work, trace)
                outcomes = [(record.topic, work.is_set_aside(record)) for record in records]
                self._fuse.demand(outcomes)
        self._fuse.count(outcomes)

    async def _serve(self, route: Route, events: Sequence[Delivery[Any]], work: Work, trace: BatchTrace | None) -> None:
        fresh = await _fresh(route, events, work)
        if not fresh:
            return
        if trace is not None:
            work.follow(trace.follow([delivery.event for delivery in fresh]))
        work.count(RECORDS_HANDLED, len(fresh), topic=route.topic)
        await route.handle(fresh, work)
        await self._settle((), work)

    async def _settle(self, records: Sequence[Record], work: Work) -> None:
        """Before the handlers and after each, so that the next one sees what is held."""
        if self._holds:
            await self._holds.settle(records, work)

    def _decode(self, records: Sequence[Record], work: Work) -> list[Delivery[Any]]:
        events = []
        for record in records:
            try:
                events.append(Delivery(record, parse(record.topic, record.value)))
            except InvalidEventError as error:
                work.set_aside(record, error.reason, error.detail)
        return events


def _naming_the_only(events: Sequence[Delivery[Any]]) -> contextlib.AbstractContextManager[Any]:
    """Logs name the correlation id where there is only one; a list of hundreds would help nobody."""
    if len(events) != 1:
        return contextlib.nullcontext()
    event = events[0].event
    return structlog.contextvars.bound_contextvars(correlation_id=correlation_of(event), event_id=event.id)


async def _fresh(route: Route, events: Sequence[Delivery[Any]], work: Work) -> list[Delivery[Any]]:
    """The route's deliveries, an id that stands twice in the batch once, without those that the inbox knows.

    Without an inbox an id counts once for each partition: what was sent to all of them says something in each.
    """
    wanted = [each for each in events if each.record.topic == route.topic and isinstance(each.data, route.payload)]
    if not route.inbox:
        by_place: dict[tuple[str, int], Delivery[Any]] = {}
        for event in wanted:
            by_place.setdefault((event.event.id, event.record.partition), event)
        return list(by_place.values())
    by_id: dict[str, Delivery[Any]] = {}
    for event in wanted:
        by_id.setdefault(event.event.id, event)
    claimed = await inbox.claim(work.connection, route.topic, by_id)
    return [delivery for event_id, delivery in by_id.items() if event_id in claimed]
