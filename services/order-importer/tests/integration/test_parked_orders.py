import asyncio
import datetime as dt

import pytest
from contracts import OrderStatus
from order_importer.queries import parked_orders
from order_importer.testing.samples import NOON, line, listing, order
from order_importer.testing.workbench import Workbench, counted_statements

pytestmark = pytest.mark.integration


async def _parked(bench: Workbench) -> int:
    return int((await parked_orders(bench.engine)()).facts["parked"])


async def test_a_parked_order_goes_on_when_its_listing_appears(workbench: Workbench) -> None:
    await workbench.deliver(order())
    assert await workbench.stock_changes() == []
    assert await workbench.sent("order.imported") == []
    assert await _parked(workbench) == 1
    [record] = await workbench.deliver(listing())
    [event] = await workbench.sent("stock.changed")
    assert (event.data.sku, event.data.change_qty, event.data.placed_at) == ("SKU-1", -2, NOON)
    assert event.causationid == f"event-{record.offset}"
    assert [event.data.external_order_id for event in await workbench.sent("order.imported")] == ["A-1"]
    assert await _parked(workbench) == 0


async def test_mapped_lines_of_a_parked_order_take_effect_at_once(workbench: Workbench) -> None:
    await workbench.deliver(listing(), order(line("1"), line("2", "X-2", 3)))
    assert await workbench.net() == {"SKU-1": -2}
    assert await _parked(workbench) == 1
    await workbench.deliver(listing("SKU-2", "X-2"))
    assert await workbench.net() == {"SKU-1": -2, "SKU-2": -3}


async def test_the_listing_of_another_channel_does_not_map(workbench: Workbench) -> None:
    await workbench.deliver(order(), listing(channel="noon"))
    assert await _parked(workbench) == 1


async def test_a_listing_told_twice_or_late_changes_nothing(workbench: Workbench) -> None:
    older = workbench.record(listing("OLD"), at=NOON - dt.timedelta(minutes=1))
    records = await workbench.deliver(order(), listing())
    await workbench.processor.process([*records, older])
    await workbench.deliver(order(external_order_id="A-2"))
    assert await workbench.net() == {"SKU-1": -4}


async def test_a_listing_that_is_no_longer_active_still_maps(workbench: Workbench) -> None:
    await workbench.deliver(order(), listing(is_active=False))
    assert await workbench.net() == {"SKU-1": -2}


async def test_an_order_cancelled_while_parked_never_touches_stock(workbench: Workbench) -> None:
    await workbench.deliver(order(), order(at=1, status=OrderStatus.CANCELLED))
    assert await _parked(workbench) == 0
    await workbench.deliver(listing())
    assert await workbench.stock_changes() == []
    assert [event.data.status for event in await workbench.sent("order.imported")] == ["cancelled"]


async def test_a_listing_and_an_order_that_arrive_at_once_never_miss_each_other(workbench: Workbench) -> None:
    for number in range(20):
        sku, external_sku = f"SKU-{number}", f"X-{number}"
        told = order(line("1", external_sku), external_order_id=f"A-{number}")
        batches = [[workbench.record(told)], [workbench.record(listing(sku, external_sku))]]
        await asyncio.gather(*(workbench.processor.process(batch) for batch in batches[:: 1 - number % 2 * 2]))
    assert await workbench.net() == {f"SKU-{number}": -2 for number in range(20)}
    assert await _parked(workbench) == 0


async def test_a_large_batch_costs_no_more_statements_than_a_small_one(workbench: Workbench) -> None:
    async def statements(first: int, last: int) -> int:
        orders = [
            order(line("1", f"X-{n % 50}"), line("2", "X-none"), external_order_id=f"A-{n}") for n in range(first, last)
        ]
        with counted_statements(workbench.engine) as counted:
            await workbench.deliver(*orders)
        return len(counted)

    await workbench.deliver(*(listing(f"SKU-{n}", f"X-{n}") for n in range(50)))
    assert await statements(0, 1) == await statements(1, 500) <= 12
