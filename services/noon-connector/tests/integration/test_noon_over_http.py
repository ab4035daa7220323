import datetime as dt
from decimal import Decimal

import httpx
import pytest
from connector_sdk.marketplace import MarketplaceError, Outcome, PriceLine, Search, Shipment, StockLine
from connector_sdk.testing.parcels import parcel
from contracts import Money
from noon_connector.main import build_marketplace
from noon_connector.marketplace import NoonMarketplace
from noon_connector.settings import Settings
from pydantic import SecretStr

pytestmark = pytest.mark.integration

ODD_SKUS = ("plain", "a*b~c d/e#f?%+&='\"(x)!", "قميص أزرق", "😀", " edge ")
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


async def _sandbox(url: str, method: str, path: str, body: object = None) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        response = await client.request(method, f"{url}/_sandbox/{path}", json=body)
    response.raise_for_status()
    return response


async def _list(url: str, *skus: str, quantity: int = 10) -> None:
    await _sandbox(url, "POST", "listings", [{"external_sku": sku, "quantity": quantity} for sku in skus])


async def _quantities(url: str) -> dict[str, int]:
    state = (await _sandbox(url, "GET", "state")).json()
    return {sku: listing["quantity"] for sku, listing in state["listings"].items()}


async def test_every_signature_is_accepted_whatever_the_sku_is_made_of(
    noon_url: str, marketplace: NoonMarketplace
) -> None:
    await _list(noon_url, *ODD_SKUS)
    results = await marketplace.push_stock([StockLine(sku, sku, n, 1) for n, sku in enumerate(ODD_SKUS)])

    assert [(r.external_sku, r.outcome) for r in results] == [(sku, Outcome.ACCEPTED) for sku in ODD_SKUS]
    assert await _quantities(noon_url) == {sku: n for n, sku in enumerate(ODD_SKUS)}


async def test_an_unknown_sku_is_rejected_with_noons_words(marketplace: NoonMarketplace) -> None:
    (result,) = await marketplace.push_stock([StockLine("none", "none", 1, 1)])

    assert result.outcome is Outcome.REJECTED
    assert result.issues[0].code == "404"
    assert "sku_not_found" in result.issues[0].message


async def test_prices_are_unsupported_and_no_call_is_made(noon_url: str, marketplace: NoonMarketplace) -> None:
    price = Money(amount=Decimal(100), currency="EGP")
    (result,) = await marketplace.push_prices([PriceLine("A", "A", price, 1)])

    assert not marketplace.capabilities().prices
    assert (result.outcome, result.issues[0].code) == (Outcome.UNSUPPORTED, "NoPrices")
    assert (await _sandbox(noon_url, "GET", "calls")).json() == []


async def test_parcels_are_unsupported_and_no_call_is_made(noon_url: str, marketplace: NoonMarketplace) -> None:
    result = await marketplace.confirm_shipment(Shipment("N-1", parcel()))

    assert not marketplace.capabilities().shipments
    assert (result.outcome, result.issues[0].code) == (Outcome.UNSUPPORTED, "NoShipments")
    assert (await _sandbox(noon_url, "GET", "calls")).json() == []


async def test_a_wrong_secret_is_unauthorised_and_not_told(settings: Settings, http: httpx.AsyncClient) -> None:
    wrong = build_marketplace(settings.model_copy(update={"noon_secret_key": SecretStr("a-wrong-secret")}), http)
    (result,) = await wrong.push_stock([StockLine("A", "A", 1, 1)])
    assert result.outcome is Outcome.UNAUTHORISED
    assert "a-wrong-secret" not in repr(result)

    with pytest.raises(MarketplaceError, match="invalid_signature") as caught:
        await wrong.fetch_orders(Search.CREATED, LONG_AGO, None)
    assert caught.value.outcome is Outcome.UNAUTHORISED


async def test_more_orders_than_a_page_holds_are_all_read(noon_url: str, marketplace: NoonMarketplace) -> None:
    await _list(noon_url, "A", quantity=10)
    for _ in range(3):
        await _sandbox(noon_url, "POST", "orders", {"external_sku": "A", "quantity": 1})
    await _sandbox(noon_url, "PUT", "faults", {"largest_page": 2})
    first = await marketplace.fetch_orders(Search.CREATED, LONG_AGO, None)
    second = await marketplace.fetch_orders(Search.CREATED, LONG_AGO, first.next_cursor)

    assert (len(first.orders), len(second.orders), second.next_cursor) == (2, 1, None)


async def test_what_the_dialect_cannot_do_is_unsupported(marketplace: NoonMarketplace) -> None:
    for call in (marketplace.fetch_order("NEG1"), marketplace.fetch_orders(Search.UPDATED, LONG_AGO, None)):
        with pytest.raises(MarketplaceError) as caught:
            await call
        assert caught.value.outcome is Outcome.UNSUPPORTED


async def test_a_read_that_is_throttled_says_so(noon_url: str, marketplace: NoonMarketplace) -> None:
    await _sandbox(noon_url, "PUT", "faults", {"throttle_rate": 1})
    with pytest.raises(MarketplaceError) as caught:
        await marketplace.fetch_orders(Search.CREATED, LONG_AGO, None)
    assert (caught.value.outcome, caught.value.throttled) == (Outcome.RETRY, True)


async def test_an_answer_shows_noons_clock(noon_url: str, marketplace: NoonMarketplace) -> None:
    await _list(noon_url, "A")
    (pushed,) = await marketplace.push_stock([StockLine("A", "A", 3, 1)])

    assert pushed.clock
    assert abs(pushed.clock.offset) <= pushed.clock.margin, "sandbox and test have the same clock"
