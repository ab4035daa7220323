"""The tables `marketplace_orders`, `orders` and `order_items`: whole batches at a time, under row locks."""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from contracts import MarketplaceOrderReceived, Money, OrderStatus
from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from order_importer.identity import order_id_of
from order_importer.order import WORKFLOW, Line, Listing, Order
from order_importer.stock_effects import LineStock

_CREATE = text("""
insert into orders (order_id, source, external_order_id, placed_at, status, workflow, created_at)
select order_id, source, external_order_id, placed_at, :status, :workflow, :now
from unnest(
    cast(:order_ids as text[]), cast(:sources as text[]),
    cast(:external_order_ids as text[]), cast(:placed_at as timestamptz[])
) as new (order_id, source, external_order_id, placed_at)
order by order_id
on conflict (order_id) do nothing
""")

_COLUMNS = """
order_id, source, external_order_id, placed_at, status, nullif(updated_at, '-infinity') as updated_at, handled_units,
is_announced
"""

_LOCK = text(f"""
select {_COLUMNS} from orders where order_id = any(cast(:order_ids as text[])) order by order_id for update
""")  # noqa: S608 - a constant

_LOCK_WAITING = text(f"""
select {_COLUMNS} from orders
where order_id in (
    select item.order_id
    from unnest(cast(:channels as text[]), cast(:external_skus as text[])) as wanted (channel, external_sku)
    join order_items item on item.external_sku = wanted.external_sku and item.sku is null
    join orders owner on owner.order_id = item.order_id and owner.source = wanted.channel
)
order by order_id for update
""")  # noqa: S608 - a constant

_ITEMS = text("select * from order_items where order_id = any(cast(:order_ids as text[]))")

_SAVE_RECEIVED = text("""
insert into marketplace_orders
select *, :now from unnest(
    cast(:channels as text[]), cast(:external_order_ids as text[]), cast(:statuses as text[]),
    cast(:placed_at as timestamptz[]), cast(:updated_at as timestamptz[]), cast(:fulfilled_by as text[]),
    cast(:payment_methods as text[]), cast(:ship_by as timestamptz[]), cast(:amounts as numeric[]),
    cast(:currencies as text[]), cast(:raws as jsonb[]))
on conflict (channel, external_order_id) do update set
    status = excluded.status, placed_at = excluded.placed_at, updated_at = excluded.updated_at,
    fulfilled_by = excluded.fulfilled_by, payment_method = excluded.payment_method, ship_by = excluded.ship_by,
    total_amount = excluded.total_amount, total_currency = excluded.total_currency, raw = excluded.raw,
    received_at = excluded.received_at
""")

_SAVE_ORDERS = text("""
update orders set
    placed_at = new.placed_at, status = new.status, updated_at = new.updated_at, handled_units = new.handled_units,
    is_announced = new.is_announced, parked = new.parked_reason is not null, parked_reason = new.parked_reason
from unnest(
    cast(:order_ids as text[]), cast(:placed_at as timestamptz[]), cast(:statuses as text[]),
    cast(:updated_at as timestamptz[]), cast(:handled_units as bigint[]), cast(:are_announced as boolean[]),
    cast(:parked_reasons as text[])
) as new (order_id, placed_at, status, updated_at, handled_units, is_announced, parked_reason)
where orders.order_id = new.order_id
""")

_SAVE_ITEMS = text("""
insert into order_items
select
    order_id, line_reference, external_sku, sku, title, quantity, quantity_shipped, quantity_cancelled,
    unit_price_amount, unit_price_currency, units_taken, units_returned, cast(units_waiting as bigint[])
from unnest(
    cast(:order_ids as text[]), cast(:line_references as text[]), cast(:external_skus as text[]),
    cast(:skus as text[]), cast(:titles as text[]), cast(:quantities as int[]), cast(:shipped as int[]),
    cast(:cancelled as int[]), cast(:amounts as numeric[]), cast(:currencies as text[]), cast(:taken as bigint[]),
    cast(:returned as bigint[]), cast(:waiting as text[])
) as new (
    order_id, line_reference, external_sku, sku, title, quantity, quantity_shipped, quantity_cancelled,
    unit_price_amount, unit_price_currency, units_taken, units_returned, units_waiting)
on conflict (order_id, line_reference) do update set
    external_sku = excluded.external_sku, sku = excluded.sku, title = excluded.title, quantity = excluded.quantity,
    quantity_shipped = excluded.quantity_shipped, quantity_cancelled = excluded.quantity_cancelled,
    unit_price_amount = excluded.unit_price_amount, unit_price_currency = excluded.unit_price_currency,
    units_taken = excluded.units_taken, units_returned = excluded.units_returned,
    units_waiting = excluded.units_waiting
""")


