"""A day on which buyers want more than there is, with a storefront that reports its sales, and with one that asks."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from itertools import pairwise
from typing import Any, TypeAlias

import pytest
from demo.catalogue import built_in_day
from demo.day import Pace, live_through
from demo.day import Running as RunningDay
from demo.house import House
from demo.modes import Mode
from demo.report import Progressing, console
from demo.scenario import Stock, plan_day
from local_stack.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SALES = 60
StorefrontMode: TypeAlias = Callable[[Mode], AbstractAsyncContextManager[None]]


@pytest.mark.parametrize("mode", list(Mode))
async def test_nothing_is_sold_that_is_not_there(
    running: tuple[Stack, House], storefront_mode: StorefrontMode, mode: Mode
) -> None:
    stack, house = running
    scenario = plan_day(built_in_day(sales=SALES, suffix=f"/scarce {mode}"), stock=Stock.SCARCE)
    day = RunningDay(house, stack.bootstrap_servers, restarts=dict, mode=mode)
    async with storefront_mode(mode):
        with Progressing(console()) as progress:
            pace = Pace(run_id=f"e2e-scarce-{mode}", rate=30, stock=Stock.SCARCE)
            summary = await live_through(scenario, day, pace, progress)
    assert summary.differences == ()
    assert (summary.lost, summary.doubled, summary.oversold_units, summary.incidents) == (0, 0, 0, 0)
    assert (summary.ledger_ok, summary.marketplaces_ok, summary.orders_ok) == (True, True, True)
    assert summary.prices_ok
    assert summary.ok
    assert summary.sales > 0
    assert summary.refused > 0
    for product in scenario.products:
        adds_up(await house.explanation(product.sku))


def adds_up(explained: dict[str, Any]) -> None:
    """Whoever adds the figures by hand finds what they say: stock, allocation, bounds, each target, the ledger."""
    inputs, bounds, events = explained["inputs"], explained["bounds"], explained["events"]
    assert inputs["on_hand"] - inputs["reserved"] == inputs["available"]
    assert sum(bounds["held"].values()) + bounds["free"] == bounds["available"] == inputs["available"]
    for figures in (explained["allocation"], *(target["explanation"] for target in explained["targets"].values())):
        assert figures["sellable"] == max(0, figures["available"] - figures["buffer"])
        assert sum(figures["units"].values()) == figures["sellable"]
    assert events[0]["after_qty"] == inputs["on_hand"]
    assert all(event["before_qty"] + event["change_qty"] == event["after_qty"] for event in events)
    assert all(newer["before_qty"] == older["after_qty"] for newer, older in pairwise(events))
