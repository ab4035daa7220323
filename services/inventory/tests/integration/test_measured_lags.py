"""Lags are measured from what the database knows, so that a replica that starts knows them at once."""

import datetime as dt

import pytest
from contracts import partition_counts
from inventory.domain.allocation import Policy
from inventory.domain.measured import Lags
from inventory.domain.stock import Offer
from inventory.domain.terms import Terms
from inventory.entrypoints.consumers import book_opener
from inventory.handlers.measure_lags import MeasureLags
from runtime.outbox import Outbox
from runtime.testing.clocks import FixedClock
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.integration

POLICY = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore")
OFFER = Offer("amazon", "AM-1", is_active=True)
WRITES = 20

_PRODUCTS = text("""
insert into products (sku, title, is_active, on_hand, changed_at)
select 'S-' || n, 'x', true, 9, :now from generate_series(1, :writes) n
""")
_LISTINGS = text("""
insert into marketplace_listings (channel, sku, external_sku, is_active, changed_at)
select 'amazon', 'S-' || n, 'AM-' || n, true, :now from generate_series(1, :writes) n
""")
_TARGETS = text("""
insert into channel_targets (channel, sku, quantity, revision, targeted_at, applied_revision, applied_status,
    applied_at, live_at)
select 'amazon', 'S-' || n, 1, n, :now, n, :status, cast(:now as timestamptz) + interval '2 min',
    cast(:now as timestamptz) + make_interval(secs => 40 + n)
from generate_series(1, :writes) n
""")
_KNOWN = text("insert into channel_watermarks (channel, known_until) values ('amazon', :known)")


async def _measured(engine: AsyncEngine, status: str) -> dt.timedelta | None:
    clock, lags = FixedClock(), Lags()
    async with engine.begin() as connection:
        for query in (_PRODUCTS, _LISTINGS, _TARGETS):
            names = query.compile().params
            values = {"now": clock(), "writes": WRITES, "status": status}
            await connection.execute(query, {name: values[name] for name in names})
        await connection.execute(_KNOWN, {"known": clock() - dt.timedelta(seconds=100)})
    worker = Worker(engine, Outbox("inventory", partition_counts()), group="inventory", clock=clock)
    terms = Terms("saberstore")
    loop = MeasureLags(worker, book_opener(POLICY, terms), lags, terms.storefront)
    await loop.step()
    return lags(OFFER)


async def test_a_write_lasts_from_its_target_until_it_is_live_and_an_order_until_it_is_known(
    engine: AsyncEngine,
) -> None:
    assert await _measured(engine, "live") == dt.timedelta(seconds=40 + WRITES + 100 + 15)


async def test_what_is_only_accepted_tells_no_lag(engine: AsyncEngine) -> None:
    assert await _measured(engine, "accepted") is None