async def lock_or_create(
    connection: AsyncConnection, received: Iterable[MarketplaceOrderReceived], now: dt.datetime
) -> dict[str, Order]:
    """The orders as stored, by order id, locked until the transaction ends; one that is new is created blank.

    Whoever imports the same order at the same time waits here, also while it is new, and then sees what was stored.
    """
    wanted = {order_id_of(order.channel, order.external_order_id): order for order in received}
    await connection.execute(
        _CREATE,
        {
            "order_ids": list(wanted),
            "sources": [order.channel for order in wanted.values()],
            "external_order_ids": [order.external_order_id for order in wanted.values()],
            "placed_at": [order.placed_at for order in wanted.values()],
            "status": OrderStatus.UNKNOWN,
            "workflow": WORKFLOW,
            "now": now,
        },
    )
    return await _lock(connection, _LOCK, {"order_ids": list(wanted)})


async def lock_waiting(connection: AsyncConnection, listings: Collection[Listing]) -> dict[str, Order]:
    """The orders that have an unmapped line under one of `listings`, by order id, locked until the transaction ends."""
    parameters = {"channels": [key[0] for key in listings], "external_skus": [key[1] for key in listings]}
    return await _lock(connection, _LOCK_WAITING, parameters)


async def _lock(
    connection: AsyncConnection, statement: TextClause, parameters: Mapping[str, list[str]]
) -> dict[str, Order]:
    rows = (await connection.execute(statement, parameters)).all()
    lines: dict[str, dict[str, Line]] = {row.order_id: {} for row in rows}
    if lines:
        for item in await connection.execute(_ITEMS, {"order_ids": list(lines)}):
            lines[item.order_id][item.line_reference] = _line(item)
    return {row.order_id: _order(row, lines[row.order_id]) for row in rows}


def _order(row: Row[Any], lines: Mapping[str, Line]) -> Order:
    return Order(
        source=row.source,
        external_order_id=row.external_order_id,
        placed_at=row.placed_at,
        status=OrderStatus(row.status),
        updated_at=row.updated_at,
        handled_units=row.handled_units,
        is_announced=row.is_announced,
        lines=lines,
    )


def _line(row: Row[Any]) -> Line:
    price = row.unit_price_amount is not None
    return Line(
        line_reference=row.line_reference,
        external_sku=row.external_sku,
        sku=row.sku,
        title=row.title,
        quantity=row.quantity,
        quantity_shipped=row.quantity_shipped,
        quantity_cancelled=row.quantity_cancelled,
        unit_price=Money(amount=row.unit_price_amount, currency=row.unit_price_currency) if price else None,
        stock=LineStock(row.units_taken, row.units_returned, tuple(row.units_waiting)),
    )


async def save_received(
    connection: AsyncConnection, newest: Sequence[MarketplaceOrderReceived], now: dt.datetime
) -> None:
    """Keep the newest version of each order as it was received; at most one of each order may be given."""
    if not newest:
        return
    await connection.execute(
        _SAVE_RECEIVED,
        {
            "channels": [order.channel for order in newest],
            "external_order_ids": [order.external_order_id for order in newest],
            "statuses": [order.status for order in newest],
            "placed_at": [order.placed_at for order in newest],
            "updated_at": [order.updated_at for order in newest],
            "fulfilled_by": [order.fulfilled_by for order in newest],
            "payment_methods": [order.payment_method for order in newest],
            "ship_by": [order.ship_by for order in newest],
            "amounts": [order.total and order.total.amount for order in newest],
            "currencies": [order.total and order.total.currency for order in newest],
            "raws": [json.dumps(order.raw) for order in newest],
            "now": now,
        },
    )


async def save(connection: AsyncConnection, changed: Sequence[tuple[Order, Order]]) -> None:
    """Write locked orders, given as they were read and as they are now; lines that did not change are left alone."""
    if not changed:
        return
    after = [order for _, order in changed]
    await connection.execute(
        _SAVE_ORDERS,
        {
            "order_ids": [order.order_id for order in after],
            "placed_at": [order.placed_at for order in after],
            "statuses": [order.status for order in after],
            "updated_at": [order.updated_at for order in after],
            "handled_units": [order.handled_units for order in after],
            "are_announced": [order.is_announced for order in after],
            "parked_reasons": [order.parked_reason for order in after],
        },
    )
    await _save_lines(
        connection,
        [
            (order.order_id, line)
            for before, order in changed
            for reference, line in order.lines.items()
            if before.lines.get(reference) != line
        ],
    )


async def _save_lines(connection: AsyncConnection, changed: Sequence[tuple[str, Line]]) -> None:
    if not changed:
        return
    lines = [line for _, line in changed]
    await connection.execute(
        _SAVE_ITEMS,
        {
            "order_ids": [order_id for order_id, _ in changed],
            "line_references": [line.line_reference for line in lines],
            "external_skus": [line.external_sku for line in lines],
            "skus": [line.sku for line in lines],
            "titles": [line.title for line in lines],
            "quantities": [line.quantity for line in lines],
            "shipped": [line.quantity_shipped for line in lines],
            "cancelled": [line.quantity_cancelled for line in lines],
            "amounts": [line.unit_price and line.unit_price.amount for line in lines],
            "currencies": [line.unit_price and line.unit_price.currency for line in lines],
            "taken": [line.stock.taken for line in lines],
            "returned": [line.stock.returned for line in lines],
            "waiting": ["{" + ",".join(map(str, line.stock.waiting)) + "}" for line in lines],
        },
    )
