"""Reports of all listings: port and loops over real Postgres, against the stand-in over real HTTP."""

import dataclasses as dc
import datetime as dt
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from amazon_connector.main import build_amazon_client
from amazon_connector.marketplace import AmazonMarketplace
from amazon_connector.reports.listings import AmazonReports
from amazon_connector.settings import Settings
from connector_sdk.conformance.sandbox import Sandbox
from connector_sdk.leader import Leader
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.registry import Pace
from connector_sdk.reports.listing_report import ReportedListing, ReportStatus, Standing
from connector_sdk.reports.report_policy import ReportPolicy
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waiting import eventually

pytestmark = pytest.mark.integration

ARABIC = "قميص أزرق"
AT_ONCE = (0, 0)
POLICY = ReportPolicy(above=10, poll=dt.timedelta(0))
SCALE = 100
LISTINGS = 20_000
_WAITING = f"""
insert into pushes (sku, external_sku, revision, quantity, urgency, state, next_attempt_at, pending_since)
select 'sku-' || n, 'X-sku-' || n, 1, 5, 1, 'pending', now(), now() from generate_series(1, {LISTINGS}) n
"""  # noqa: S608 - a constant


@dc.dataclass(slots=True)
class Stall:
    database: ConnectorDatabase
    leader: Leader
    sandbox: Sandbox
    reports: AmazonReports

    async def want(self, *external_skus: str) -> None:
        await self.database.take_in(*(delivery(sku.removeprefix("X-"), 1, 5) for sku in external_skus))

    async def until_closed(self) -> str:
        """Rounds until the report has ended; how."""
        runner = self.database.report_runner(self.reports, self.leader, POLICY)

        async def is_closed() -> bool:
            await runner.step()
            return bool(await self.database.rows("select 1 from listing_reports where fate is not null"))

        await eventually(is_closed)
        (row,) = await self.database.rows("select fate from listing_reports")
        return str(row.fate)

    async def offered(self) -> set[str]:
        rows = await self.database.rows("select external_sku from registry where state = 'offered'")
        return {row.external_sku for row in rows}

    async def paths(self) -> list[str]:
        """The first part of the path of each call."""
        calls = (await self.sandbox.http.get("calls")).json()
        return [call["path"].split("/")[1] for call in calls]


@pytest.fixture
def reports(settings: Settings, http: httpx.AsyncClient) -> AmazonReports:
    return AmazonReports(build_amazon_client(settings, http), http)


@pytest_asyncio.fixture(loop_scope="session")
async def stall(bench: ConnectorDatabase, amazon_url: str, reports: AmazonReports) -> AsyncIterator[Stall]:
    await bench.run("truncate pushes, listings, registry, listing_reports, reconciliations, reconciled cascade")
    leader = bench.leader()
    async with httpx.AsyncClient(base_url=f"{amazon_url}/_sandbox/", timeout=30) as control:
        yield Stall(bench, leader, Sandbox(control), reports)
    await leader.close()


async def test_twenty_thousand_listings_are_known_by_one_report(stall: Stall, marketplace: AmazonMarketplace) -> None:
    """Within the published limits; the same by searches would take a thousand of them."""
    await stall.sandbox.put_on_sale(*(f"X-sku-{n}" for n in range(1, LISTINGS + 1)))
    await stall.sandbox.faults(time_scale=SCALE, limit_scale=1, report_s=(20, 40))
    await stall.database.run(_WAITING)
    assert await stall.until_closed() == "done"
    assert len(await stall.offered()) == LISTINGS
    registrar = stall.database.registrar(marketplace, stall.leader, Pace())
    await registrar.step()
    paths = await stall.paths()
    assert "listings" not in paths, "nothing is left to be looked up"
    assert paths.count("report-documents") == 1
    assert 429 not in await stall.sandbox.statuses()


async def test_a_report_as_amazon_writes_it(stall: Stall) -> None:
    await stall.sandbox.put_on_sale(ARABIC, "a/b#c", quantity=3)
    (
        await stall.sandbox.http.post(
            "listings", json={"external_sku": "F", "quantity": 9, "fulfilled_by_marketplace": True}
        )
    ).raise_for_status()
    await stall.sandbox.faults(report_s=AT_ONCE)
    report_id = await stall.reports.request()
    look = await stall.reports.look(report_id)
    assert look.status is ReportStatus.DONE
    assert look.document_id is not None
    rows = [row async for row in stall.reports.read(look.document_id)]
    assert rows == [
        ReportedListing(ARABIC, Standing.OURS, 3),
        ReportedListing("a/b#c", Standing.OURS, 3),
        ReportedListing("F", Standing.MARKETPLACES),
    ]


@pytest.mark.parametrize(
    ("faults", "fate"),
    [
        ({"report_end": "FATAL"}, "fatal"),
        ({"report_end": "CANCELLED"}, "cancelled"),
        ({"report_fault": "missing_column"}, "unusable"),
        ({"report_fault": "cut"}, "unusable"),
        ({"report_fault": "no_gzip"}, "unusable"),
        ({"unauthorised": True}, "refused"),
    ],
)
async def test_without_a_usable_report_listings_are_searched_for(
    stall: Stall, marketplace: AmazonMarketplace, faults: dict[str, object], fate: str
) -> None:
    skus = [f"X-{n}" for n in range(12)]
    await stall.sandbox.put_on_sale(*skus)
    await stall.want(*skus)
    await stall.sandbox.faults(report_s=AT_ONCE, **faults)
    assert await stall.until_closed() == fate
    assert await stall.offered() == set()
    await stall.sandbox.faults()
    await stall.database.registrar(marketplace, stall.leader, Pace()).step()
    assert await stall.offered() == set(skus)


@pytest.mark.parametrize(
    ("faults", "known"),
    [
        ({"report_fault": "plain"}, 13),
        ({"report_fault": "cp1252"}, 12),
        ({"report_rows": 5}, 5),
        ({"error_rate": 0.3}, 13),
    ],
)
async def test_what_a_report_does_not_show_is_looked_up(
    stall: Stall, marketplace: AmazonMarketplace, faults: dict[str, object], known: int
) -> None:
    skus = [f"X-{n}" for n in range(12)] + [f"X-{ARABIC}"]
    await stall.sandbox.put_on_sale(*skus)
    await stall.want(*skus)
    await stall.sandbox.faults(report_s=AT_ONCE, **faults)
    assert await stall.until_closed() == "done"
    assert len(await stall.offered()) == known
    await stall.sandbox.faults()
    await stall.database.registrar(marketplace, stall.leader, Pace()).step()
    assert await stall.offered() == set(skus)


async def test_a_report_of_another_seller_is_refused(settings: Settings, http: httpx.AsyncClient) -> None:
    stranger = settings.model_copy(update={"amazon_marketplace_id": "A17E79C6D8DWNP"})
    reports = AmazonReports(build_amazon_client(stranger, http), http)
    with pytest.raises(MarketplaceError, match="marketplaceIds") as caught:
        await reports.request()
    assert caught.value.outcome is Outcome.REJECTED
