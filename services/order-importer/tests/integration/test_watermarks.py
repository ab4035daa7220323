"""A watermark is passed on when every partition has told it, behind the sales that it speaks of."""

import dataclasses as dc
import datetime as dt
import json
from collections.abc import AsyncIterator

import pytest
from contracts import CloudEvent, OrderStatus, OrdersWatermark, dead_letter, partition_counts
from contracts.replayed import REPLAYED_FROM
from order_importer.testing.samples import NOON, line, listing, minutes_later, order
from order_importer.testing.workbench import Workbench
from runtime import holds
from runtime.records import Record
from sqlalchemy import text

pytestmark = pytest.mark.integration

ORDERS = "marketplace.order.received"
PARTITIONS = range(partition_counts()[ORDERS])


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Workbench]:
    bench = await Workbench.create(database_url)
    yield bench
    await bench.engine.dispose()


def watermark(minutes: float, partition: int, *, channel: str = "amazon", offset: int = 0) -> Record:
    data = OrdersWatermark(channel=channel, known_until=minutes_later(minutes))
    event = CloudEvent.wrap(data, source="/test", time=NOON)
    return Record(ORDERS, partition, 10_000 + offset, None, event.to_bytes(), {})


async def relayed(bench: Workbench) -> list[dt.datetime]:
    """The watermarks passed on, oldest first, each once though it went to every partition."""
    events = await bench.sent("stock.changed")
    told = [event.data.known_until for event in events if isinstance(event.data, OrdersWatermark)]
    return sorted(set(told))


async def test_it_waits_for_the_last_partition(bench: Workbench) -> None:
    await bench.processor.process([watermark(5, partition) for partition in PARTITIONS[:-1]])
    assert await relayed(bench) == []
    await bench.processor.process([watermark(4, PARTITIONS[-1])])
    assert await relayed(bench) == [minutes_later(4)]
    await bench.processor.process([watermark(9, PARTITIONS[-1])])
    assert await relayed(bench) == [minutes_later(4), minutes_later(5)]


async def test_it_goes_to_every_partition_behind_the_sales_of_its_batch(bench: Workbench) -> None:
    sale = bench.record(order(line()))
    await bench.processor.process([bench.record(listing()), *(watermark(5, p) for p in PARTITIONS), sale])
    async with bench.engine.connect() as connection:
        rows = (
            await connection.execute(
                text("select partition, key, id from outbox where topic = 'stock.changed' order by id")
            )
        ).all()
    assert rows[0].key == b"SKU-1"
    assert [row.partition for row in rows[1:]] == list(range(partition_counts()["stock.changed"]))


async def test_an_old_one_that_is_replayed_is_not_passed_on(bench: Workbench) -> None:
    await bench.processor.process([watermark(5, partition) for partition in PARTITIONS])
    await bench.processor.process([watermark(2, partition) for partition in PARTITIONS])
    await bench.processor.process([watermark(5, partition) for partition in PARTITIONS])
    assert await relayed(bench) == [minutes_later(5)]


async def test_one_event_that_was_sent_to_every_partition_counts_in_each(bench: Workbench) -> None:
    """What a connector writes: the same id everywhere, and often all of it in one batch."""
    told = watermark(5, 0)
    await bench.processor.process([dc.replace(told, partition=partition) for partition in PARTITIONS])
    assert await relayed(bench) == [minutes_later(5)]


async def test_channels_do_not_wait_for_each_other(bench: Workbench) -> None:
    await bench.processor.process([watermark(5, partition) for partition in PARTITIONS[:-1]])
    await bench.processor.process([watermark(7, partition, channel="noon") for partition in PARTITIONS])
    assert await relayed(bench) == [minutes_later(7)]


async def test_a_dead_lettered_order_holds_its_channel_until_it_comes_back(bench: Workbench) -> None:
    poison = Record(ORDERS, 2, 77, b"amazon:A-9", b"{broken", {})
    await bench.processor.process([poison, *(watermark(5, partition) for partition in PARTITIONS)])
    await bench.processor.process([watermark(6, partition, channel="noon") for partition in PARTITIONS])
    assert await relayed(bench) == [minutes_later(6)]

    headers = {
        dead_letter.ORIGINAL_TOPIC: ORDERS,
        dead_letter.ORIGINAL_PARTITION: "2",
        dead_letter.ORIGINAL_OFFSET: "77",
        dead_letter.FIRST_FAILURE: NOON.isoformat(),
    }
    await bench.deliver(listing())
    mended = dc.replace(bench.record(order(line(), external_order_id="A-9")), headers=headers)
    await bench.processor.process([mended])
    await bench.processor.process([watermark(8, partition, offset=1) for partition in PARTITIONS])
    assert await relayed(bench) == [minutes_later(6), minutes_later(8)]


async def test_a_rejected_order_holds_within_its_own_batch(bench: Workbench) -> None:
    twice = order(line("1"), line("1"))
    await bench.processor.process([bench.record(twice), *(watermark(5, p) for p in PARTITIONS)])
    assert await relayed(bench) == []


async def test_a_letter_whose_channel_is_unknown_holds_every_channel(bench: Workbench) -> None:
    await bench.processor.process([Record(ORDERS, 0, 1, None, b"?", {})])
    await bench.processor.process([watermark(5, p, channel=c) for p in PARTITIONS for c in ("amazon", "noon")])
    assert await relayed(bench) == []


