import datetime as dt
from decimal import Decimal
from typing import Any

import httpx
import pytest
from connector_sdk.fees.reader import FeeReader
from connector_sdk.fees.routes import FeeRoutes
from connector_sdk.marketplace import FeeEstimate, MarketplaceError, Outcome
from connector_sdk.reading_requests import ReadingRequests
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.requests import listed
from connector_sdk.testing.targets import CHANNEL, price_delivery
from connector_sdk.token_bucket import TokenBucket
from contracts import Issue
from runtime.http import create_app

pytestmark = pytest.mark.integration

DAY = dt.timedelta(days=1)


class Desk:
    """One connector's fees: a reader over a marketplace that answers as it is told to."""

    def __init__(self, database: ConnectorDatabase) -> None:
        self.marketplace = FakeMarketplace()
        self.leader = database.leader()
        self.reader = FeeReader(self.marketplace, database.worker, self.leader, TokenBucket(1000, 100), DAY)
        self._database = database

    async def list_at(self, price: str, *skus: str, revision: int = 1) -> None:
        """Offer the SKUs at a price, of which the marketplace wants 15 % and 5.00."""
        async with self._database.worker.begin() as work:
            await ReadingRequests(CHANNEL, can_read=True).note_listings([listed(sku) for sku in skus], work)
        await self._database.take_in_prices(*(price_delivery(sku, revision, price) for sku in skus))
        for sku in skus:
            self.marketplace.fees[sku] = estimate(sku)

    async def read(self, rounds: int = 3) -> None:
        for _ in range(rounds):
            await self.reader.step()

    async def shown(self, **query: str | int) -> list[dict[str, Any]]:
        app = create_app("test-connector", {})
        app.include_router(FeeRoutes(CHANNEL, self._database.worker, can_estimate=True).router())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://connector") as client:
            answer = (await client.get("/v1/fees", params=query)).json()
        assert (answer["channel"], answer["supported"]) == (CHANNEL, True)
        fees: list[dict[str, Any]] = answer["fees"]
        return fees


def estimate(sku: str, issue: Issue | None = None) -> FeeEstimate:
    return FeeEstimate(sku, percent=Decimal("15.00"), fixed=Decimal("5.00"), total=Decimal("20.00"), issue=issue)


async def test_fees_are_asked_for_in_batches_and_shown_with_price_and_age(database: ConnectorDatabase) -> None:
    desk = Desk(database)
    await desk.list_at("100.00", "A", "B", "C")
    await desk.read()
    await desk.leader.close()

    assert desk.marketplace.fees_asked == [["A", "B"], ["C"]]
    first, *others = await desk.shown()
    assert first["estimate"].pop("estimated_at")
    assert first["estimate"].pop("age_seconds") in range(60)
    assert first == {
        "sku": "A",
        "external_sku": "X-A",
        "error": None,
        "estimate": {"percent": "15.00", "fixed": "5.00", "total": "20.00", "price": "100.00", "currency": "EGP"},
    }
    assert [each["sku"] for each in others] == ["B", "C"]
    assert [each["sku"] for each in await desk.shown(after="A", limit=1)] == ["B"]
    assert [each["sku"] for each in await desk.shown(sku="C")] == ["C"]


async def test_an_estimate_is_asked_for_again_when_it_is_old_or_the_price_is_another(
    database: ConnectorDatabase,
) -> None:
    desk = Desk(database)
    await desk.list_at("100.00", "A", "B")
    await desk.read()
    await desk.list_at("120.00", "A", revision=2)
    await desk.read()
    await database.run("update fee_estimates set next_read_at = now() where sku = 'B'")
    await desk.read()
    await desk.leader.close()

    assert desk.marketplace.fees_asked == [["A", "B"], ["A"], ["B"]]
    assert [each["estimate"]["price"] for each in await desk.shown()] == ["120.00", "100.00"]


async def test_a_line_without_an_estimate_waits_alone_and_keeps_the_one_before(database: ConnectorDatabase) -> None:
    desk = Desk(database)
    await desk.list_at("100.00", "A", "B")
    await desk.read()
    issue = Issue(code="ServiceError", message="InternalFailure")
    await desk.list_at("120.00", "A", "B", revision=2)
    desk.marketplace.fees = {"A": estimate("A", issue=issue)}
    await desk.read()
    await desk.leader.close()

    assert desk.marketplace.fees_asked == [["A", "B"]] * 2
    shown = await desk.shown()
    assert [(each["estimate"]["price"], each["error"]) for each in shown] == [
        ("100.00", "ServiceError: InternalFailure"),
        ("100.00", "no answer"),
    ]


async def test_only_what_is_offered_at_a_price_is_asked_about(database: ConnectorDatabase) -> None:
    desk = Desk(database)
    await database.take_in_prices(price_delivery("unlisted", 1))
    async with database.worker.begin() as work:
        requests = ReadingRequests(CHANNEL, can_read=True)
        await requests.note_listings([listed("no-price"), listed("off", is_active=False)], work)
    await database.take_in_prices(price_delivery("off", 1))
    await desk.read()
    await desk.leader.close()

    assert desk.marketplace.fees_asked == []
    assert await desk.shown() == []


@pytest.mark.parametrize("outcome", [Outcome.RETRY, Outcome.UNKNOWN, Outcome.UNAUTHORISED])
async def test_a_call_that_failed_is_said_and_repeated_later(database: ConnectorDatabase, outcome: Outcome) -> None:
    desk = Desk(database)
    await desk.list_at("100.00", "A")
    desk.marketplace.fee_error = MarketplaceError(outcome, "503: not now")
    assert await desk.reader.step() > 0
    assert [(each["estimate"], each["error"]) for each in await desk.shown()] == [(None, "503: not now")]
    desk.marketplace.fee_error = None
    await desk.read()
    await desk.leader.close()

    assert [each["error"] for each in await desk.shown()] == [None]


async def test_of_a_refused_batch_each_line_is_asked_about_alone(database: ConnectorDatabase) -> None:
    desk = Desk(database)
    await desk.list_at("100.00", "A", "B")
    desk.marketplace.fee_error = MarketplaceError(Outcome.REJECTED, "400: a line is wrong")
    await desk.reader.step()
    await desk.reader.step()
    desk.marketplace.fee_error = None
    await desk.read()
    await desk.leader.close()

    assert desk.marketplace.fees_asked == [["A", "B"], ["A"], ["B"]]
    assert [each["error"] for each in await desk.shown()] == ["400: a line is wrong", None]


async def test_of_two_replicas_one_asks(database: ConnectorDatabase) -> None:
    one, other = Desk(database), Desk(database)
    await one.list_at("100.00", "A")
    await one.read()
    await other.read()
    await one.leader.close()
    await other.leader.close()

    assert (len(one.marketplace.fees_asked), other.marketplace.fees_asked) == (1, [])
