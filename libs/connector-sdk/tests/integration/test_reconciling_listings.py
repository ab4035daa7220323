"""Comparing all listings with what is live, through crashes, outages and repeats."""

import datetime as dt

import pytest
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.reading_requests import ReadingRequests
from connector_sdk.reconciler import Reconciler
from connector_sdk.rhythm import Rhythm
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.requests import listed
from connector_sdk.testing.targets import CHANNEL, delivery
from connector_sdk.testing.waiting import eventually
from contracts import AppliedStatus, Issue, StockApplied

pytestmark = pytest.mark.integration

HOUR = dt.timedelta(hours=1)
HOURLY = Rhythm(period=HOUR, confirm_after=HOUR, ceiling=HOUR)
AT_ONCE = Rhythm(period=HOUR, confirm_after=dt.timedelta(0), ceiling=HOUR)
GONE = Issue(code="UnknownListing", message="no such SKU: create it")


async def _live(database: ConnectorDatabase, quantities: dict[str, int]) -> None:
    """Targets that were accepted three hours ago and are live by their ceiling."""
    await database.take_in(*(delivery(sku, 1, quantity) for sku, quantity in quantities.items()))
    await database.run(
        "update pushes set state = 'live', attempts = 1, submitted_at = now() - interval '3 hours', "
        "accepted_at = now() - interval '3 hours', live_at = now() - interval '2 hours'"
    )


async def _run(database: ConnectorDatabase, reconciler: Reconciler, runs: int = 1) -> None:
    """Go on until so many runs have ended."""

    async def is_over() -> bool:
        await reconciler.step()
        return len(await database.rows("select 1 from reconciliations where finished_at is not null")) == runs

    await eventually(is_over)


async def _observed(database: ConnectorDatabase) -> list[tuple[str, int | None]]:
    events = [event.data for event in await database.published("channel.stock.applied")]
    told = [e for e in events if isinstance(e, StockApplied)]
    return [(e.sku, e.observed_quantity) for e in told if e.status is AppliedStatus.OBSERVED]


def _showing(quantities: dict[str, int | None]) -> FakeMarketplace:
    marketplace = FakeMarketplace()
    marketplace.shown = {f"X-{sku}": quantity for sku, quantity in quantities.items()}
    marketplace.reads_at = dt.datetime.now(dt.UTC)
    return marketplace


async def test_a_run_compares_every_listing_twenty_at_a_time(database: ConnectorDatabase) -> None:
    quantities = {f"{number:02}": number for number in range(45)}
    await _live(database, quantities)
    marketplace = _showing({**quantities, "07": 9, "30": 99})
    leader = database.leader()
    await _run(database, database.reconciler(marketplace, leader, HOURLY))
    await leader.close()

    assert sorted(marketplace.searched) == sorted(marketplace.shown)
    assert marketplace.read == ["X-07", "X-30"], "only what shows too much is read by itself"
    (run,) = await database.rows("select checked, verdicts from reconciliations")
    assert (run.checked, run.verdicts) == (45, {"agrees": 43, "lost_write": 2})
    assert await _observed(database) == [("07", 9), ("30", 99)]


async def test_a_run_that_a_crash_interrupts_goes_on_where_it_was(database: ConnectorDatabase) -> None:
    quantities = {f"{number:02}": number for number in range(45)}
    await _live(database, quantities)
    marketplace = _showing({**quantities, "07": 99})
    leader = database.leader()
    await database.reconciler(marketplace, leader, HOURLY).step()
    await leader.close()
    assert len(marketplace.searched) == 20

    leader = database.leader()
    await _run(database, database.reconciler(marketplace, leader, HOURLY))
    await leader.close()
    assert len(marketplace.searched) == 45, "nothing is compared twice"
    assert await _observed(database) == [("07", 99)]


async def test_a_marketplace_that_is_down_ends_no_run(database: ConnectorDatabase) -> None:
    await _live(database, {"A": 5, "B": 5})
    marketplace = _showing({"A": 5, "B": 9})
    marketplace.read_error = MarketplaceError(Outcome.UNKNOWN, "down")
    leader = database.leader()
    reconciler = database.reconciler(marketplace, leader, HOURLY)
    for _ in range(3):
        assert await reconciler.step() > 0
    assert await database.rows("select 1 from reconciled") == []
    assert await database.rows("select 1 from registry") == [], "that it is down says nothing of the listings"

    marketplace.read_error = None
    await _run(database, reconciler)
    await leader.close()
    assert await _observed(database) == [("B", 9)]


