"""Waiting until nothing is on its way any more."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from demo.house import SERVICES, House

_POLL_SECONDS = 0.5
_CALM_ROUNDS = 3
"""So many looks in a row must find everything at rest."""

Settled = Callable[[], Awaitable[str]]
"""Says in a few words what is still missing; empty when nothing is."""


async def wait_until_quiet(house: House, bootstrap_servers: str, settled: Settled, *, seconds: float) -> str:
    """Wait until every record is consumed, every outbox sent, every write made and `settled` is content.

    Answers with what was still on its way when the time was up; empty when all is quiet.
    """
    deadline = time.monotonic() + seconds
    calm = 0
    waiting_for = "nothing looked at yet"
    while calm < _CALM_ROUNDS and time.monotonic() < deadline:
        waiting_for = await _busy(house, bootstrap_servers) or await settled()
        calm = 0 if waiting_for else calm + 1
        await asyncio.sleep(_POLL_SECONDS)
    return waiting_for if calm < _CALM_ROUNDS else ""


async def _busy(house: House, bootstrap_servers: str) -> str:
    for service in SERVICES:
        answer = await house.readiness(service)
        if answer.get("status") != "ready":
            return f"{service} is not ready"
        checks: dict[str, Any] = answer["checks"]
        if checks.get("outbox", {}).get("rows"):
            return f"{service} has {checks['outbox']['rows']} outbox rows"
        pending = sum(int(check.get("pending", 0)) for check in checks.values())
        if pending:
            return f"{service} has {pending} writes to make"
    lag = await consumer_lag(bootstrap_servers, SERVICES)
    return f"{lag} records to consume" if lag else ""


async def consumer_lag(bootstrap_servers: str, groups: tuple[str, ...]) -> int:
    """Records that the groups have not committed yet, of the topics that they have committed anything of."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, group_id=None)
    await consumer.start()
    try:
        lag = 0
        for group in groups:
            committed = await admin.list_consumer_group_offsets(group)
            ends = await consumer.end_offsets(list(committed))
            lag += sum(max(0, ends[place] - max(0, offset.offset)) for place, offset in committed.items())
        return lag
    finally:
        await consumer.stop()
        await admin.close()
