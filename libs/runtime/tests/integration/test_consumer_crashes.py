"""A consumer is killed, cancelled, stopped or robbed of its partitions in the middle of a batch."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from runtime.consumer import BatchConsumer, ConsumerDiedError
from runtime.processor import Handler
from runtime.records import Delivery
from runtime.testing.lab import Lab
from runtime.work import Work

pytestmark = pytest.mark.integration

Wait = Callable[..., Awaitable[None]]
MakeSale = Callable[..., bytes]


class Gate:
    """A handler that has made its statements and stands still, until it may end."""

    def __init__(self, record_effects: Handler) -> None:
        self.entered = asyncio.Event()
        self.may_end = asyncio.Event()
        self.calls = 0
        self._record_effects = record_effects

    async def handle(self, deliveries: Sequence[Delivery[Any]], work: Work) -> None:
        self.calls += 1
        await self._record_effects(deliveries, work)
        self.entered.set()
        await self.may_end.wait()


@pytest.fixture
def gate(record_effects: Handler) -> Gate:
    return Gate(record_effects)


async def test_a_process_killed_between_fetch_and_commit_loses_and_doubles_nothing(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    await _send(lab, make_sale, range(5))
    program = Path(__file__).parent / "lab_process.py"
    settings = lab.settings.model_dump_json()
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), "consumer", settings, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        async with asyncio.timeout(30):
            assert await process.stdout.readline() == b"in the middle\n"
    finally:
        process.kill()
        await process.wait()
    assert (await lab.effects(), await lab.committed()) == ([], 0)
    await _consume_all(lab, record_effects, wait_for, 5)
    assert await lab.effects() == [f"e{number}" for number in range(5)]


async def test_a_cancelled_consumer_commits_nothing_and_says_that_it_is_dead(
    lab: Lab, gate: Gate, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    await _send(lab, make_sale, range(5))
    consumer = lab.consumer(gate.handle)
    running = await consumer.start()
    await asyncio.wait_for(gate.entered.wait(), 30)
    assert consumer._loop
    consumer._loop.cancel()
    with pytest.raises(ConsumerDiedError):
        await running
    check = await consumer.check()
    assert (check.ok, check.detail) == (False, "the consumer has stopped: its loop ended")
    await consumer.stop()
    assert (await lab.effects(), await lab.committed()) == ([], 0)
    await _consume_all(lab, record_effects, wait_for, 5)
    assert await lab.effects() == [f"e{number}" for number in range(5)]


async def test_while_a_handler_fails_nothing_is_committed_past_it(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    tries = 0

    async def away(deliveries: Sequence[Delivery[Any]], _: Work) -> None:
        nonlocal tries
        tries += 1
        raise ConnectionRefusedError(f"{len(deliveries)} records wait")

    await _send(lab, make_sale, range(5))
    one_by_one = lab.configured(max_batch_records=1)
    consumer = one_by_one.consumer(away)
    await consumer.start()
    await wait_for(lambda: _true(tries >= 4), "some tries")
    check = await consumer.check()
    await consumer.stop()
    assert check.detail == "retrying a batch: ConnectionRefusedError: 1 records wait"
    assert (await lab.effects(), await lab.committed()) == ([], 0)
    await _consume_all(lab, record_effects, wait_for, 5)
    assert await lab.effects() == [f"e{number}" for number in range(5)]


async def test_a_stop_waits_for_the_handler_and_its_records_are_handled_once(
    lab: Lab, gate: Gate, make_sale: MakeSale, wait_for: Wait
) -> None:
    await _send(lab, make_sale, range(5))
    first = lab.consumer(gate.handle, inbox=False)
    running = await first.start()
    await asyncio.wait_for(gate.entered.wait(), 30)
    stopping = asyncio.create_task(first.stop())
    await wait_for(lambda: _true(not first._subscriber.running), "the stop to have begun")
    assert not stopping.done()
    gate.may_end.set()
    await stopping
    await running
    assert await lab.committed() == 5
    await _send(lab, make_sale, [5])
    await _consume_all(lab, gate.handle, wait_for, 6, inbox=False)
    assert await lab.effects() == [f"e{number}" for number in range(6)]


async def test_partitions_taken_away_in_a_long_batch_are_handled_once(
    lab: Lab, gate: Gate, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    await _send(lab, make_sale, range(24))
    first = lab.consumer(gate.handle, inbox=False)
    await first.start()
    await asyncio.wait_for(gate.entered.wait(), 30)
    second = lab.consumer(record_effects, inbox=False)
    joining = asyncio.create_task(second.start())
    await wait_for(lambda: _true(first._drain.wanted.is_set() or joining.done()), "the partitions to be asked for")
    assert not joining.done()
    gate.may_end.set()
    await joining
    await wait_for(lambda: _share(first, second), "both to have partitions")
    await _send(lab, make_sale, range(24, 48))
    await wait_for(lambda: _has(lab, 48), "all effects")
    await asyncio.gather(first.stop(), second.stop())
    assert sorted(await lab.effects()) == sorted(f"e{number}" for number in range(48))


async def test_readiness_is_not_fooled_by_a_broker_that_answers_while_the_consumer_is_dead(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    consumer = lab.consumer(record_effects)
    running = await consumer.start()
    await wait_for(lambda: _is_ready(consumer), "readiness")
    await consumer._consumer.stop()  # what FastStream's StopConsume comes to
    with pytest.raises(ConsumerDiedError):
        await running
    assert await consumer._broker.ping(timeout=5)
    assert not (await consumer.check()).ok
    await consumer.stop()
    await _send(lab, make_sale, [0])
    await _consume_all(lab, record_effects, wait_for, 1)


async def _send(lab: Lab, make_sale: MakeSale, numbers: Sequence[int]) -> None:
    """Few keys where there are few, so that their order can be seen."""
    for number in numbers:
        key = b"k" if len(numbers) < 10 else b"%d" % number
        await lab.send(make_sale(f"e{number}"), key=key)


async def _consume_all(lab: Lab, handler: Handler, wait_for: Wait, count: int, *, inbox: bool = True) -> None:
    consumer = lab.consumer(handler, inbox=inbox)
    await consumer.start()
    await wait_for(lambda: _has(lab, count), f"{count} effects")
    await consumer.stop()


async def _has(lab: Lab, count: int) -> bool:
    return len(await lab.effects()) >= count


async def _true(holds: bool) -> bool:  # noqa: FBT001 - a condition as `wait_for` wants it
    return holds


async def _is_ready(consumer: BatchConsumer) -> bool:
    return (await consumer.check()).ok


async def _share(first: BatchConsumer, second: BatchConsumer) -> bool:
    return [(await each.check()).detail for each in (first, second)] == ["3 partitions"] * 2
