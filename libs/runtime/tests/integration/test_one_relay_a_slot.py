"""What the slot's lock is for: of several relays that are at work, one alone sends the rows of a partition.

Without it each relay would send what it has read, in order, but at its own pace: so an old row would come again behind
a newer one of its key. That first arrivals are in order does not show it, since every relay begins with the oldest row.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest
from contracts import partition_counts
from runtime.outbox import OutboxRow
from runtime.relay import Relay
from runtime.sending import throwaway_producer
from runtime.testing.lab import SCHEMA, TOPIC, Lab

pytestmark = pytest.mark.integration

Wait = Callable[..., Awaitable[None]]
PARTITIONS = {TOPIC: partition_counts()[TOPIC]}
KEYS = [f"key-{number}" for number in range(12)]


class _Halting:
    """A producer that takes `first` rows, and the others only when it may go on."""

    def __init__(self, producer: Any, first: int) -> None:  # noqa: ANN401 - aiokafka is untyped
        self.goes_on = asyncio.Event()
        self.is_halted = asyncio.Event()
        self._producer = producer
        self._left = first

    async def send(self, *record: Any, **of: Any) -> Any:  # noqa: ANN401 - aiokafka is untyped
        if self._left == 0:
            self.is_halted.set()
            await self.goes_on.wait()
        else:
            self._left -= 1
        return await self._producer.send(*record, **of)


def _relay(lab: Lab) -> Relay:
    return Relay(lab.settings, SCHEMA, PARTITIONS)


async def _write(lab: Lab, keys: Sequence[str], number: int) -> None:
    async with lab.worker.begin() as work:
        work._rows.extend(OutboxRow(TOPIC, key.encode(), b"%d" % number) for key in keys)


@contextlib.asynccontextmanager
async def _at_work(relays: Sequence[Relay]) -> AsyncIterator[None]:
    running = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        yield
    finally:
        for relay in relays:
            relay.stop()
        await asyncio.gather(*running)


async def _look_twice(relays: Sequence[Relay], wait_for: Wait) -> None:
    """Every relay begins a round, and another one: what it read in the first has been sent then."""
    for _ in range(2):
        now = time.monotonic()
        await wait_for(lambda now=now: _have_begun(relays, now), "a round of every relay")


async def _have_begun(relays: Sequence[Relay], since: float) -> bool:
    return all(relay._last_round > since for relay in relays)


async def _is_sent(lab: Lab) -> bool:
    return not await lab.outbox()


async def _arrived(lab: Lab, count: int) -> dict[bytes, list[int]]:
    found: dict[bytes, list[int]] = defaultdict(list)
    for record in sorted(await lab.read(TOPIC, count), key=lambda r: (r.partition, r.offset)):
        found[record.key].append(int(record.value))
    return found


async def test_a_slow_relay_is_not_overtaken_by_the_others(lab: Lab, wait_for: Wait) -> None:
    slow, others = _relay(lab), [_relay(lab), _relay(lab)]
    for number in range(5):
        await _write(lab, ["key"], number)
    async with slow._connect() as connection, throwaway_producer(lab.settings.kafka_bootstrap_servers, "t") as real:
        producer = _Halting(real, first=3)
        running = asyncio.create_task(slow._send_until_stopped(connection, producer))
        await producer.is_halted.wait()
        async with _at_work(others):
            await _write(lab, ["key"], 5)
            await _look_twice(others, wait_for)
            producer.goes_on.set()
            slow.stop()
            await running
    await _write(lab, ["end"], 0)
    async with _at_work([_relay(lab)]):
        await wait_for(lambda: _is_sent(lab), "the last row")
    found = await _arrived(lab, 7)
    assert found[b"key"] == [0, 1, 2, 3, 4, 5]


async def test_three_relays_side_by_side_send_each_row_once_and_in_its_keys_order(lab: Lab, wait_for: Wait) -> None:
    relays = [_relay(lab) for _ in range(3)]
    async with _at_work(relays):
        for number in range(60):
            await _write(lab, KEYS, number)
        await wait_for(lambda: _is_sent(lab), "an empty outbox")
    found = await _arrived(lab, len(KEYS) * 60)
    assert found == {key.encode(): list(range(60)) for key in KEYS}
