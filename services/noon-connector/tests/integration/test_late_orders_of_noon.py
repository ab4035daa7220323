"""Nothing counts as known that Noon has not shown yet."""

import datetime as dt
import time

import httpx
import pytest
from connector_sdk.marketplace import OrderPage, Search
from noon_connector.main import build_marketplace
from noon_connector.marketplace import NoonMarketplace
from noon_connector.settings import Settings

pytestmark = pytest.mark.integration

LAG_SECONDS = 2
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


async def _read_until_shown(url: str, marketplace: NoonMarketplace) -> list[OrderPage]:
    """An order is placed; every reading up to the one that shows it."""
    pages: list[OrderPage] = []
    async with httpx.AsyncClient(base_url=f"{url}/_sandbox/") as sandbox:
        await sandbox.post("listings", json=[{"external_sku": "A", "quantity": 10}])
        await sandbox.put("faults", json={"order_lag_s": LAG_SECONDS})
        (await sandbox.post("orders", json={"external_sku": "A", "quantity": 1})).raise_for_status()
    deadline = time.monotonic() + 20
    while not (pages and pages[-1].orders):
        assert time.monotonic() < deadline
        pages.append(await marketplace.fetch_orders(Search.CREATED, LONG_AGO, None))
    return pages


def _passed(pages: list[OrderPage]) -> int:
    """How many readings took as known what the last one showed first."""
    *before, last = pages
    [late] = last.orders
    return sum(page.known_until is not None and page.known_until >= late.placed_at for page in before)


async def test_with_the_margin_no_late_order_is_passed(
    noon_url: str, settings: Settings, http: httpx.AsyncClient
) -> None:
    careful = settings.model_copy(update={"noon_order_visibility_seconds": float(LAG_SECONDS)})
    pages = await _read_until_shown(noon_url, build_marketplace(careful, http))
    assert len(pages) > 2
    assert _passed(pages) == 0


async def test_without_a_margin_a_late_order_would_be_passed(
    noon_url: str, settings: Settings, http: httpx.AsyncClient
) -> None:
    careless = settings.model_copy(update={"noon_order_visibility_seconds": 0.0})
    assert _passed(await _read_until_shown(noon_url, build_marketplace(careless, http))) > 0


def test_two_minutes_are_the_default(settings: Settings) -> None:
    assert settings.noon_order_visibility_seconds == 120
