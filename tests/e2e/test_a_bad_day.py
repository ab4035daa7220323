"""A day on which the marketplaces misbehave, one of them is gone for a while and two services are killed twice."""

import dataclasses as dc
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias

import pytest
from demo.bad_weather import BAD_DAY, SLOW_SALES_A_SECOND, describe
from demo.catalogue import built_in_day
from demo.day import Pace, live_through
from demo.day import Running as RunningDay
from demo.house import House
from demo.modes import Mode
from demo.report import Progressing, Summary, console
from demo.scenario import MARKETPLACES, Stock, plan_day
from local_stack.stack import READY_TIMEOUT_S, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SALES = 150
StorefrontMode: TypeAlias = Callable[[Mode], AbstractAsyncContextManager[None]]
WEATHER = dc.replace(BAD_DAY, down_seconds=8)


@pytest.mark.parametrize(("stock", "mode"), [(Stock.AMPLE, Mode.REPORT), (Stock.SCARCE, Mode.RESERVE)])
async def test_a_bad_day_ends_as_right_as_a_good_one(
    running: tuple[Stack, House], storefront_mode: StorefrontMode, stock: Stock, mode: Mode
) -> None:
    stack, house = running
    async with storefront_mode(mode):
        before = {program: stack.supervisor.restarts(program) for _, program in WEATHER.kills}
        summary, faults = await _bad_day(stack, house, stock, mode)
        killed = {program: stack.supervisor.restarts(program) - count for program, count in before.items()}
    assert summary.differences == ()
    assert (summary.lost, summary.doubled, summary.oversold_units, summary.incidents) == (0, 0, 0, 0)
    assert (summary.ledger_ok, summary.marketplaces_ok, summary.orders_ok) == (True, True, True)
    assert summary.prices_ok
    assert summary.shipments_ok
    assert stock is Stock.SCARCE or summary.shipments["confirmed"] > 0
    assert summary.marketplace_orders > 0
    assert killed == {"inventory": 2, "amazon-connector": 2}
    for channel in MARKETPLACES:
        assert sum(faults["failed_calls"][channel].values()) > 0


async def _bad_day(stack: Stack, house: House, stock: Stock, mode: Mode) -> tuple[Summary, dict[str, Any]]:
    async def kill(program: str) -> None:
        await stack.supervisor.wait_ready(program, timeout_s=READY_TIMEOUT_S)
        stack.supervisor.kill(program)

    scenario = plan_day(built_in_day(sales=SALES, suffix=f"/bad and {stock}"), stock=stock)
    day = RunningDay(house, stack.bootstrap_servers, restarts=dict, mode=mode)
    try:
        with Progressing(console()) as progress:
            interruptions = WEATHER.interruptions(house, kill, progress.say)
            pace = Pace(run_id=f"e2e-bad-{stock}", rate=SLOW_SALES_A_SECOND, stock=stock)
            summary = await live_through(scenario, day, pace, progress, interruptions)
        return summary, await describe(WEATHER, house)
    finally:
        for channel in MARKETPLACES:
            await house.put_faults(channel, {})
