"""The consumer against real Kafka and Postgres: nothing lost, nothing doubled, whatever comes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from contracts import dead_letter as header
from runtime.processor import Handler
from runtime.records import Delivery
from runtime.relay import Relay
from runtime.testing.lab import Lab
from runtime.work import Work

pytestmark = pytest.mark.integration

Wait = Callable[..., Awaitable[None]]
MakeSale = Callable[..., bytes]


async def _dead_letters(lab: Lab) -> list[Any]:
    return [row for row in await lab.outbox() if row["topic"].endswith(".dlq")]


async def test_each_record_has_its_effect_once_and_offsets_are_kept(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    for number in range(20):
        await lab.send(make_sale(f"e{number}"))
    first = lab.consumer(record_effects, inbox=False)
    await first.start()
    await wait_for(lambda: _has(lab, 20), "20 effects")
    await first.stop()
    second = lab.consumer(record_effects, inbox=False)
    await second.start()
    await lab.send(make_sale("last"))
    await wait_for(lambda: _has(lab, 21), "the last effect")
    await second.stop()
    assert await lab.effects() == [*(f"e{number}" for number in range(20)), "last"]


@pytest.mark.parametrize(
    ("poison", "headers", "reason"),
    [
        (b"{broken", [], "not-json"),
        (b"\xff\xfe", [], "not-json"),
        (b"", [], "not-json"),
        (b'{"type": "stock.changed.v9"}', [], "unknown-type"),
        (b'{"type": "stock.changed.v1", "data": {}}', [("odd", None), ("latin", b"\xe9")], "invalid-event"),
    ],
)
async def test_poison_in_the_middle_of_a_batch_is_set_aside_alone(
    lab: Lab,
    record_effects: Handler,
    make_sale: MakeSale,
    wait_for: Wait,
    poison: bytes,
    headers: list[tuple[str, bytes | None]],
    reason: str,
) -> None:
    await lab.send(make_sale("before"), headers=headers)
    await lab.send(poison, headers=headers)
    await lab.send(make_sale("after"), headers=headers)
    consumer = lab.consumer(record_effects)
    await consumer.start()
    await wait_for(lambda: _has(lab, 2), "the two good records")
    await consumer.stop()
    assert await lab.effects() == ["before", "after"]
    [row] = await _dead_letters(lab)
    assert (row["value"], row["topic"]) == (poison, "stock.changed.inventory.dlq")
    assert row["headers"][header.REASON] == reason
    assert row["headers"][header.ORIGINAL_OFFSET] == "1"


async def test_a_record_that_breaks_the_handler_is_found_and_set_aside(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    async def fragile(deliveries: Sequence[Delivery[Any]], work: Work) -> None:
        await record_effects(deliveries, work)
        if any(delivery.data.sku == "BAD" for delivery in deliveries):
            raise ZeroDivisionError("no such luck")

    for number in range(9):
        await lab.send(make_sale(f"e{number}", "BAD" if number == 4 else "GOOD"))
    consumer = lab.consumer(fragile)
    await consumer.start()
    await wait_for(lambda: _has(lab, 8), "the eight good records")
    await consumer.stop()
    assert await lab.effects() == [f"e{number}" for number in range(9) if number != 4]
    [row] = await _dead_letters(lab)
    assert row["headers"][header.REASON] == "handler-failed"
    assert row["headers"][header.ERROR] == "ZeroDivisionError: no such luck"


async def test_text_that_postgres_can_not_hold_is_set_aside(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    nul = make_sale("nul", "SKU\0")
    await lab.send(make_sale("before"))
    await lab.send(nul, headers=[("x", b"a\0b")])
    await lab.send(make_sale("after"))
    consumer = lab.consumer(record_effects)
    await consumer.start()
    await wait_for(lambda: _has(lab, 2), "the two good records")
    await consumer.stop()
    assert await lab.effects() == ["before", "after"]
    [row] = await _dead_letters(lab)
    assert (row["value"], row["headers"][header.REASON]) == (nul, "handler-failed")
    assert row["headers"]["x"] == "a\N{REPLACEMENT CHARACTER}b"


async def test_an_event_that_comes_twice_counts_once(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    twice = make_sale("same")
    await lab.send(twice)
    await lab.send(twice)
    consumer = lab.consumer(record_effects)
    await consumer.start()
    await wait_for(lambda: _has(lab, 1), "the effect")
    await lab.send(twice)
    await lab.send(make_sale("other"))
    await wait_for(lambda: _has(lab, 2), "the other effect")
    await consumer.stop()
    assert await lab.effects() == ["same", "other"]


async def test_a_transient_failure_is_tried_again_without_losing_order(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    failures = iter([ConnectionRefusedError("away"), TimeoutError("slow"), ConnectionResetError("gone")])

    async def flaky(deliveries: Sequence[Delivery[Any]], work: Work) -> None:
        await record_effects(deliveries, work)
        if (failure := next(failures, None)) is not None:
            raise failure

    for number in range(5):
        await lab.send(make_sale(f"e{number}"))
    consumer = lab.consumer(flaky)
    await consumer.start()
    await wait_for(lambda: _has(lab, 5), "the effects")
    assert (await consumer.check()).ok
    await consumer.stop()
    assert await lab.effects() == [f"e{number}" for number in range(5)]
    assert await _dead_letters(lab) == []


async def test_a_rejected_record_may_come_back(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    known: set[str] = set()

    async def choosy(deliveries: Sequence[Delivery[Any]], work: Work) -> None:
        for delivery in deliveries:
            if delivery.data.sku not in known:
                work.reject(delivery, "unknown-sku", "publish the product first")
        await record_effects([d for d in deliveries if d.data.sku in known], work)

    sale = make_sale("e", "NEW")
    await lab.send(sale)
    consumer = lab.consumer(choosy)
    await consumer.start()
    await wait_for(lambda: _has_letters(lab, 1), "the dead letter")
    known.add("NEW")
    await lab.send(sale)
    await wait_for(lambda: _has(lab, 1), "the retried record")
    await consumer.stop()
    assert await lab.effects() == ["e"]


async def test_a_batch_in_work_ends_before_its_partitions_go_to_another(
    lab: Lab, record_effects: Handler, make_sale: MakeSale, wait_for: Wait
) -> None:
    entered = asyncio.Event()
    may_end = asyncio.Event()

    async def slow(deliveries: Sequence[Delivery[Any]], work: Work) -> None:
        await record_effects(deliveries, work)
        entered.set()
        await may_end.wait()

    for number in range(10):
        await lab.send(make_sale(f"e{number}"), key=str(number).encode())
    first = lab.consumer(slow, inbox=False)
    await first.start()
    await asyncio.wait_for(entered.wait(), 30)
    second = lab.consumer(record_effects, inbox=False)
    joining = asyncio.create_task(second.start())
    may_end.set()
    await joining
    await wait_for(lambda: _both_consume(first, second), "both consumers to have partitions")
    for number in range(10, 30):
        await lab.send(make_sale(f"e{number}"), key=str(number).encode())
    await wait_for(lambda: _has(lab, 30), "all effects")
    await asyncio.gather(first.stop(), second.stop())
    assert sorted(await lab.effects()) == sorted(f"e{number}" for number in range(30))


async def test_readiness_knows_a_consumer_that_stopped(lab: Lab, record_effects: Handler, wait_for: Wait) -> None:
    consumer = lab.consumer(record_effects)
    assert not (await consumer.check()).ok
    await consumer.start()
    await wait_for(lambda: _is_ready(consumer), "partitions")
    await consumer.stop()
    assert not (await consumer.check()).ok


async def test_what_is_set_aside_reaches_its_topic(lab: Lab, record_effects: Handler, wait_for: Wait) -> None:
    await lab.send(b"{broken", key=b"SKU")
    consumer = lab.consumer(record_effects)
    await consumer.start()
    await wait_for(lambda: _has_letters(lab, 1), "the dead letter")
    await consumer.stop()
    relay = Relay(lab.settings, "inventory", {"stock.changed.inventory.dlq": 1})
    relay.stop()
    await relay.run()
    [letter] = await lab.read("stock.changed.inventory.dlq", 1)
    assert (letter.key, letter.value) == (b"SKU", b"{broken")
    assert dict(letter.headers)[header.REASON] == b"not-json"


async def _has(lab: Lab, count: int) -> bool:
    return len(await lab.effects()) >= count


async def _has_letters(lab: Lab, count: int) -> bool:
    return len(await _dead_letters(lab)) >= count


async def _is_ready(consumer: Any) -> bool:  # noqa: ANN401 - either consumer
    return bool((await consumer.check()).ok)


async def _both_consume(first: Any, second: Any) -> bool:  # noqa: ANN401 - either consumer
    details = [await first.check(), await second.check()]
    return all(check.ok for check in details) and all("3 partitions" in check.detail for check in details)
