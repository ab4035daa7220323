"""What operators ask over HTTP: does the account work, what differs, what would a write come to."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from connector_sdk.inspection_routes import InspectionRoutes
from connector_sdk.marketplace import LineResult, MarketplaceError, Outcome
from connector_sdk.testing.database import ACCOUNT, ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from contracts import Issue
from runtime.http import create_app

pytestmark = pytest.mark.integration


@pytest.fixture
def asked() -> FakeMarketplace:
    return FakeMarketplace()


@pytest_asyncio.fixture(loop_scope="session")
async def inspection(database: ConnectorDatabase, asked: FakeMarketplace) -> AsyncIterator[httpx.AsyncClient]:
    leader = database.leader()
    app = create_app("test-connector", {})
    check = database.account_check(asked, leader)
    app.include_router(InspectionRoutes(ACCOUNT, database.worker, asked, check).router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://connector") as client:
        yield client
    await leader.close()


@pytest.mark.parametrize(
    ("account", "ok", "outcome", "detail"),
    [
        (None, True, "accepted", "the account works"),
        ("register there", False, "rejected", "register there"),
        (
            MarketplaceError(Outcome.UNAUTHORISED, "refused"),
            False,
            "unauthorised",
            "refused: check TESTMART_KEY, TESTMART_SECRET",
        ),
        (MarketplaceError(Outcome.UNKNOWN, "no answer"), False, "unknown", "no answer"),
    ],
)
async def test_a_connection_test_says_what_to_do(
    inspection: httpx.AsyncClient,
    asked: FakeMarketplace,
    account: str | MarketplaceError | None,
    ok: bool,  # noqa: FBT001 - a parameter of the test
    outcome: str,
    detail: str,
) -> None:
    asked.account = account
    told = (await inspection.post("/v1/connection-test")).json()
    assert told == {"channel": "testmart", "account": "seller-1", "ok": ok, "outcome": outcome, "detail": detail}


async def test_a_dry_run_tells_what_a_write_would_come_to(
    inspection: httpx.AsyncClient, asked: FakeMarketplace
) -> None:
    issue = Issue(code="90000900", message="The attributes are invalid.")
    asked.answers = {"X/B": [LineResult("X/B", Outcome.REJECTED, request_id="r-1", issues=(issue,))]}
    good = await inspection.post("/v1/listings/X-A/dry-run", json={"quantity": 5})
    assert (good.status_code, good.json()["status"]) == (200, "valid")
    price = {"amount": "1499.90", "currency": "EGP"}
    bad = (await inspection.post("/v1/listings/X%2FB/dry-run", json={"price": price})).json()
    assert (bad["external_sku"], bad["status"], bad["request_id"]) == ("X/B", "invalid", "r-1")
    assert [each["code"] for each in bad["issues"]] == ["90000900"]
    assert [(sku, quantity, p and str(p.amount)) for sku, quantity, p in asked.dry_runs] == [
        ("X-A", 5, None),
        ("X/B", None, "1499.90"),
    ]
    assert asked.submitted == []


@pytest.mark.parametrize(
    ("outcome", "status"), [(Outcome.UNSUPPORTED, 501), (Outcome.RETRY, 503), (Outcome.UNKNOWN, 502)]
)
async def test_a_dry_run_that_proves_nothing_is_an_error(
    inspection: httpx.AsyncClient, asked: FakeMarketplace, outcome: Outcome, status: int
) -> None:
    asked.default = outcome
    assert (await inspection.post("/v1/listings/X-A/dry-run", json={"quantity": 5})).status_code == status


@pytest.mark.parametrize("body", [{}, {"quantity": -1}])
async def test_a_dry_run_of_nothing_is_refused(inspection: httpx.AsyncClient, body: dict[str, int]) -> None:
    assert (await inspection.post("/v1/listings/X-A/dry-run", json=body)).status_code == 422


async def test_a_reconciliation_is_shown_with_its_figures_and_listings(
    inspection: httpx.AsyncClient, database: ConnectorDatabase
) -> None:
    empty = (await inspection.get("/v1/reconciliation")).json()
    assert (empty["last"], empty["under_way"], empty["listings"], empty["not_written"]) == (None, None, [], [])
    await database.run(
        "insert into reconciliations (started_at, finished_at, checked, verdicts) "
        'values (now(), now(), 2, \'{"agrees": 1, "hand_edit": 1}\'), (now(), null, 1, null)'
    )
    await database.run(
        "insert into reconciled (sku, external_sku, run, verdict, revision, desired, sent, live, observed_at) values "
        "('A', 'X-A', 1, 'agrees', 1, 5, 5, 5, now()), ('B', 'X-B', 1, 'hand_edit', 1, 5, 5, 9, now())"
    )
    await database.run(
        "insert into registry (external_sku, state, code, reason) values ('X-C', 'refused', 'UnknownListing', 'gone')"
    )
    told = (await inspection.get("/v1/reconciliation")).json()
    assert (told["last"]["checked"], told["last"]["verdicts"]) == (2, {"agrees": 1, "hand_edit": 1})
    assert told["under_way"]["checked"] == 1
    (differing,) = told["listings"]
    assert (differing["sku"], differing["cause"], differing["desired"], differing["live"]) == ("B", "hand_edit", 5, 9)
    assert [each["external_sku"] for each in told["not_written"]] == ["X-C"]
