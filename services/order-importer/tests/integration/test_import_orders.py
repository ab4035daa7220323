import asyncio

import pytest
from contracts import FulfilledBy, Money, OrderStatus, StockReason
from order_importer.testing.samples import NOON, line, listing, minutes_later, order
from order_importer.testing.workbench import Workbench
from sqlalchemy import text

pytestmark = pytest.mark.integration

CANCELLED = OrderStatus.CANCELLED


async def _count(bench: Workbench, table: str) -> int:
    async with bench.engine.connect() as connection:
        return int((await connection.execute(text(f"select count(*) from {table}"))).scalar_one())  # noqa: S608 - ours


async def test_an_order_takes_its_units_once_and_says_where_they_went(workbench: Workbench) -> None:
    await workbench.deliver(listing())
    records = await workbench.deliver(order())
    [event] = await workbench.sent("stock.changed")
    assert (event.data.sku, event.data.change_qty, event.data.reason) == ("SKU-1", -2, StockReason.SALE)
    assert (event.data.channel, event.data.placed_at) == ("amazon", NOON)
    assert (event.data.reference, event.data.line_reference) == ("A-1", "1")
    assert event.causationid == f"event-{records[0].offset}"


async def test_an_order_is_announced_once_with_its_skus(workbench: Workbench) -> None:
    await workbench.deliver(listing(), order(line(unit_price=Money(amount="12.50", currency="EGP"))))
    [event] = await workbench.sent("order.imported")
    assert event.data.lines[0].sku == "SKU-1"
    assert str(event.data.lines[0].unit_price.amount) == "12.50"
    assert event.data.workflow == "marketplace_direct"
    assert await workbench.sent("order.changed") == []


async def test_a_replay_changes_nothing_even_after_the_inbox_was_emptied(workbench: Workbench) -> None:
    records = await workbench.deliver(listing(), order(), order(at=1, status=CANCELLED), order(line("9"), at=2))
    before = [await workbench.sent(topic) for topic in ("stock.changed", "order.imported", "order.changed")]
    assert await workbench.net() == {"SKU-1": -2}
    for _ in range(2):
        await workbench.forget_inbox()
        await workbench.processor.process(records)
        await workbench.processor.process(records[:2])
    after = [await workbench.sent(topic) for topic in ("stock.changed", "order.imported", "order.changed")]
    assert after == before


async def test_replaying_everything_into_an_empty_importer_gives_the_same_ids(workbench: Workbench) -> None:
    records = await workbench.deliver(order(), order(at=1, status=CANCELLED), order(at=2), listing())
    before = {event.id: event.data for event in await workbench.sent("stock.changed")}
    async with workbench.engine.begin() as connection:
        await connection.execute(text("truncate inbox, outbox, listings, marketplace_orders, orders, order_items"))
    for record in reversed(records[-1:]):
        await workbench.processor.process([record])
    for record in records[:-1]:
        await workbench.processor.process([record])
    assert {event.id: event.data for event in await workbench.sent("stock.changed")} == before
    assert len(before) == 3


async def test_a_partial_cancellation_returns_its_part_and_the_rest_follows(workbench: Workbench) -> None:
    await workbench.deliver(listing(), order(line(quantity=5)))
    await workbench.deliver(order(line(quantity=5, quantity_cancelled=2), at=1))
    assert await workbench.net() == {"SKU-1": -3}
    await workbench.deliver(order(line(quantity=5, quantity_cancelled=5), at=2, status=CANCELLED))
    changes = await workbench.stock_changes()
    assert [change.change_qty for change in changes] == [-5, 2, 3]
    assert [change.reason for change in changes[1:]] == [StockReason.CANCELLATION] * 2


