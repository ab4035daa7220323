"""Several importers at once, on real Kafka and Postgres, that come and go."""

import asyncio
import contextlib
import dataclasses as dc
import datetime as dt
from collections.abc import Mapping
from typing import Any

from runtime.clock import system_clock
from runtime.consumer import BatchConsumer
from runtime.database import create_engine
from runtime.holds import Holds
from runtime.loops import Loop
from runtime.outbox import Outbox
from runtime.processor import Processor
from runtime.relay import Relay
from runtime.settings import ServiceSettings
from runtime.work import Worker
from sqlalchemy.ext.asyncio import AsyncEngine

from order_importer.listings_read import ListingsRead
from order_importer.main import ORDERS, routes
from order_importer.relay_watermarks import channel_of_order
from order_importer.testing.workbench import SCHEMA

GROUP = "order-importer"


@dc.dataclass
class Replica:
    """One importer: its consumer, its relay and its look at how far listings are read, in this process."""

    consumer: BatchConsumer
    relay: Relay
    engine: AsyncEngine
    relaying: asyncio.Task[Any]
    looking: asyncio.Task[Any]

    @classmethod
    async def start(cls, settings: ServiceSettings, partitions: Mapping[str, int]) -> "Replica":
        engine = create_engine(settings.database_url, SCHEMA)
        worker = Worker(engine, Outbox(SCHEMA, partitions), group=GROUP, clock=system_clock)
        holds = Holds(channel_of_order, [ORDERS], dt.timedelta(minutes=30))
        wanted = routes(holds, partitions[ORDERS])
        topics = sorted({route.topic for route in wanted})
        consumer = BatchConsumer(settings, GROUP, topics, Processor(wanted, worker, holds))
        relay = Relay(settings, SCHEMA, partitions)
        relaying = asyncio.create_task(relay.run())
        await consumer.start()
        looking = asyncio.create_task(Loop("listings-read", ListingsRead(settings, engine, GROUP).step).run())
        return cls(consumer, relay, engine, relaying, looking)

    async def stop(self) -> None:
        """Leave the group after the batch in work, and send what is written."""
        await _cancelled(self.looking)
        await self.consumer.stop()
        self.relay.stop()
        await self.relaying
        await self.engine.dispose()

    async def crash(self) -> None:
        """End the relay wherever it is, and the consumer too: what is written is left to the others."""
        await _cancelled(self.looking)
        await _cancelled(self.relaying)
        await self.consumer.stop()
        await self.engine.dispose()


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
