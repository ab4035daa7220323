"""A day of sales in which every service is killed, one after the other: nothing lost, nothing doubled, all right."""

from collections.abc import Awaitable, Callable

import pytest
from demo.catalogue import built_in_day
from demo.day import Interruption, Pace, live_through
from demo.day import Running as RunningDay
from demo.house import House
from demo.report import Progressing, console
from demo.scenario import plan_day
from local_stack.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SALES = 400
VICTIMS = ("inventory", "amazon-connector", "noon-connector", "order-importer", "control")


async def test_a_day_ends_right_whoever_is_killed(running: tuple[Stack, House]) -> None:
    stack, house = running
    before = {victim: stack.supervisor.restarts(victim) for victim in VICTIMS}

    def killing(victim: str) -> Callable[[], Awaitable[None]]:
        async def kill() -> None:
            stack.supervisor.kill(victim)

        return kill

    crashes = [Interruption((place + 1) / 7, killing(victim)) for place, victim in enumerate(VICTIMS)]
    scenario = plan_day(built_in_day(sales=SALES, suffix="/crashes"))
    day = RunningDay(house, stack.bootstrap_servers, restarts=dict)
    with Progressing(console()) as progress:
        summary = await live_through(scenario, day, Pace(run_id="e2e-crashes", rate=40), progress, crashes)
    assert summary.differences == ()
    assert (summary.lost, summary.doubled, summary.oversold_units, summary.incidents) == (0, 0, 0, 0)
    assert (summary.ledger_ok, summary.marketplaces_ok, summary.orders_ok) == (True, True, True)
    assert summary.prices_ok
    assert summary.shipments_ok
    assert summary.shipments["failed"] == 0
    assert min(summary.shipments["confirmed"], summary.shipments["unsupported"]) > 0
    assert summary.sales + summary.returns + summary.refused_by["saberstore"] == SALES
    assert summary.marketplace_orders > 0
    assert summary.cancelled > 0
    assert {victim: stack.supervisor.restarts(victim) - before[victim] for victim in VICTIMS} == dict.fromkeys(
        VICTIMS, 1
    )
