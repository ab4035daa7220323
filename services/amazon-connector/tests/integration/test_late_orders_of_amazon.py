"""Nothing counts as known that Amazon has not shown yet."""

import datetime as dt
import time

import httpx
import pytest
from amazon_connector.marketplace import AmazonMarketplace
from connector_sdk.marketplace import OrderPage, Search

pytestmark = pytest.mark.integration

LAG_SECONDS = 2
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


async def _read_until_shown(url: str, marketplace: AmazonMarketplace) -> list[OrderPage]:
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


async def test_the_bound_that_amazon_echoes_passes_no_late_order(
    amazon_url: str, marketplace: AmazonMarketplace
) -> None:
    pages = await _read_until_shown(amazon_url, marketplace)
    assert len(pages) > 2
    assert _passed(pages) == 0