async def test_only_the_leader_reconciles(database: ConnectorDatabase) -> None:
    await _live(database, {"A": 5})
    marketplace, second = _showing({"A": 5}), _showing({"A": 5})
    leader, standby = database.leader(), database.leader()
    await leader.lead()
    await database.reconciler(second, standby, HOURLY).step()
    await _run(database, database.reconciler(marketplace, leader, HOURLY))
    assert (marketplace.searched, second.searched) == (["X-A"], [])
    await leader.close()
    await standby.close()


async def test_the_next_run_begins_when_its_time_has_come(database: ConnectorDatabase) -> None:
    await _live(database, {"A": 5})
    marketplace = _showing({"A": 5})
    leader = database.leader()
    reconciler = database.reconciler(marketplace, leader, HOURLY)
    await _run(database, reconciler)
    for _ in range(3):
        await reconciler.step()
    assert marketplace.searched == ["X-A"]

    await database.run("update reconciliations set started_at = started_at - interval '61 minutes'")
    await _run(database, reconciler, 2)
    await leader.close()
    assert marketplace.searched == ["X-A", "X-A"]


async def test_an_inactive_listing_is_not_compared(database: ConnectorDatabase) -> None:
    await _live(database, {"A": 5, "B": 0})
    async with database.worker.begin() as work:
        requests = ReadingRequests(CHANNEL, can_read=True)
        await requests.note_listings([listed("B", is_active=False)], work)
    marketplace = _showing({"A": 5, "B": 9})
    leader = database.leader()
    await _run(database, database.reconciler(marketplace, leader, HOURLY))
    await leader.close()
    assert marketplace.searched == ["X-A"]


async def test_too_little_is_told_after_a_second_reading_once_orders_are_known(database: ConnectorDatabase) -> None:
    await _live(database, {"A": 5})
    marketplace = _showing({"A": 3})
    leader = database.leader()
    reconciler = database.reconciler(marketplace, leader, AT_ONCE)
    await _run(database, reconciler)
    for _ in range(3):
        await reconciler.step()
    assert await _observed(database) == [], "an order may explain it"

    known = "now() + interval '1 hour'"
    await database.run(f"insert into cursors values ('created', now(), {known}, now())")  # noqa: S608 - the test's own
    for _ in range(3):
        await reconciler.step()
    await leader.close()
    assert await _observed(database) == [("A", 3)]
    (row,) = await database.rows("select verdict, confirm_at from reconciled")
    assert (row.verdict, row.confirm_at) == ("lost_write", None)


async def test_a_target_that_comes_between_two_readings_is_judged_by_itself(database: ConnectorDatabase) -> None:
    await _live(database, {"A": 5})
    marketplace = _showing({"A": 3})
    leader = database.leader()
    reconciler = database.reconciler(marketplace, leader, AT_ONCE)
    await reconciler.step()
    await database.take_in(delivery("A", 2, 9))
    for _ in range(3):
        await reconciler.step()
    await leader.close()
    assert await _observed(database) == []
    (row,) = await database.rows("select verdict, revision from reconciled")
    assert (row.verdict, row.revision) == ("in_flight", 2)


async def test_a_listing_that_is_back_at_the_second_reading_may_be_written(database: ConnectorDatabase) -> None:
    await _live(database, {"A": 5})
    marketplace = _showing({"A": None})
    marketplace.refusals = {"X-A": GONE}
    leader = database.leader()
    reconciler = database.reconciler(marketplace, leader, AT_ONCE)
    await reconciler.step()
    assert [row.state for row in await database.rows("select state from registry")] == ["refused"]
    marketplace.shown, marketplace.refusals = {"X-A": 5}, {}
    for _ in range(3):
        await reconciler.step()
    await leader.close()
    assert [row.state for row in await database.rows("select state from registry")] == ["offered"]
    (row,) = await database.rows("select verdict from reconciled")
    assert row.verdict == "stale_reading"
