"""What the consumer, the processor and the relay count, on real Kafka and Postgres."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from contracts import StockChanged
from runtime.metrics import (
    BATCH_RECORDS,
    BATCH_RETRIES,
    CONSUMER_LAG,
    RECORDS_CONSUMED,
    RECORDS_DEAD_LETTERED,
    RECORDS_HANDLED,
    RELAY_INTERRUPTIONS,
    RELAY_ROWS,
)
from runtime.processor import Handler, Processor, Route
from runtime.records import Delivery
from runtime.relay import Relay
from runtime.testing.deliveries import record_of
from runtime.testing.lab import SCHEMA, TOPIC, Lab
from runtime.work import Work

pytestmark = pytest.mark.integration

Wait = Callable[..., Awaitable[None]]
MakeSale = Callable[..., bytes]


async def test_good_bad_and_repeated_records_are_told_apart(
    lab: Lab, record_effects: Handler, make_sale: MakeSale
) -> None:
    processor = Processor([Route(TOPIC, StockChanged, record_effects, inbox=True)], lab.worker)
    values = [make_sale("a"), make_sale("b"), make_sale("a"), b"{broken"]
    await processor.process([record_of(TOPIC, value) for value in values])
    counted = lab.worker.telemetry.measurements
    assert counted.value(RECORDS_CONSUMED, topic=TOPIC) == 4
    assert counted.value(RECORDS_HANDLED, topic=TOPIC) == 2
    assert counted.value(RECORDS_DEAD_LETTERED, topic=TOPIC, reason="not-json") == 1
    assert (counted.value(BATCH_RECORDS, "_count"), counted.value(BATCH_RECORDS, "_sum")) == (1, 4)


async def test_what_was_undone_and_tried_again_counts_once(
    lab: Lab, record_effects: Handler, make_sale: MakeSale
) -> None:
    failures = iter([ConnectionRefusedError("away")])

    async def fragile(deliveries: Sequence[Delivery[Any]], work: Work) -> None:
        await record_effects(deliveries, work)
        for delivery in deliveries:
            if delivery.event.id == "unwanted":
                work.reject(delivery, "unknown-sku", "no such product")
        if error := next(failures, None):
            raise error

    processor = Processor([Route(TOPIC, StockChanged, fragile)], lab.worker)
    batch = [record_of(TOPIC, make_sale("a")), record_of(TOPIC, make_sale("unwanted"))]
    with pytest.raises(ConnectionRefusedError):
        await processor.process(batch)
    counted = lab.worker.telemetry.measurements
    assert counted.value(BATCH_RETRIES) == 1
    assert counted.value(RECORDS_CONSUMED, topic=TOPIC) is None
    assert counted.value(RECORDS_DEAD_LETTERED, topic=TOPIC, reason="unknown-sku") is None

    await processor.process(batch)
    assert counted.value(RECORDS_CONSUMED, topic=TOPIC) == 2
    assert counted.value(RECORDS_DEAD_LETTERED, topic=TOPIC, reason="unknown-sku") == 1


async def test_lag_is_what_is_fetched_and_not_committed(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    lags: list[float | None] = []
    counted = lab.worker.telemetry.measurements

    async def watch(deliveries: Sequence[Delivery[Any]], work: Work) -> None:
        await record_effects(deliveries, work)
        await consumer.check()
        lags.append(counted.value(CONSUMER_LAG, topic=TOPIC))

    async def is_caught_up() -> bool:
        await consumer.check()
        return len(await lab.effects()) == 5 and counted.value(CONSUMER_LAG, topic=TOPIC) == 0

    for number in range(5):
        await lab.send(make_sale(f"e{number}"))
    consumer = lab.consumer(watch, inbox=False)
    await consumer.start()
    await wait_for(is_caught_up, "no lag after the five sales")
    await consumer.stop()
    assert lags[0] == 5


async def test_rows_that_kafka_has_are_counted_by_topic(lab: Lab, make_sale: MakeSale) -> None:
    async with lab.worker.begin() as work:
        for value in (make_sale("a"), b"{broken"):
            work.set_aside(record_of(TOPIC, value), "not-json", "made up")
    topic = f"{TOPIC}.inventory.dlq"
    counted = lab.worker.telemetry.measurements
    relay = Relay(lab.settings, SCHEMA, {topic: 1}, counted)
    relay.stop()
    await relay.run()
    assert counted.value(RELAY_ROWS, topic=topic) == 2
    assert counted.value(RELAY_INTERRUPTIONS) == 0
