"""Kafka or Postgres freeze or die while a consumer and a relay are at work: nothing is lost or doubled."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest
from contracts import partition_counts
from runtime.consumer import BatchConsumer
from runtime.outbox import OutboxRow
from runtime.processor import Handler
from runtime.records import Delivery
from runtime.relay import Relay
from runtime.sending import _drop, throwaway_producer
from runtime.testing.faults import Faults
from runtime.testing.lab import SCHEMA, Lab
from runtime.work import Work

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

Wait = Callable[..., Awaitable[None]]
MakeSale = Callable[..., bytes]
OUT = "channel.stock.target"
SALES = 120


class Plant:
    """A consumer whose handler passes each sale on through the outbox, and the relay that sends it.

    In the third batch the handler waits, its statements made and not committed, until `may_go_on`.
    """

    def __init__(self, lab: Lab, record_effects: Handler) -> None:
        self.lab = lab.configured(max_batch_records=10)
        self.in_the_middle = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.consumer: BatchConsumer = self.lab.consumer(self._pass_on)
        self.relay = Relay(self.lab.settings, SCHEMA, {OUT: partition_counts()[OUT]})
        self._record_effects = record_effects
        self._batches = 0

    async def _pass_on(self, deliveries: Sequence[Delivery[Any]], work: Work) -> None:
        await self._record_effects(deliveries, work)
        for delivery in deliveries:
            work._rows.append(OutboxRow(OUT, delivery.data.sku.encode(), delivery.event.id.encode()))
        self._batches += 1
        if self._batches == 3:
            self.in_the_middle.set()
            await self.may_go_on.wait()

    async def is_ready(self) -> bool:
        checks = [await self.consumer.check(), await self.relay.check()]
        return all(check.ok for check in checks)

    async def is_done(self) -> bool:
        return len(await self.lab.effects()) >= SALES and not await self.lab.outbox()

    async def prove(self) -> None:
        """Each sale had its effect once, and was passed on, each key's in order."""
        effects = await self.lab.effects()
        assert sorted(effects) == [f"e{number:03}" for number in range(SALES)]
        passed_on: dict[bytes, list[bytes]] = defaultdict(list)
        for record in sorted(await self.lab.read(OUT, SALES), key=lambda r: (r.partition, r.offset)):
            passed_on[record.key].append(record.value)
        assert sum(len(set(ids)) for ids in passed_on.values()) == SALES
        for ids in passed_on.values():
            assert list(dict.fromkeys(ids)) == sorted(set(ids))


@pytest.fixture
async def plant(own_lab: Lab, record_effects: Handler, make_sale: MakeSale) -> AsyncIterator[Plant]:
    for number in range(SALES):
        key = f"SKU-{number % 6}"
        await own_lab.send(make_sale(f"e{number:03}", key), key=key.encode())
    plant = Plant(own_lab, record_effects)
    relaying = asyncio.create_task(plant.relay.run())
    consuming = await plant.consumer.start()
    try:
        async with asyncio.timeout(30):
            await plant.in_the_middle.wait()
        yield plant
    finally:
        await plant.consumer.stop()
        relaying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(relaying, consuming)


async def test_a_database_killed_in_the_middle_of_a_batch(plant: Plant, faults: Faults, wait_for: Wait) -> None:
    faults.kill("postgres")
    plant.may_go_on.set()
    await wait_for(lambda: _not(plant.is_ready), "readiness to say no")
    await wait_for(plant.is_done, "all sales to be passed on", seconds=60)
    await wait_for(plant.is_ready, "readiness")
    await plant.prove()


async def test_a_broker_killed_in_the_middle_of_a_batch(plant: Plant, faults: Faults, wait_for: Wait) -> None:
    faults.kill("kafka")
    plant.may_go_on.set()
    await wait_for(plant.is_done, "all sales to be passed on", seconds=90)
    await wait_for(plant.is_ready, "readiness", seconds=60)
    await plant.prove()


async def test_a_broker_that_freezes_and_thaws(plant: Plant, faults: Faults, wait_for: Wait) -> None:
    with faults.frozen("kafka"):
        plant.may_go_on.set()
        await wait_for(lambda: _blames_kafka(plant.consumer.check), "the consumer's readiness to say no", seconds=60)
        await wait_for(lambda: _not_ok(plant.relay.check), "the relay's readiness to say no", seconds=60)
    await wait_for(plant.is_done, "all sales to be passed on", seconds=60)
    await wait_for(plant.is_ready, "readiness", seconds=60)
    await plant.prove()


async def test_a_relay_throws_away_a_producer_that_is_stuck(own_lab: Lab, faults: Faults, wait_for: Wait) -> None:
    relay = Relay(own_lab.settings, SCHEMA, {OUT: partition_counts()[OUT]})
    relaying = asyncio.create_task(relay.run())
    await wait_for(lambda: _owns_all(relay), "the relay to be at work")
    with faults.frozen("kafka"):
        async with own_lab.worker.begin() as work:
            work._rows.extend(OutboxRow(OUT, b"SKU", b"%03d" % number) for number in range(20))
        await wait_for(lambda: _reconnects(relay), "the relay to give the producer up", seconds=60)
    await wait_for(lambda: _is_sent(own_lab), "an empty outbox", seconds=60)
    relay.stop()
    await relaying
    records = await own_lab.read(OUT, 20)
    assert list(dict.fromkeys(record.value for record in records)) == [b"%03d" % number for number in range(20)]


async def test_a_dropped_producer_neither_waits_for_a_stuck_broker_nor_sends_later(
    own_lab: Lab, faults: Faults, wait_for: Wait
) -> None:
    topic = own_lab.settings.kafka_topic_prefix + OUT
    async with throwaway_producer(own_lab.settings.kafka_bootstrap_servers, "test") as producer:
        await producer.send_and_wait(topic, b"before", partition=0)
        with faults.frozen("kafka"):
            await producer.send(topic, b"on its way", partition=0)
            await wait_for(lambda: _is_under_way(producer), "the first request")
            await producer.send(topic, b"held", partition=0)
            await asyncio.wait_for(_drop(producer), 15)
    await own_lab.producer.send_and_wait(topic, b"after", partition=0)
    values = [record.value for record in await own_lab.read(OUT, 2)]
    assert b"held" not in values


async def _is_under_way(producer: Any) -> bool:  # noqa: ANN401 - aiokafka is untyped
    return bool(producer._sender._in_flight)


async def _not(holds: Callable[[], Awaitable[bool]]) -> bool:
    return not await holds()


async def _not_ok(check: Callable[[], Awaitable[Any]]) -> bool:
    return not (await check()).ok


async def _blames_kafka(check: Callable[[], Awaitable[Any]]) -> bool:
    return "Kafka has not answered" in (await check()).detail


async def _owns_all(relay: Relay) -> bool:
    check = await relay.check()
    return check.ok and bool(relay._owned)


async def _reconnects(relay: Relay) -> bool:
    check = await relay.check()
    return not check.ok and "reconnecting" in check.detail


async def _is_sent(lab: Lab) -> bool:
    return not await lab.outbox()
