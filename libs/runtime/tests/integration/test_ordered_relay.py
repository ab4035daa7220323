"""The relay against real Kafka and Postgres: everything is sent, in each key's order, by however many relays."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from contracts import partition_counts
from runtime.outbox import OutboxRow
from runtime.relay import Relay
from runtime.testing.lab import SCHEMA, TOPIC, Lab

pytestmark = pytest.mark.integration

Wait = Callable[..., Awaitable[None]]
PARTITIONS = {TOPIC: partition_counts()[TOPIC]}


def _relay(lab: Lab) -> Relay:
    return Relay(lab.settings, SCHEMA, PARTITIONS)


async def _write(lab: Lab, rows: list[tuple[str, int]]) -> None:
    """One transaction that publishes (key, number) pairs."""
    async with lab.worker.begin() as work:
        work._rows.extend(OutboxRow(TOPIC, key.encode(), str(number).encode(), {"h": "é"}) for key, number in rows)


def _by_key(records: list[Any]) -> dict[bytes, list[int]]:
    found: dict[bytes, list[int]] = defaultdict(list)
    for record in sorted(records, key=lambda r: (r.partition, r.offset)):
        found[record.key].append(int(record.value))
    return found


async def test_what_was_committed_before_a_crash_is_sent_afterwards(lab: Lab) -> None:
    await _write(lab, [("a", 1), ("b", 1), ("a", 2)])
    assert len(await lab.outbox()) == 3
    relay = _relay(lab)
    relay.stop()
    await relay.run()
    records = await lab.read(TOPIC, 3)
    assert _by_key(records) == {b"a": [1, 2], b"b": [1]}
    assert dict(records[0].headers) == {"h": "é".encode()}
    assert await lab.outbox() == []


async def test_work_that_fails_sends_nothing(lab: Lab) -> None:
    async def fail() -> None:
        async with lab.worker.begin() as work:
            work._rows.append(OutboxRow(TOPIC, b"a", b"1"))
            await work.flush(lab.worker._outbox, forget_rejected=False)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await lab.outbox() == []


async def test_two_relays_and_a_takeover_keep_every_keys_order(lab: Lab, wait_for: Wait) -> None:
    relays = [_relay(lab), _relay(lab)]
    running = [asyncio.create_task(relay.run()) for relay in relays]
    keys = [f"key-{number}" for number in range(20)]
    for number in range(100):
        await _write(lab, [(key, number) for key in keys])
        if number == 50:
            running[0].cancel()
    await wait_for(lambda: _is_sent(lab), "an empty outbox")
    relays[1].stop()
    await running[1]
    with pytest.raises(asyncio.CancelledError):
        await running[0]
    found = _by_key(await lab.read(TOPIC, 20 * 100))
    assert len(found) == 20
    for numbers in found.values():
        # What was under way when the first relay died is sent twice; order is about each one's first arrival.
        assert list(dict.fromkeys(numbers)) == list(range(100))


async def test_a_row_that_commits_late_is_not_forgotten(lab: Lab, wait_for: Wait) -> None:
    relay = _relay(lab)
    running = asyncio.create_task(relay.run())
    async with lab.worker.begin() as late:
        late._rows.append(OutboxRow(TOPIC, b"late", b"1"))
        await late.flush(lab.worker._outbox, forget_rejected=False)
        late._rows.clear()
        await _write(lab, [("early", 1)])
        await wait_for(lambda: _is_sent(lab), "the later id to be sent first")
    await wait_for(lambda: _is_sent(lab), "the earlier id to be sent too")
    relay.stop()
    await running
    assert _by_key(await lab.read(TOPIC, 2)) == {b"early": [1], b"late": [1]}


async def test_the_relay_reconnects_when_its_database_session_is_lost(lab: Lab, wait_for: Wait) -> None:
    relay = _relay(lab)
    running = asyncio.create_task(relay.run())
    await _write(lab, [("a", 1)])
    await wait_for(lambda: _is_sent(lab), "the first row")
    await lab.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'inventory-relay'"
    )
    await _write(lab, [("a", 2)])
    await wait_for(lambda: _is_sent(lab), "the second row")
    relay.stop()
    await running
    assert _by_key(await lab.read(TOPIC, 2)) == {b"a": [1, 2]}


async def _is_sent(lab: Lab) -> bool:
    return not await lab.outbox()
