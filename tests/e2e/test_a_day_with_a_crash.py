"""A day of sales, with one service killed in the middle: nothing lost, nothing doubled, every number right."""

import pytest
from demo.catalogue import built_in_day
from demo.day import Interruption, Pace, live_through
from demo.day import Running as RunningDay
from demo.house import House
from demo.report import Progressing, console
from demo.scenario import plan_day
from local_stack.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SALES = 300


@pytest.mark.parametrize(
    "victim", [None, "inventory", "amazon-connector", "noon-connector", "order-importer", "control"]
)
async def test_a_day_ends_right_whoever_is_killed(running: tuple[Stack, House], victim: str | None) -> None:
    stack, house = running
    before = stack.supervisor.restarts(victim) if victim else 0

    async def kill() -> None:
        if victim:
            stack.supervisor.kill(victim)

    scenario = plan_day(built_in_day(sales=SALES, suffix=f"/{victim or 'nobody'}"))
    day = RunningDay(house, stack.bootstrap_servers, restarts=dict)
    with Progressing(console()) as progress:
        summary = await live_through(
            scenario, day, Pace(run_id=f"e2e-{victim}", rate=100), progress, [Interruption(0.5, kill)]
        )
    assert summary.differences == ()
    assert (summary.lost, summary.doubled, summary.oversold_units, summary.refused) == (0, 0, 0, 0)
    assert (summary.ledger_ok, summary.marketplaces_ok, summary.orders_ok) == (True, True, True)
    assert summary.sales + summary.returns == SALES
    assert summary.marketplace_orders > 0
    assert summary.cancelled > 0
    if victim:
        assert stack.supervisor.restarts(victim) == before + 1
