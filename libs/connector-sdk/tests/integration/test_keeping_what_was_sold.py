"""The lines of orders, kept to tell a sale from a write that was lost."""

import datetime as dt
from decimal import Decimal

import pytest
from connector_sdk import seen_orders, sold_lines
from connector_sdk.testing.database import ConnectorDatabase
from contracts import FulfilledBy, MarketplaceOrderReceived, Money, OrderLine, OrderStatus

pytestmark = pytest.mark.integration

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def _order(
    number: str, minute: int, *, cancelled: int = 0, by: FulfilledBy = FulfilledBy.MERCHANT
) -> MarketplaceOrderReceived:
    line = OrderLine(
        external_line_id="1",
        external_sku="X-A",
        quantity=3,
        quantity_cancelled=cancelled,
        unit_price=Money(amount=Decimal(5), currency="EGP"),
    )
    return MarketplaceOrderReceived(
        channel="testmart",
        external_order_id=number,
        status=OrderStatus.UNSHIPPED,
        placed_at=NOON,
        updated_at=NOON + dt.timedelta(minutes=minute),
        fulfilled_by=by,
        lines=(line,),
    )


async def _sold(database: ConnectorDatabase, since: dt.datetime = NOON) -> list[tuple[int, int]]:
    async with database.worker.begin() as work:
        found = await sold_lines.read(work.connection, ["X-A"], since)
    return sorted((line.quantity, line.quantity_cancelled) for line in found["X-A"])


async def test_an_order_is_kept_once_in_its_newest_version(database: ConnectorDatabase) -> None:
    async with database.worker.begin() as work:
        await seen_orders.keep(work.connection, [_order("1", 5, cancelled=1), _order("2", 0)])
        await seen_orders.keep(work.connection, [_order("1", 0)])
        await seen_orders.keep(work.connection, [_order("2", 0)])
        await seen_orders.keep(work.connection, [_order("3", 0, by=FulfilledBy.MARKETPLACE)])
    assert await _sold(database) == [(3, 0), (3, 1)]


async def test_what_changed_later_counts_although_it_was_placed_before(database: ConnectorDatabase) -> None:
    async with database.worker.begin() as work:
        await seen_orders.keep(work.connection, [_order("1", 30, cancelled=2)])
    assert await _sold(database, NOON + dt.timedelta(minutes=20)) == [(3, 2)]
    assert await _sold(database, NOON + dt.timedelta(minutes=40)) == []


async def test_what_is_long_ago_is_forgotten(database: ConnectorDatabase) -> None:
    async with database.worker.begin() as work:
        await seen_orders.keep(work.connection, [_order("1", 0), _order("2", 30)])
        await sold_lines.forget(work.connection, NOON + dt.timedelta(minutes=10))
    assert await _sold(database) == [(3, 0)]
