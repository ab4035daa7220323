"""The importer without Kafka: events in as records, transactions in a real database, events out of the outbox."""

import contextlib
import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any, Self

from contracts import CloudEvent, Payload, StockChanged, parse, partition_counts, topic_of
from runtime.database import create_engine
from runtime.holds import Holds
from runtime.migrations import upgrade
from runtime.outbox import Outbox
from runtime.processor import Processor
from runtime.records import Record
from runtime.work import Worker
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from order_importer.main import MIGRATIONS, ORDERS, routes
from order_importer.relay_watermarks import channel_of_order
from order_importer.testing.samples import NOON

SCHEMA = "order_importer"


class Workbench:
    """Delivers what it is given and tells what came of it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        worker = Worker(engine, Outbox(SCHEMA, partition_counts()), group="order-importer", clock=lambda: NOON)
        holds = Holds(channel_of_order, [ORDERS], dt.timedelta(minutes=30))
        self.processor = Processor(routes(holds), worker, holds)
        self._offsets = itertools.count()

    @classmethod
    async def create(cls, database_url: str) -> Self:
        engine = create_engine(database_url, SCHEMA)
        await upgrade(engine, SCHEMA, MIGRATIONS)
        return cls(engine)

    def record(self, payload: Payload, *, at: dt.datetime = NOON) -> Record:
        """A record that carries `payload`, told at `at`, under an id of its own."""
        offset = next(self._offsets)
        event: CloudEvent[Any] = CloudEvent[type(payload)].wrap(  # type: ignore[misc]  # known at run time
            payload, source="/test", time=at, event_id=f"event-{offset}"
        )
        return Record(topic_of(type(payload)), 0, offset, (payload.subject or "").encode(), event.to_bytes(), {})

    async def deliver(self, *payloads: Payload) -> list[Record]:
        """Handle the payloads as one batch; returns its records, so that they can be replayed."""
        records = [self.record(payload) for payload in payloads]
        await self.processor.process(records)
        return records

    async def sent(self, topic: str) -> list[CloudEvent[Any]]:
        """What was published to `topic` so far, in order."""
        statement = text("select value from outbox where topic = :topic order by id")
        async with self.engine.connect() as connection:
            values = (await connection.execute(statement, {"topic": topic})).scalars().all()
        return [parse(topic, value) for value in values]

    async def stock_changes(self) -> list[StockChanged]:
        return [event.data for event in await self.sent("stock.changed")]

    async def net(self) -> dict[str, int]:
        """The sum of all changes of stock, by SKU."""
        total: dict[str, int] = {}
        for change in await self.stock_changes():
            total[change.sku] = total.get(change.sku, 0) + (change.change_qty or 0)
        return total

    async def forget_inbox(self) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text("delete from inbox"))


@contextlib.contextmanager
def counted_statements(engine: AsyncEngine) -> Iterator[list[str]]:
    """The SQL statements that the engine executes within the block."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)
