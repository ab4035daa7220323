"""The relay when it is killed, robbed of its session, refused a row, or one of many."""

import asyncio
import contextlib
import gc
import itertools
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import ProducerClosed
from contracts import partition_counts
from runtime.outbox import OutboxRow
from runtime.relay import Relay, unless_lost
from runtime.sending import throwaway_producer
from runtime.slots import partition_for
from runtime.testing.lab import SCHEMA, TOPIC, Lab

pytestmark = pytest.mark.integration

Wait = Callable[..., Awaitable[None]]
PARTITIONS = {TOPIC: partition_counts()[TOPIC]}
KEYS = [f"key-{number}" for number in range(12)]


class _SlowProducer:
    """Takes three rows and then no more until it `goes_on`."""

    def __init__(self, producer: Any) -> None:  # noqa: ANN401 - aiokafka is untyped
        self.goes_on = asyncio.Event()
        self.sent = 0
        self.is_stuck = False
        self._producer = producer

    async def send(self, *record: Any, **of: Any) -> Any:  # noqa: ANN401 - aiokafka is untyped
        if self.sent >= 3:
            self.is_stuck = True
            await self.goes_on.wait()
        self.sent += 1
        return await self._producer.send(*record, **of)


def _relay(lab: Lab) -> Relay:
    return Relay(lab.settings, SCHEMA, PARTITIONS)


async def _write(lab: Lab, rows: list[tuple[str, bytes]]) -> None:
    async with lab.worker.begin() as work:
        work._rows.extend(OutboxRow(TOPIC, key.encode(), value) for key, value in rows)


async def _is_sent(lab: Lab) -> bool:
    return not await lab.outbox()


async def _prove_order(lab: Lab, count: int) -> None:
    """Every key's numbers are all there, and each came for the first time after the one before it."""
    found: dict[bytes, list[int]] = defaultdict(list)
    for record in sorted(await lab.read(TOPIC, len(KEYS) * count), key=lambda r: (r.partition, r.offset)):
        found[record.key].append(int(record.value))
    assert len(found) == len(KEYS)
    for numbers in found.values():
        assert list(dict.fromkeys(numbers)) == list(range(count))


async def test_a_key_goes_to_the_partition_where_any_other_kafka_client_puts_it(lab: Lab) -> None:
    keys = [f"SKU-{number}" for number in range(40)]
    await _write(lab, [(key, b"ours") for key in keys])
    relay = _relay(lab)
    relay.stop()
    await relay.run()
    for key in keys:
        await lab.send(b"theirs", key=key.encode())
    placed: dict[bytes, set[int]] = defaultdict(set)
    for record in await lab.read(TOPIC, 80):
        placed[record.key].add(record.partition)
    assert placed == {key.encode(): {partition_for(key.encode(), PARTITIONS[TOPIC])} for key in keys}
    assert len({partition for (partition,) in placed.values()}) == PARTITIONS[TOPIC]


async def test_three_relays_that_come_and_go_never_turn_a_keys_order_round(lab: Lab, wait_for: Wait) -> None:
    relays = [_relay(lab) for _ in range(3)]
    running = [asyncio.create_task(relay.run()) for relay in relays]
    disrupted = time.monotonic()
    stops = itertools.cycle(range(3))
    for number in range(90):
        await _write(lab, [(key, b"%d" % number) for key in KEYS])
        if number % 15 == 7:
            leaver = next(stops)
            await wait_for(lambda at=disrupted: _are_at_work(relays, at), "the relays to be at work")
            running[leaver].cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running[leaver]
            relays[leaver] = _relay(lab)
            running[leaver] = asyncio.create_task(relays[leaver].run())
            disrupted = time.monotonic()
        if number % 15 == 14:
            await _end_sessions(lab)
            disrupted = time.monotonic()
    await wait_for(lambda: _is_sent(lab), "an empty outbox")
    await wait_for(lambda: _are_at_work(relays, disrupted), "the relays to be at work")
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await _prove_order(lab, 90)


