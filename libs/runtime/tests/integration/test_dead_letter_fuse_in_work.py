"""A consumer that can use nothing stops before it has emptied the topic into the dead letters."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from runtime.processor import Handler
from runtime.records import Delivery
from runtime.testing.lab import Lab
from runtime.work import Work

pytestmark = pytest.mark.integration

Wait = Callable[..., Awaitable[None]]
MakeSale = Callable[..., bytes]


async def test_the_fuse_blows_and_the_rest_of_the_topic_stays_where_it_is(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    few = lab.configured(dead_letter_fuse=5)
    await lab.send(make_sale("good"))
    for _ in range(30):
        await lab.send(b"{broken")
    consumer = few.consumer(record_effects, fuse_seconds=0.2)
    await consumer.start()
    await wait_for(lambda: _says(consumer, "dead-letter fuse: 5 records of stock.changed in a row"), "the fuse")
    await wait_for(lambda: _tried(lab, 6), "the offset of what was set aside")
    told = (await consumer.check()).detail
    await consumer.stop()
    assert "\n" not in told
    assert "stock.changed.inventory.dlq" in told
    assert len(await lab.outbox()) == 5
    assert await lab.effects() == ["good"]
    assert await lab.committed() == 6


async def test_each_record_that_breaks_the_handler_counts_too_and_none_is_set_aside_twice(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    is_mended = False

    async def faulty(deliveries: Sequence[Delivery[Any]], work: Work) -> None:
        await record_effects(deliveries, work)
        if not is_mended:
            raise ZeroDivisionError("a faulty release")

    few = lab.configured(dead_letter_fuse=4, max_batch_records=16)
    for number in range(40):
        await lab.send(make_sale(f"e{number:02}"))
    consumer = few.consumer(faulty, fuse_seconds=0.2)
    await consumer.start()
    await wait_for(lambda: _says(consumer, "dead-letter fuse: 4 records"), "the fuse")
    is_mended = True
    await wait_for(lambda: _has(lab, 36), "the other records, once the handler is mended")
    await wait_for(lambda: _is_ready(consumer), "readiness")
    await consumer.stop()
    assert await lab.effects() == [f"e{number:02}" for number in range(4, 40)]
    offsets = [row["headers"]["original-offset"] for row in await lab.outbox()]
    assert offsets == ["0", "1", "2", "3"]


async def test_a_consumer_whose_fuse_has_blown_stops_at_once(lab: Lab, record_effects: Handler, wait_for: Wait) -> None:
    for _ in range(3):
        await lab.send(b"{broken")
    consumer = lab.configured(dead_letter_fuse=1).consumer(record_effects, fuse_seconds=3600)
    running = await consumer.start()
    await wait_for(lambda: _says(consumer, "dead-letter fuse"), "the fuse")
    await consumer.stop()
    await running
    assert len(await lab.outbox()) == 1


async def _says(consumer: Any, words: str) -> bool:  # noqa: ANN401 - a consumer
    check = await consumer.check()
    return not check.ok and words in check.detail


async def _is_ready(consumer: Any) -> bool:  # noqa: ANN401 - a consumer
    return bool((await consumer.check()).ok)


async def _tried(lab: Lab, committed: int) -> bool:
    return await lab.committed() >= committed


async def _has(lab: Lab, count: int) -> bool:
    return len(await lab.effects()) >= count