async def test_an_order_first_seen_cancelled_takes_nothing_in_all_and_is_told(workbench: Workbench) -> None:
    earlier = minutes_later(-30)
    await workbench.deliver(listing(), order(status=CANCELLED, placed_at=earlier))
    told = await workbench.sent("stock.changed")
    assert [(event.data.reason, event.data.change_qty) for event in told] == [
        (StockReason.CANCELLATION, 2),
        (StockReason.SALE, -2),
    ]
    assert [event.time for event in told] == [earlier, NOON]


async def test_an_older_version_does_not_overwrite_a_newer_one(workbench: Workbench) -> None:
    await workbench.deliver(listing(), order(at=5, status=CANCELLED))
    before = await workbench.stock_changes()
    await workbench.deliver(order(at=1))
    assert await workbench.stock_changes() == before
    assert await workbench.net() == {"SKU-1": 0}
    async with workbench.engine.connect() as connection:
        statuses = await connection.execute(
            text("select status from orders union select status from marketplace_orders")
        )
        assert statuses.scalars().all() == [CANCELLED]


async def test_several_versions_in_one_batch_are_applied_in_their_order(workbench: Workbench) -> None:
    await workbench.deliver(listing(), order(), order(line(quantity_cancelled=1), at=1), order(at=2, status=CANCELLED))
    assert [change.change_qty for change in await workbench.stock_changes()] == [-2, 1, 1]
    assert [event.data.status for event in await workbench.sent("order.changed")] == ["unshipped", "cancelled"]


async def test_what_the_marketplace_fulfils_is_recorded_without_an_effect(workbench: Workbench) -> None:
    await workbench.deliver(listing(), order(fulfilled_by=FulfilledBy.MARKETPLACE))
    assert await workbench.stock_changes() == []
    assert await _count(workbench, "marketplace_orders") == 1


async def test_a_missing_price_does_not_stop_the_stock_effect(workbench: Workbench) -> None:
    await workbench.deliver(listing(), order(line(unit_price=None), total=None))
    assert await workbench.net() == {"SKU-1": -2}


async def test_two_importers_that_get_the_same_order_at_once_take_its_units_once(workbench: Workbench) -> None:
    await workbench.deliver(listing())
    for number in range(10):
        same = [order(external_order_id=f"A-{number}", at=minute) for minute in range(2)]
        batches = [[workbench.record(version) for version in versions] for versions in (same, same[::-1], same)]
        await asyncio.gather(*(workbench.processor.process(batch) for batch in batches))
    assert await workbench.net() == {"SKU-1": -20}
    ids = [event.id for event in await workbench.sent("stock.changed")]
    assert len(ids) == len(set(ids)) == 10


async def test_two_importers_that_get_the_same_change_at_once_let_it_take_effect_once(workbench: Workbench) -> None:
    await workbench.deliver(listing(), order())
    cancelled = order(at=1, status=CANCELLED)
    async with asyncio.TaskGroup() as importers, workbench.engine.begin() as held:
        await held.execute(text("select * from orders for update"))
        for _ in range(2):
            importers.create_task(workbench.processor.process([workbench.record(cancelled)]))
        await _until_waiting_for_locks(workbench, 2)
    assert [change.change_qty for change in await workbench.stock_changes()] == [-2, 2]


async def _until_waiting_for_locks(bench: Workbench, wanted: int) -> None:
    waiting = text("""
        select count(*) as waiting, pg_sleep(0.01) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'
    """)
    async with asyncio.timeout(20), bench.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        while (await autocommit.execute(waiting)).one().waiting < wanted:
            continue


async def test_an_order_whose_lines_share_an_id_is_set_aside_and_the_others_go_on(workbench: Workbench) -> None:
    await workbench.deliver(listing(), order(line("1"), line("1")), order(external_order_id="A-2"))
    assert await workbench.net() == {"SKU-1": -2}
    async with workbench.engine.connect() as connection:
        topics = await connection.execute(text("select topic from outbox where topic like '%dlq'"))
        assert topics.scalars().all() == ["marketplace.order.received.order-importer.dlq"]
