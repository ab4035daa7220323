"""Behaviours of reading orders that come late, in disorder, or several times."""

import functools

from contracts import MarketplaceOrderReceived, OrderStatus, OrdersWatermark

from connector_sdk.conformance.deviation import expect
from connector_sdk.conformance.rig import Rig

_ORDERS = 4


async def late_and_repeated_orders_are_told_once(rig: Rig) -> None:
    """Orders that show up after a read had passed their time, twice and in no order, are each told once."""
    await rig.sandbox.put_on_sale("X-A", quantity=20)
    await rig.sandbox.faults(order_lag_s=rig.subject.late_by, duplicate_rate=1, reorder=True, largest_page=2)
    placed = [await rig.sandbox.order("X-A", quantity) for quantity in range(1, _ORDERS + 1)]
    await rig.read(2)
    await rig.until(functools.partial(_have_come, rig, placed), "an order that was shown late was never told")
    await rig.sandbox.cancel(placed[0])
    await rig.until(functools.partial(_is_cancelled, rig, placed[0]), "a later cancellation was never told")
    await rig.read(6)

    told = await rig.orders()
    states = {number: [o.status for o in told if o.external_order_id == number] for number in placed}
    wanted = {number: [OrderStatus.UNSHIPPED] for number in placed[1:]}
    wanted[placed[0]] = [OrderStatus.UNSHIPPED, OrderStatus.CANCELLED]
    expect(states == wanted, f"the orders were told as {states}")
    cancelled = [o.lines[0].quantity_cancelled for o in told if o.status is OrderStatus.CANCELLED]
    expect(cancelled == [1], f"of the cancelled order's one unit {cancelled} were told as cancelled")
    units = {o.external_order_id: o.lines[0].quantity for o in told}
    expect(units == {number: n for n, number in enumerate(placed, 1)}, f"the orders were told with units {units}")


async def the_watermark_is_never_early(rig: Rig) -> None:
    """No order is told behind a watermark that has passed its time, however late it is shown; and it does move on."""
    await rig.sandbox.put_on_sale("X-A", quantity=20)
    await rig.sandbox.faults(order_lag_s=rig.subject.late_by)
    await rig.read(2)
    placed = [await rig.sandbox.order("X-A")]
    await rig.read(2)
    placed.append(await rig.sandbox.order("X-A"))
    await rig.until(functools.partial(_have_come, rig, placed), "an order that was shown late was never told")
    last = max(order.placed_at for order in await rig.orders())

    async def has_passed() -> bool:
        await rig.read()
        return max(await rig.watermarks()) >= last

    await rig.until(has_passed, "the watermark does not move on")
    known_until = None
    for each in await rig.orders_told():
        if isinstance(each, OrdersWatermark):
            known_until = each.known_until if known_until is None else max(known_until, each.known_until)
        else:
            _is_ahead(each, known_until is None or each.placed_at > known_until)


def _is_ahead(order: MarketplaceOrderReceived, is_ahead: object) -> None:
    expect(is_ahead, f"an order placed at {order.placed_at} came behind a watermark that had passed that time")


async def _have_come(rig: Rig, placed: list[str]) -> bool:
    await rig.read()
    return {order.external_order_id for order in await rig.orders()} >= set(placed)


async def _is_cancelled(rig: Rig, number: str) -> bool:
    await rig.read()
    told = [order for order in await rig.orders() if order.external_order_id == number]
    return told[-1].status is OrderStatus.CANCELLED
