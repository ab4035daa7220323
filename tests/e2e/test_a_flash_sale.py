"""6,000 buyers for 20 products within an hour, lived through sixty times as fast: few calls, and nothing oversold."""

import pytest
from demo.day import Pace, live_through
from demo.day import Running as RunningDay
from demo.flash_sale import SALES, plan
from demo.house import House
from demo.report import Progressing, console
from demo.scenario import external_sku
from local_stack.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SECONDS = 60
MOST_CALLS = 400
LIVE_DELAY_S = [0.5, 2.5]
"""Amazon's 30 to 150 s; the 300 s of a bad day would be longer than the stack's ceiling of 3 s."""


async def test_a_flash_sale_needs_few_calls_and_oversells_nothing(running: tuple[Stack, House]) -> None:
    stack, house = running
    scenario = plan()
    day = RunningDay(house, stack.bootstrap_servers, restarts=dict)
    await house.put_faults("amazon", {"live_delay_s": LIVE_DELAY_S})
    try:
        with Progressing(console()) as progress:
            pace = Pace(run_id="e2e-flash", rate=len(scenario.lines) / SECONDS)
            summary = await live_through(scenario, day, pace, progress)
    finally:
        await house.put_faults("amazon", {})
    listings = {external_sku("amazon", product.sku) for product in scenario.products}
    calls = await house.calls("amazon")
    written = [call for call in calls if call["quantity"] is not None and call["external_sku"] in listings]
    assert summary.differences == ()
    assert (summary.lost, summary.doubled, summary.oversold_units, summary.incidents) == (0, 0, 0, 0)
    assert (summary.ledger_ok, summary.marketplaces_ok, summary.orders_ok) == (True, True, True)
    assert summary.sales + summary.marketplace_orders + summary.refused == SALES
    assert len(written) <= MOST_CALLS
