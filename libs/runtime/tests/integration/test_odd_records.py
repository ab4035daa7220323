"""Records that are odd in every way that Kafka lets them be, and that FastStream or aiokafka would lose."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from contracts import dead_letter as header
from runtime.consumer import ConsumerDiedError
from runtime.processor import Handler
from runtime.testing.lab import GROUP, TOPIC, Lab

pytestmark = pytest.mark.integration

Wait = Callable[..., Awaitable[None]]
MakeSale = Callable[..., bytes]
ODD_HEADERS = [
    [("none", None)],
    [("latin", b"\xe9\xff")],
    [("", b"no name")],
    [("twice", b"1"), ("twice", b"2")],
    [("nul\0name", b"x")],
    [("content-type", None), ("correlation_id", b"\xff"), ("reply_to", None)],
]


class _NotUtf8(str):
    """A header's name that other clients than Python's may write."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return b"\xe9\xff"


@pytest.mark.parametrize("headers", ODD_HEADERS)
async def test_no_header_stops_a_good_record_or_hides_a_broken_one(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait, headers: list[tuple[str, bytes | None]]
) -> None:
    await lab.send(make_sale("plain"))
    await lab.send(make_sale("odd"), headers=headers)
    await lab.send(b"{broken", headers=headers)
    await lab.send(make_sale("last"))
    consumer = lab.consumer(record_effects)
    await consumer.start()
    await wait_for(lambda: _has(lab, 3), "the three good records")
    await consumer.stop()
    assert await lab.effects() == ["plain", "odd", "last"]
    [row] = await lab.outbox()
    assert (row["value"], row["headers"][header.REASON]) == (b"{broken", "not-json")
    assert await lab.committed() == 4


async def test_records_without_key_or_value_are_set_aside_and_the_others_go_on(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    topic = lab.settings.kafka_topic_prefix + TOPIC
    await lab.producer.send_and_wait(topic, make_sale("keyless"), partition=0)
    await lab.producer.send_and_wait(topic, None, key=b"tombstone", partition=0)
    await lab.producer.send_and_wait(topic, make_sale("last"), partition=0)
    consumer = lab.consumer(record_effects)
    await consumer.start()
    await wait_for(lambda: _has(lab, 2), "the good records")
    await consumer.stop()
    assert await lab.effects() == ["keyless", "last"]
    [row] = await lab.outbox()
    assert (row["key"], row["value"]) == (b"tombstone", None)


async def test_a_header_whose_name_aiokafka_can_not_read_ends_the_consumer_and_skips_nothing(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    topic = lab.settings.kafka_topic_prefix + TOPIC
    await _send_unreadable(lab, topic, 3, make_sale("odd"))
    for partition in range(3):
        await lab.producer.send_and_wait(topic, make_sale(f"early-{partition}"), partition=partition)
    consumer = lab.consumer(record_effects, inbox=False)
    running = await consumer.start()
    with pytest.raises(ConsumerDiedError, match="the consumer has stopped: UnicodeDecodeError"):
        await running
    for partition in range(3):
        await lab.producer.send_and_wait(topic, make_sale(f"late-{partition}"), partition=partition)
    check = await consumer.check()
    assert not check.ok
    assert "UnicodeDecodeError" in check.detail
    assert not [task for task in asyncio.all_tasks() if "_run_consume_loop" in repr(task)]
    await consumer.stop()
    await _skip_by_hand(lab, TopicPartition(topic, 3))
    again = lab.consumer(record_effects, inbox=False)
    await again.start()
    await wait_for(lambda: _has(lab, 6), "all records but the one that was skipped")
    await again.stop()
    assert sorted(await lab.effects()) == [f"{when}-{number}" for when in ("early", "late") for number in range(3)]


async def _send_unreadable(lab: Lab, topic: str, partition: int, value: bytes) -> None:
    batch = lab.producer.create_batch()
    batch._builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, -1, 16_000)
    batch.append(key=b"k", value=value, timestamp=None, headers=[(_NotUtf8("x"), b"y")])
    batch.close()
    await (await lab.producer.send_batch(batch, topic, partition=partition))


async def _skip_by_hand(lab: Lab, partition: TopicPartition) -> None:
    """What an operator does with kafka-consumer-groups, while no consumer of the group runs."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=lab.settings.kafka_bootstrap_servers, group_id=lab.settings.kafka_topic_prefix + GROUP
    )
    await consumer.start()
    consumer.assign([partition])
    await consumer.commit({partition: 1})
    await consumer.stop()


async def _has(lab: Lab, count: int) -> bool:
    return len(await lab.effects()) >= count
