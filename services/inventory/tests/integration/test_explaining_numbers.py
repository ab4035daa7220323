"""Every number explains itself: the figures add up by hand."""

import datetime as dt

import httpx
import pytest
from contracts import ProductChanged, StockChanged, StockReason, partition_counts
from inventory.adapters.rules import RuleCache
from inventory.domain.allocation import Policy
from inventory.domain.sharing import GIVING
from inventory.domain.terms import Terms
from inventory.entrypoints.api import explaining
from inventory.entrypoints.consumers import book_opener, routes
from inventory.handlers.note_watermarks import channel_of_change
from runtime.holds import Holds
from runtime.http import create_app
from runtime.outbox import Outbox
from runtime.processor import Processor
from runtime.testing.clocks import FixedClock
from runtime.testing.deliveries import deliver
from runtime.work import Worker
from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.integration

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
WEIGHTS = {"saberstore": 30, "amazon": 35, "noon": 35}
POLICY = Policy(weights=WEIGHTS, storefront="saberstore")
TERMS = Terms(storefront="saberstore", shares=WEIGHTS)


async def test_the_figures_of_a_sku_add_up_now_and_for_a_moment_before(engine: AsyncEngine) -> None:
    clock = FixedClock(NOW)
    worker = Worker(engine, Outbox("inventory", partition_counts()), group="inventory", clock=clock)
    processor = Processor(
        routes(POLICY, Holds(channel_of_change, ["stock.changed"], dt.timedelta(minutes=30)), TERMS), worker
    )
    await processor.process([deliver(ProductChanged(sku="A", title="a"), time=NOW).record])
    count = StockChanged(sku="A", reason=StockReason.STOCKTAKE, counted_qty=100, counted_at=NOW)
    await processor.process([deliver(count, time=NOW).record])
    clock.advance(minutes=1)
    sale = StockChanged(sku="A", reason=StockReason.SALE, change_qty=-3, channel="saberstore", placed_at=clock())
    await processor.process([deliver(sale, time=clock()).record])
    app = create_app("inventory", {})
    app.include_router(explaining(worker, RuleCache(POLICY), book_opener(POLICY, TERMS)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        found = (await http.get("/v1/explain/A")).json()
        before = (await http.get("/v1/explain/A", params={"at": (NOW + dt.timedelta(seconds=1)).isoformat()})).json()
        nobody = await http.get("/v1/explain/NOBODY")
    assert found["inputs"]["available"] == found["inputs"]["on_hand"] - found["inputs"]["reserved"] == 97
    allocation = found["allocation"]
    assert allocation["available"] - allocation["buffer"] == allocation["sellable"] == sum(allocation["units"].values())
    given = [step["figures"] for step in allocation["steps"] if step["name"] in GIVING]
    assert {c: sum(g.get(c, 0) for g in given) for c in WEIGHTS} == allocation["units"]
    held = found["bounds"]
    assert sum(held["held"].values()) + held["free"] == held["available"] == 97
    assert [event["change_qty"] for event in found["events"]] == [-3, 100]
    assert (before["inputs"]["on_hand"], before["bounds"], len(before["events"])) == (100, None, 1)
    assert before["targets"]["saberstore"]["explanation"]["available"] == 100
    assert nobody.status_code == httpx.codes.NOT_FOUND
