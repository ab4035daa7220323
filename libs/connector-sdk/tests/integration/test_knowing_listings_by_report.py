"""Reports of all listings: they clear what nobody has looked up, refuse nothing, and whatever fails costs nothing."""

import dataclasses as dc
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from connector_sdk.leader import Leader
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.notifications.notification_queue import Topic
from connector_sdk.registry import Pace
from connector_sdk.reports.listing_report import ReportedListing, ReportStatus, Standing
from connector_sdk.reports.plugging import waited_for
from connector_sdk.reports.report_policy import ReportPolicy
from connector_sdk.rhythm import Rhythm
from connector_sdk.testing.database import ConnectorDatabase, open_database
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.fake_reporter import FakeReporter, ours
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waking import counted_until_woken
from contracts import Issue
from local_stack.databases import fresh_database

MIGRATIONS = Path(__file__).parent / "migrations"
pytestmark = pytest.mark.integration

HOUR = dt.timedelta(hours=1)
SOON = ReportPolicy(above=2, poll=dt.timedelta(0), pause=HOUR)
NOT_THERE = Issue(code="UnknownListing", message="no such SKU: create it")
RHYTHM = Rhythm(period=HOUR, confirm_after=dt.timedelta(0), ceiling=HOUR)


@dc.dataclass(slots=True)
class Bench:
    """Targets for `A` to `D`, and the rounds of the report runner."""

    database: ConnectorDatabase
    leader: Leader
    reporter: FakeReporter

    async def want(self, *skus: str) -> None:
        await self.database.take_in(*(delivery(sku, 1, 5) for sku in skus))

    async def go_round(self, rounds: int = 4, policy: ReportPolicy = SOON) -> None:
        """From the decision to the rows: open, request, look, and one more."""
        runner = self.database.report_runner(self.reporter, self.leader, policy)
        for _ in range(rounds):
            await runner.step()

    async def registry(self) -> dict[str, str]:
        rows = await self.database.rows("select external_sku, state from registry")
        return {row.external_sku: row.state for row in rows}

    async def fates(self) -> list[str | None]:
        return [row.fate for row in await self.database.rows("select fate from listing_reports order by report")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared(postgres_url: str) -> AsyncIterator[ConnectorDatabase]:
    """One database, which each test finds empty."""
    async with fresh_database(postgres_url) as url, open_database(url, MIGRATIONS) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def bench(shared: ConnectorDatabase) -> AsyncIterator[Bench]:
    await shared.run("truncate pushes, listings, registry, listing_reports, reconciliations, reconciled cascade")
    leader = shared.leader()
    reporter = FakeReporter(ours("X-A"), ours("X-B", None), ours("X-C"), ours("X-stranger"))
    yield Bench(shared, leader, reporter)
    await leader.close()


async def test_a_report_clears_our_listings_at_once_and_no_others(bench: Bench) -> None:
    await bench.want("A", "B", "C", "D")
    await bench.go_round()
    assert await bench.registry() == {"X-A": "offered", "X-B": "offered", "X-C": "offered"}
    assert await bench.fates() == ["done"]
    await bench.want("E", "F", "G")
    await bench.go_round()
    assert bench.reporter.requests == 1, "not so soon again"


async def test_few_listings_are_asked_about_without_a_report(bench: Bench) -> None:
    await bench.want("A", "B")
    await bench.go_round()
    assert bench.reporter.requests == 0


async def test_a_listing_missing_from_a_report_is_looked_up_before_it_is_refused(bench: Bench) -> None:
    marketplace = FakeMarketplace()
    marketplace.shown, marketplace.refusals = {"X-D": 3, "X-E": None}, {"X-E": NOT_THERE}
    await bench.want("A", "B", "C", "D", "E")
    await bench.go_round()
    registrar = bench.database.registrar(marketplace, bench.leader, Pace())
    await registrar.step()
    assert sorted(marketplace.searched) == ["X-D", "X-E"], "what the report shows is not looked up"
    states = await bench.registry()
    assert (states["X-D"], states["X-E"]) == ("offered", "refused")


@pytest.mark.parametrize("standing", [Standing.MARKETPLACES, Standing.INCOMPLETE, Standing.UNREADABLE])
async def test_what_the_seller_does_not_ship_is_not_cleared(bench: Bench, standing: Standing) -> None:
    bench.reporter.rows = [ReportedListing("X-A", standing), ours("X-B"), ours("X-C")]
    await bench.want("A", "B", "C")
    await bench.go_round()
    assert await bench.registry() == {"X-B": "offered", "X-C": "offered"}


async def test_a_report_does_not_overrule_a_reading(bench: Bench) -> None:
    await bench.database.run("insert into registry (external_sku, state, code) values ('X-A', 'refused', 'Gone')")
    await bench.database.run("insert into registry (external_sku, next_check_at) values ('X-B', now())")
    await bench.want("A", "B", "C", "D")
    await bench.go_round()
    assert await bench.registry() == {"X-A": "refused", "X-B": "offered", "X-C": "offered"}


@pytest.mark.parametrize("end", [ReportStatus.FATAL, ReportStatus.CANCELLED])
async def test_a_report_that_fails_is_given_up(bench: Bench, end: ReportStatus) -> None:
    bench.reporter.status = end
    await bench.want("A", "B", "C")
    await bench.go_round()
    assert (await bench.fates(), await bench.registry()) == ([end.value], {})


async def test_a_report_that_can_not_be_read_to_its_end_is_not_used(bench: Bench) -> None:
    bench.reporter.is_cut = True
    await bench.want("A", "B", "C")
    await bench.go_round()
    assert (await bench.fates(), await bench.registry()) == (["unusable"], {})
    assert await bench.database.rows("select * from reported_listings") == []


async def test_a_report_without_a_document_is_not_used(bench: Bench) -> None:
    bench.reporter.has_document = False
    await bench.want("A", "B", "C")
    await bench.go_round()
    assert await bench.fates() == ["unusable"]


async def test_a_report_that_is_never_done_is_given_up(bench: Bench) -> None:
    bench.reporter.status = ReportStatus.PROCESSING
    await bench.want("A", "B", "C")
    await bench.go_round()
    assert await bench.fates() == [None]
    await bench.go_round(1, dc.replace(SOON, stuck=dt.timedelta(0)))
    assert await bench.fates() == ["stuck"]


@pytest.mark.parametrize("method", ["request", "look", "read"])
async def test_a_call_that_fails_is_made_again_and_one_that_is_refused_is_not(bench: Bench, method: str) -> None:
    bench.reporter.errors = {method: [MarketplaceError(Outcome.RETRY, "503")]}
    await bench.want("A", "B", "C")
    await bench.go_round(6)
    assert await bench.fates() == ["done"]
    await bench.database.run("update listing_reports set requested_at = requested_at - interval '2 hours'")
    await bench.want("E", "F", "G")
    bench.reporter.errors = {method: [MarketplaceError(Outcome.UNAUTHORISED, "403: no such role")]}
    await bench.go_round()
    assert await bench.fates() == ["done", "refused"]


async def test_whoever_leads_next_goes_on_with_the_report(bench: Bench) -> None:
    bench.reporter.status = ReportStatus.PROCESSING
    await bench.want("A", "B", "C")
    await bench.go_round()
    bench.reporter.status = ReportStatus.DONE
    await bench.go_round(1)
    assert (bench.reporter.requests, await bench.fates()) == (1, ["done"])


async def test_a_notification_has_the_report_looked_at_now(bench: Bench) -> None:
    bench.reporter.status = ReportStatus.PROCESSING
    await bench.want("A", "B", "C")
    await bench.go_round()
    assert await counted_until_woken(bench.database, Topic.REPORT, waited_for, "report-1") == (0, 1)


_LIVE_FOR_AN_HOUR = """
update pushes set state = 'live', live_at = now() - interval '1 hour', submitted_at = now() - interval '1 hour',
                  accepted_at = now() - interval '1 hour'
"""
_AGREED_AN_HOUR_AGO = """
insert into reconciled (sku, external_sku, run, verdict, revision, desired, sent, live, observed_at)
select sku, external_sku, 1, 'agrees', 1, 5, 5, 5, now() - interval '1 hour' from pushes
"""
_COMPARED = """
insert into reconciliations (started_at, finished_at) values (now() - interval '70 minutes', now())
"""


@pytest.mark.parametrize(("is_long_ago", "read"), [(False, ["X-B", "X-C"]), (True, ["X-A", "X-B", "X-C"])])
async def test_what_looks_the_same_in_a_report_is_read_now_and_then_only(
    bench: Bench, *, is_long_ago: bool, read: list[str]
) -> None:
    await bench.want("A", "B", "C")
    for statement in (_LIVE_FOR_AN_HOUR, _AGREED_AN_HOUR_AGO, _COMPARED):
        await bench.database.run(statement)
    if is_long_ago:
        await bench.database.run("update reconciled set observed_at = now() - interval '5 hours'")
    marketplace = FakeMarketplace()
    marketplace.shown = {"X-A": 5, "X-B": 5, "X-C": 5}
    bench.reporter.rows = [ours("X-A", 5), ours("X-B", 9), ReportedListing("X-C", Standing.MARKETPLACES)]
    await bench.go_round()
    assert await bench.fates() == ["done"], "asked for before the comparison that is due"
    reconciler = bench.database.reconciler(marketplace, bench.leader, RHYTHM)
    await reconciler.step()
    assert sorted(marketplace.searched) == read