async def test_a_relay_process_killed_again_and_again_loses_nothing(lab: Lab, wait_for: Wait) -> None:
    program = Path(__file__).parent / "lab_process.py"
    for life in range(3):
        for number in range(life * 40, life * 40 + 40):
            await _write(lab, [(key, b"%d" % number) for key in KEYS])
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(program), "relay", lab.settings.model_dump_json()
        )
        try:
            written = len(await lab.outbox())
            await wait_for(lambda written=written: _is_shorter(lab, written), "the relay to have begun")
        finally:
            process.kill()
            await process.wait()
    last = _relay(lab)
    last.stop()
    await wait_for(lambda: _is_free(lab), "the sessions of the killed relays to end")
    await last.run()
    assert await lab.outbox() == []
    await _prove_order(lab, 120)


async def test_a_relay_that_lost_its_session_sends_nothing_more(lab: Lab, wait_for: Wait) -> None:
    relay = _relay(lab)
    await _write(lab, [(key, b"0") for key in KEYS])
    async with relay._connect() as connection, throwaway_producer(lab.settings.kafka_bootstrap_servers, "t") as real:
        slow = _SlowProducer(real)
        running = asyncio.create_task(unless_lost(connection, relay._send_until_stopped(connection, slow)))
        await wait_for(lambda: _is_stuck(slow), "the relay to be in the middle of a batch")
        await _end_sessions(lab)
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(running, 10)
        slow.goes_on.set()
    assert slow.sent == 3
    other = _relay(lab)
    other.stop()
    await other.run()
    await _prove_order(lab, 1)


async def test_a_row_that_kafka_refuses_holds_up_its_own_partition_alone(lab: Lab, wait_for: Wait) -> None:
    too_big = b"x" * 2_000_000
    neighbour = next(key for key in KEYS[1:] if _partition(key) == _partition(KEYS[0]))
    others = [key for key in KEYS if _partition(key) != _partition(KEYS[0])]
    await _write(lab, [(KEYS[0], too_big), (neighbour, b"0"), *((key, b"0") for key in others)])
    relay = _relay(lab)
    running = asyncio.create_task(relay.run())
    await wait_for(lambda: _is_left(lab, 2), "the other partitions' rows")
    await wait_for(lambda: _reports(relay, "MessageSizeTooLargeError"), "readiness to tell why")
    assert {bytes(row["key"]).decode() for row in await lab.outbox()} == {KEYS[0], neighbour}
    await lab.execute("delete from outbox where length(value) > 1000000")
    await wait_for(lambda: _is_sent(lab), "the row behind it")
    relay.stop()
    await running
    assert len(await lab.read(TOPIC, len(others) + 1)) == len(others) + 1


def _partition(key: str) -> int:
    return partition_for(key.encode(), PARTITIONS[TOPIC])


async def _end_sessions(lab: Lab) -> None:
    await lab.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where application_name = 'inventory-relay' and datname = current_database()"
    )


async def _are_at_work(relays: list[Relay], since: float) -> bool:
    """Not while they connect: aiokafka leaves a socket open when it is cancelled then."""
    return all(relay._last_round > since and relay._error is None for relay in relays)


async def _is_free(lab: Lab) -> bool:
    async with lab.engine.connect() as connection:
        result = await connection.exec_driver_sql(
            "select count(*) from pg_stat_activity "
            "where application_name = 'inventory-relay' and datname = current_database()"
        )
        return bool(result.scalar_one() == 0)


async def _is_shorter(lab: Lab, than: int) -> bool:
    return len(await lab.outbox()) < than


async def _is_stuck(slow: _SlowProducer) -> bool:
    return slow.is_stuck


async def _is_left(lab: Lab, count: int) -> bool:
    return len(await lab.outbox()) == count


async def _reports(relay: Relay, words: str) -> bool:
    check = await relay.check()
    return not check.ok and words in check.detail


async def test_a_dropped_producer_leaves_no_complaint_behind(lab: Lab) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
    await _drop_a_producer_with_unsent_rows(lab)
    gc.collect()
    assert complaints == []


async def _drop_a_producer_with_unsent_rows(lab: Lab) -> None:
    async with throwaway_producer(lab.settings.kafka_bootstrap_servers, "dropped") as producer:
        topic = lab.settings.kafka_topic_prefix + TOPIC
        unsent = [await producer.send(topic, b"never", partition=partition) for partition in range(3)]
    assert all(isinstance(future.exception(), ProducerClosed) for future in unsent)
