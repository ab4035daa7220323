"""Transactions that collide are tried again; statements that only fail for a batch are tried record by record."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from runtime.consumer import BatchConsumer
from runtime.processor import Handler
from runtime.records import Delivery
from runtime.testing.lab import Lab
from runtime.work import Work
from sqlalchemy import text

pytestmark = pytest.mark.integration

Wait = Callable[..., Awaitable[None]]
MakeSale = Callable[..., bytes]
_LOCK = text("update counters set units = units + 1 where name = :name")


@pytest.fixture
async def counters(lab: Lab) -> None:
    await lab.execute("create table counters (name text primary key, units int not null)")
    await lab.execute("insert into counters values ('a', 0), ('b', 0)")


async def _units(lab: Lab) -> dict[str, int]:
    async with lab.engine.connect() as connection:
        return {row.name: row.units for row in await connection.execute(text("select name, units from counters"))}


async def _share(consumers: Sequence[BatchConsumer]) -> bool:
    return [(await each.check()).detail for each in consumers] == ["3 partitions"] * 2


async def _has(lab: Lab, count: int) -> bool:
    return len(await lab.effects()) >= count


@pytest.mark.usefixtures("counters")
async def test_of_two_batches_in_a_deadlock_the_loser_is_tried_again(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    both_have_one = asyncio.Barrier(2)
    calls = 0

    async def crosswise(deliveries: Sequence[Delivery[Any]], work: Work) -> None:
        nonlocal calls
        calls += 1
        first, second = ("a", "b") if deliveries[0].data.sku == "LEFT" else ("b", "a")
        await work.connection.execute(_LOCK, {"name": first})
        if calls <= 2:
            await both_have_one.wait()
        await work.connection.execute(_LOCK, {"name": second})
        await record_effects(deliveries, work)

    consumers = [lab.consumer(crosswise), lab.consumer(crosswise)]
    await asyncio.gather(*(consumer.start() for consumer in consumers))
    await wait_for(lambda: _share(consumers), "both consumers to have partitions")
    for consumer, sale in zip(consumers, (make_sale("left", "LEFT"), make_sale("right", "RIGHT")), strict=True):
        partition = min(consumer._consumer.assignment())
        await lab.producer.send_and_wait(partition.topic, sale, partition=partition.partition)
    await wait_for(lambda: _has(lab, 2), "both effects")
    await asyncio.gather(*(consumer.stop() for consumer in consumers))
    assert calls == 3
    assert sorted(await lab.effects()) == ["left", "right"]
    assert await _units(lab) == {"a": 2, "b": 2}
    assert await lab.outbox() == []


@pytest.mark.usefixtures("counters")
async def test_a_batch_that_can_not_be_serialized_is_tried_again(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    calls = 0

    async def serializable(deliveries: Sequence[Delivery[Any]], work: Work) -> None:
        nonlocal calls
        calls += 1
        await work.connection.execute(text("set transaction isolation level repeatable read"))
        await work.connection.execute(text("select units from counters"))
        if calls == 1:
            await lab.execute("update counters set units = units + 10 where name = 'a'")
        await work.connection.execute(_LOCK, {"name": "a"})
        await record_effects(deliveries, work)

    await lab.send(make_sale("only"))
    consumer = lab.consumer(serializable, inbox=False)
    await consumer.start()
    await wait_for(lambda: _has(lab, 1), "the effect")
    await consumer.stop()
    assert calls == 2
    assert (await _units(lab))["a"] == 11
    assert await lab.outbox() == []


@pytest.mark.usefixtures("counters")
async def test_an_upsert_that_meets_a_key_twice_in_one_batch_loses_no_record(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    """Postgres refuses it (21000): a handler should coalesce first, and one that does not is slow and still right."""
    upsert = text("""
        insert into counters select name, 1 from unnest(cast(:names as text[])) as name
        on conflict (name) do update set units = counters.units + 1
        """)

    async def naive(deliveries: Sequence[Delivery[Any]], work: Work) -> None:
        await record_effects(deliveries, work)
        await work.connection.execute(upsert, {"names": [delivery.data.sku for delivery in deliveries]})

    for number in range(7):
        await lab.send(make_sale(f"e{number}", "a" if number % 2 else "c"))
    consumer = lab.consumer(naive)
    await consumer.start()
    await wait_for(lambda: _has(lab, 7), "all effects")
    await consumer.stop()
    assert await lab.effects() == [f"e{number}" for number in range(7)]
    assert await _units(lab) == {"a": 3, "b": 0, "c": 4}
    assert await lab.outbox() == []
