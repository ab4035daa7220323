"""Behaviours of a connector that is killed in the middle of its work."""

import asyncio
import functools
from collections.abc import Sequence

from contracts import AppliedStatus

from connector_sdk import pushes
from connector_sdk.conformance.deviation import expect
from connector_sdk.conformance.rig import Rig
from connector_sdk.marketplace import LineResult, Marketplace, StockLine
from connector_sdk.testing.targets import delivery

_PAGES = 3
_ORDERS = 5


class _Silent:
    """Carries out every write, and its answer never gets to the connector that asked."""

    def __init__(self, marketplace: Marketplace) -> None:
        self._marketplace = marketplace
        self.written = asyncio.Event()
        self.is_over = asyncio.Event()
        self.capabilities = marketplace.capabilities
        self.read_listings = marketplace.read_listings
        self.fetch_orders = marketplace.fetch_orders
        self.fetch_order = marketplace.fetch_order
        self.push_prices = marketplace.push_prices
        self.search_listings = marketplace.search_listings
        self.check_account = marketplace.check_account
        self.dry_run = marketplace.dry_run
        self.confirm_shipment = marketplace.confirm_shipment
        self.estimate_fees = marketplace.estimate_fees

    async def push_stock(self, lines: Sequence[StockLine]) -> Sequence[LineResult]:
        results = await self._marketplace.push_stock(lines)
        self.written.set()
        await self.is_over.wait()
        return results


async def a_kill_before_the_call_repeats_only_zeros(rig: Rig) -> None:
    """Killed between the claim and the call: nobody knows that nothing was sent, so a raise ends as unknown."""
    await rig.sandbox.put_on_sale("X-raise", "X-zero", quantity=3)
    await rig.take_in(delivery("raise", 1, 7), delivery("zero", 1, 0))
    async with rig.database.worker.begin() as work:
        await pushes.claim(work.connection, 5, "a leader that died", work.now)
    await rig.die()
    await _go_on(rig)


async def a_kill_after_the_call_doubles_nothing(rig: Rig) -> None:
    """Killed between the call and the commit: the raise was applied, is unknown and not sent again."""
    await rig.sandbox.put_on_sale("X-raise", "X-zero", quantity=3)
    silent, usual = _Silent(rig.marketplace), rig.marketplace
    rig.marketplace = silent
    await rig.take_in(delivery("raise", 1, 7))
    async with asyncio.timeout(20):
        while not silent.written.is_set():
            await rig.push()
    await rig.die()
    rig.marketplace = usual
    await rig.take_in(delivery("zero", 1, 0))
    try:
        await _go_on(rig)
        writes = await rig.sandbox.writes("X-raise")
        wanted = [("X-raise", 7), ("X-raise", 6)]
        expect(writes == wanted, f"a raise that was under way at the kill was sent as {writes}, not as {wanted}")
    finally:
        silent.is_over.set()


async def _go_on(rig: Rig) -> None:
    """The next process takes over, and the inventory follows the unknown outcome with a new revision."""
    await rig.push_to_rest()
    ends = await rig.ends("raise")
    expect(ends == [(1, AppliedStatus.UNKNOWN)], f"a raise that was under way at the kill was told as {ends}")
    ends = await rig.ends("zero")
    expect(ends == [(1, AppliedStatus.ACCEPTED)], f"a zero at the kill was told as {ends}")
    await rig.take_in(delivery("raise", 2, 6))
    await rig.push_to_rest()
    shown = await rig.sandbox.quantities()
    expect(shown == {"X-raise": 6, "X-zero": 0}, f"after the kill buyers see {shown}")


async def a_kill_between_pages_loses_and_doubles_no_order(rig: Rig) -> None:
    """Killed after each page but the last: nothing counts as known, and the next process tells each order once."""
    await rig.sandbox.put_on_sale("X-A", quantity=20)
    await rig.sandbox.faults(largest_page=2)
    placed = {await rig.sandbox.order("X-A") for _ in range(_ORDERS)}
    for pages in range(1, _PAGES):
        await rig.read(pages)
        await rig.die()
    expect(not await rig.watermarks(), "a watermark was told before all pages were read")

    await rig.until(functools.partial(_has_read_all, rig), "no complete read was told")
    await rig.read(_PAGES)
    told = [order.external_order_id for order in await rig.orders()]
    expect(
        sorted(told) == sorted(placed), f"{_ORDERS} orders were placed, {len(told)} told, {len(set(told))} of them once"
    )


async def _has_read_all(rig: Rig) -> bool:
    await rig.read()
    return bool(await rig.watermarks())