@pytest.mark.parametrize(("is_discarded", "passed"), [(False, []), (True, [minutes_later(5)])])
async def test_a_replayed_copy_of_a_discarded_record_holds_nothing(
    bench: Workbench, *, is_discarded: bool, passed: list[dt.datetime]
) -> None:
    """It fails again, and becomes a letter again; but nobody needs it, which is known of its original."""
    await bench.processor.process([Record(ORDERS, 0, 1, b"amazon:A-9", b"?", {})])
    let_go = holds.discard if is_discarded else holds.release
    async with bench.engine.begin() as connection:
        assert await let_go(connection, [holds.letter_hold(ORDERS, 0, 1)]) == 1
    await bench.processor.process([Record(ORDERS, 0, 50, b"amazon:A-9", b"?", {REPLAYED_FROM: "1"})])
    await bench.processor.process([watermark(5, partition) for partition in PARTITIONS])
    assert await relayed(bench) == passed


async def test_a_copy_of_what_still_holds_is_the_same_hold(bench: Workbench) -> None:
    for offset, headers in ((1, {}), (50, {REPLAYED_FROM: "1"}), (51, {REPLAYED_FROM: "1"})):
        await bench.processor.process([Record(ORDERS, 0, offset, b"amazon:A-9", b"?", headers)])
    async with bench.engine.connect() as connection:
        assert [hold.name for hold in await holds.read(connection)] == [holds.letter_hold(ORDERS, 0, 1)]


async def test_a_hold_runs_out_and_the_watermark_passes(bench: Workbench) -> None:
    await bench.processor.process([Record(ORDERS, 0, 1, b"amazon:A-9", b"?", {})])
    async with bench.engine.begin() as connection:
        await connection.execute(text("update watermark_holds set since = since - interval '31 minutes'"))
    await bench.processor.process([watermark(5, partition) for partition in PARTITIONS])
    assert await relayed(bench) == [minutes_later(5)]
    assert 'mizan_watermark_holds_expired_total{channel="amazon"} 1' in bench.processor.measurements.page().decode()


async def test_while_what_ran_out_is_not_resolved_every_watermark_says_so(bench: Workbench) -> None:
    await bench.processor.process([Record(ORDERS, 0, 1, b"amazon:A-9", b"?", {})])
    async with bench.engine.begin() as connection:
        await connection.execute(text("update watermark_holds set since = since - interval '31 minutes'"))
    for minutes in (5, 6):
        await bench.processor.process([watermark(minutes, partition) for partition in PARTITIONS])
    await bench.processor.process([watermark(6, partition, channel="noon") for partition in PARTITIONS])
    async with bench.engine.begin() as connection:
        assert await holds.release(connection, [holds.letter_hold(ORDERS, 0, 1)]) == 1
    await bench.processor.process([watermark(7, partition) for partition in PARTITIONS])
    told = {(e.data.channel, e.data.known_until, bool(e.data.is_incomplete)) for e in await bench.sent("stock.changed")}
    assert told == {
        ("amazon", minutes_later(5), True),
        ("amazon", minutes_later(6), True),
        ("noon", minutes_later(6), False),
        ("amazon", minutes_later(7), False),
    }


async def test_an_incomplete_watermark_stays_incomplete(bench: Workbench) -> None:
    data = OrdersWatermark(channel="amazon", known_until=minutes_later(5), is_incomplete=True)
    event = CloudEvent.wrap(data, source="/test", time=NOON)
    await bench.processor.process([Record(ORDERS, number, 1, None, event.to_bytes(), {}) for number in PARTITIONS])
    assert {bool(event.data.is_incomplete) for event in await bench.sent("stock.changed")} == {True}


async def test_an_order_without_its_listing_holds_until_that_comes(bench: Workbench) -> None:
    await bench.deliver(order(line()))
    await bench.processor.process([watermark(5, partition) for partition in PARTITIONS])
    assert await relayed(bench) == []
    await bench.deliver(listing())
    await bench.processor.process([watermark(6, partition) for partition in PARTITIONS])
    assert await relayed(bench) == [minutes_later(6)]


async def test_an_order_that_is_cancelled_before_its_listing_comes_lets_go(bench: Workbench) -> None:
    await bench.deliver(order(line()))
    await bench.deliver(order(line(), at=1, status=OrderStatus.CANCELLED))
    await bench.processor.process([watermark(5, partition) for partition in PARTITIONS])
    assert await relayed(bench) == [minutes_later(5)]


async def test_an_unmapped_order_does_not_hold_for_ever_though_listings_are_never_read(bench: Workbench) -> None:
    await bench.deliver(order(line()))
    async with bench.engine.begin() as connection:
        await connection.execute(text("update watermark_holds set since = since - interval '31 minutes'"))
    await bench.processor.process([watermark(5, partition) for partition in PARTITIONS])
    assert await relayed(bench) == [minutes_later(5)]


async def test_the_cause_is_the_connectors_watermark(bench: Workbench) -> None:
    records = [watermark(5, partition) for partition in PARTITIONS]
    await bench.processor.process(records)
    event = (await bench.sent("stock.changed"))[0]
    assert event.correlationid in {json.loads(record.value or b"")["id"] for record in records}
