"""A behaviour of telling the marketplace what was shipped."""

import functools

from contracts import MarketplaceOrderReceived

from connector_sdk.conformance.deviation import expect
from connector_sdk.conformance.rig import Rig
from connector_sdk.testing.parcels import parcel, shipped

_ORDERED, _FIRST, _CORRECTED = 5, 5, 2
_TRIES = 4
_HURRY = "update shipments set next_attempt_at = now() where next_attempt_at > now()"


async def a_parcel_is_confirmed_under_one_name(rig: Rig) -> None:
    """However often it is sent and told, a parcel ships its units once, and its fate is told once; or `unsupported`."""
    order = await _ordered(rig)
    line = order.lines[0].external_line_id
    first = shipped(order.external_order_id, parcel(line=line, quantity=_FIRST))
    if not rig.marketplace.capabilities().shipments:
        await _expect_unsupported(rig, order.external_order_id)
        return
    await rig.sandbox.faults(error_rate=1)
    await rig.take_in_shipments(first, first)
    before = len(await rig.sandbox.statuses())
    await rig.until(functools.partial(_has_tried, rig, before + _TRIES), "a parcel without an answer is not sent again")
    await rig.sandbox.faults()
    await rig.until(functools.partial(_is_told, rig, "accepted"), "a parcel was never confirmed")
    await rig.take_in_shipments(first)
    corrected = shipped(order.external_order_id, parcel(line=line, quantity=_CORRECTED), at=1)
    await rig.take_in_shipments(corrected, corrected)
    await rig.until(functools.partial(_is_told, rig, "accepted", 2), "a corrected parcel was never confirmed")

    units = await rig.sandbox.units_shipped(order.external_order_id)
    expect(units == _CORRECTED, f"of {_ORDERED} units {units} are shipped, and not the parcel's {_CORRECTED}")
    told = await rig.shipments_told()
    expect(told == ["unknown", "accepted", "accepted"], f"a parcel and its correction were told as {told}")


async def _expect_unsupported(rig: Rig, external_order_id: str) -> None:
    before = len(await rig.sandbox.statuses())
    for _ in range(2):
        await rig.take_in_shipments(shipped(external_order_id, parcel()))
    await rig.ship(2)
    told = await rig.shipments_told()
    expect(told == ["unsupported"], f"a parcel that can't be confirmed was told as {told}")
    expect(len(await rig.sandbox.statuses()) == before, "a parcel that can't be confirmed was sent")


async def _ordered(rig: Rig) -> MarketplaceOrderReceived:
    await rig.sandbox.put_on_sale("X-A", quantity=_ORDERED)
    number = await rig.sandbox.order("X-A", _ORDERED)

    async def has_come() -> bool:
        await rig.read()
        return any(order.external_order_id == number for order in await rig.orders())

    await rig.until(has_come, "an order was never told")
    return next(order for order in await rig.orders() if order.external_order_id == number)


async def _has_tried(rig: Rig, calls: int) -> bool:
    await rig.database.run(_HURRY)
    await rig.ship()
    return len(await rig.sandbox.statuses()) >= calls


async def _is_told(rig: Rig, status: str, times: int = 1) -> bool:
    await rig.database.run(_HURRY)
    await rig.ship()
    return (await rig.shipments_told()).count(status) >= times
