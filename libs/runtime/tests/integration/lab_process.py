"""A consumer or a relay as a process of its own, to be killed: `python lab_process.py consumer|relay <settings>`."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from contracts import partition_counts
from runtime.clock import system_clock
from runtime.database import create_engine
from runtime.outbox import Outbox
from runtime.records import Delivery
from runtime.relay import Relay
from runtime.settings import ServiceSettings
from runtime.testing.lab import GROUP, SCHEMA, TOPIC, Lab
from runtime.work import Work, Worker
from sqlalchemy import text


async def _hang(deliveries: Sequence[Delivery[Any]], work: Work) -> None:
    for delivery in deliveries:
        await work.connection.execute(text("insert into effects (event_id) values (:id)"), {"id": delivery.event.id})
    print("in the middle", flush=True)  # noqa: T201 - the test waits for this line
    await asyncio.Event().wait()


async def _main(part: str, settings: ServiceSettings) -> None:
    if part == "relay":
        await Relay(settings, SCHEMA, {TOPIC: partition_counts()[TOPIC]}).run()
        return
    engine = create_engine(str(settings.database_url), SCHEMA)
    worker = Worker(engine, Outbox(SCHEMA, partition_counts()), group=GROUP, clock=system_clock)
    await (await Lab(settings, engine, worker, None).consumer(_hang).start())


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], ServiceSettings.model_validate_json(sys.argv[2])))
