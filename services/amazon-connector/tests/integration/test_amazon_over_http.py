import datetime as dt

import httpx
import pytest
from amazon_connector.main import build_marketplace
from amazon_connector.marketplace import AmazonMarketplace
from amazon_connector.settings import Settings
from connector_sdk.marketplace import MarketplaceError, OrderPage, Outcome, Search, Shipment, StockLine
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pushes import Patience
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.parcels import parcel
from connector_sdk.testing.targets import price_delivery
from connector_sdk.testing.waiting import eventually
from contracts import OrderStatus
from pydantic import SecretStr

pytestmark = pytest.mark.integration

ODD_SKUS = ("plain", "a/b#c d%41?e&f=g", "قميص أزرق", "x+y~z*'\"", "..%2F..")
EGYPT = "ARBP9OOSHTCHU"
LWA = {
    "grant_type": "refresh_token",
    "client_id": "amzn1.application-oa2-client.test",
    "client_secret": "made-up-secret",
    "refresh_token": "Atzr|made-up",
}
NO_PATIENCE = Patience(dt.timedelta(0), dt.timedelta(0))
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


async def test_quantities_arrive_whatever_the_sku_is_made_of(amazon_url: str, marketplace: AmazonMarketplace) -> None:
    await _list(amazon_url, *ODD_SKUS)
    lines = [StockLine(sku, sku, number, 1) for number, sku in enumerate(ODD_SKUS)]
    results = await marketplace.push_stock(lines)

    assert [(r.external_sku, r.outcome) for r in results] == [(sku, Outcome.ACCEPTED) for sku in ODD_SKUS]
    assert all(result.request_id and result.submission_id for result in results)
    assert await _quantities(amazon_url) == {sku: number for number, sku in enumerate(ODD_SKUS)}


async def _order(url: str, quantity: int, **more: object) -> str:
    order = {"external_sku": "plain", "quantity": quantity, **more}
    return str((await _sandbox(url, "POST", "orders", order)).json()["external_order_id"])


def _parcel(order_id: str, package_id: str = "P-1", quantity: int = 1, tracking: str = "T-1") -> Shipment:
    line = order_id.replace("-", "")[3:]
    return Shipment(order_id, parcel(package_id, line=line, quantity=quantity, tracking=tracking))


async def test_parcels_ship_an_order_and_the_same_one_again_corrects_it(
    amazon_url: str, marketplace: AmazonMarketplace
) -> None:
    await _list(amazon_url, "plain")
    order_id = await _order(amazon_url, 5)
    for shipment in (
        _parcel(order_id, "P-1", 2),
        _parcel(order_id, "P-1", 2),
        _parcel(order_id, "P-2", 1),
        _parcel(order_id, "P-1", 3, "T-9"),
    ):
        result = await marketplace.confirm_shipment(shipment)
        assert (result.outcome, bool(result.request_id)) == (Outcome.ACCEPTED, True)

    (order,) = (await _sandbox(amazon_url, "GET", "state")).json()["orders"]
    assert (order["status"], order["quantity_shipped"]) == ("partially_shipped", 4)
    assert sorted((each["quantity"], each["tracking_number"]) for each in order["parcels"].values()) == [
        (1, "T-1"),
        (3, "T-9"),
    ]


async def test_parcels_that_amazon_will_not_have_are_told_apart(
    amazon_url: str, marketplace: AmazonMarketplace
) -> None:
    await _list(amazon_url, "plain")
    order_id, easy = await _order(amazon_url, 2), await _order(amazon_url, 2, easy_ship=True)
    wrong_line = Shipment(order_id, parcel(line="no-such-line"))
    results = [
        await marketplace.confirm_shipment(shipment)
        for shipment in (_parcel("402-0000000-0000000"), _parcel(order_id, quantity=3), wrong_line, _parcel(easy))
    ]
    assert [result.outcome for result in results] == [*[Outcome.REJECTED] * 3, Outcome.UNSUPPORTED]
    assert [result.issues[0].code for result in results] == ["404", "400", "400", "EasyShip"]
    assert "the parcel has 3 more" in results[1].issues[1].message
    page = await marketplace.fetch_orders(Search.CREATED, LONG_AGO, None)
    assert list(page.shipped_elsewhere) == [easy]

    await _sandbox(amazon_url, "PUT", "faults", {"unauthorised": True})
    assert (await marketplace.confirm_shipment(_parcel(order_id))).outcome is Outcome.UNAUTHORISED
    (first, _) = (await _sandbox(amazon_url, "GET", "state")).json()["orders"]
    assert first["quantity_shipped"] == 0


async def test_many_calls_at_once_fetch_one_token(amazon_url: str, marketplace: AmazonMarketplace) -> None:
    await _list(amazon_url, *(f"sku-{n}" for n in range(20)))
    await marketplace.push_stock([StockLine(f"sku-{n}", f"sku-{n}", 1, 1) for n in range(20)])

    calls = (await _sandbox(amazon_url, "GET", "calls")).json()
    assert sum(call["path"] == "/auth/o2/token" for call in calls) == 1


async def test_wrong_credentials_are_unauthorised_and_not_told(settings: Settings, http: httpx.AsyncClient) -> None:
    wrong = settings.model_copy(update={"amazon_client_secret": SecretStr("a-wrong-secret")})
    (result,) = await build_marketplace(wrong, http).push_stock([StockLine("A", "A", 1, 1)])

    assert result.outcome is Outcome.UNAUTHORISED
    assert "a-wrong-secret" not in repr(result)
    with pytest.raises(MarketplaceError, match="invalid_client") as caught:
        await build_marketplace(wrong, http).fetch_orders(Search.CREATED, LONG_AGO, None)
    assert caught.value.outcome is Outcome.UNAUTHORISED


async def test_orders_are_read_page_by_page(amazon_url: str, marketplace: AmazonMarketplace) -> None:
    await _list(amazon_url, "قميص أزرق")
    for _ in range(3):
        await _sandbox(amazon_url, "POST", "orders", {"external_sku": "قميص أزرق", "quantity": 1})
    await _sandbox(amazon_url, "PUT", "faults", {"largest_page": 2})

    first = await marketplace.fetch_orders(Search.CREATED, LONG_AGO, None)
    second = await marketplace.fetch_orders(Search.CREATED, LONG_AGO, first.next_cursor)

    assert (len(first.orders), len(second.orders), second.next_cursor) == (2, 1, None)
    assert first.known_until
    assert first.known_until == second.known_until
    order = second.orders[0]
    assert order.status is OrderStatus.UNSHIPPED
    assert order.lines[0].external_sku == "قميص أزرق"
    assert order.lines[0].unit_price
    assert (await marketplace.fetch_order(order.external_order_id)).orders == [order]
    assert await marketplace.fetch_order("402-0000000-0000000") == OrderPage(())


async def test_a_partial_cancellation_is_seen_by_the_update_search(
    amazon_url: str, marketplace: AmazonMarketplace
) -> None:
    await _list(amazon_url, "A")
    placed = (await _sandbox(amazon_url, "POST", "orders", {"external_sku": "A", "quantity": 3})).json()
    await _sandbox(amazon_url, "POST", f"orders/{placed['external_order_id']}/cancel", {"quantity": 1})

    async def shows_it() -> bool:  # the search ends a moment before now
        page = await marketplace.fetch_orders(Search.UPDATED, LONG_AGO, None)
        assert page.known_until is None
        return [order.lines[0].quantity_cancelled for order in page.orders] == [1]

    await eventually(shows_it)


async def test_a_reading_is_on_amazons_clock(amazon_url: str, marketplace: AmazonMarketplace) -> None:
    await _list(amazon_url, *ODD_SKUS, quantity=7)
    readings = await marketplace.read_listings([*ODD_SKUS, "nobody-sells-this"])
    (pushed,) = await marketplace.push_stock([StockLine("plain", "plain", 3, 1)])

    assert [(r.external_sku, r.quantity) for r in readings] == [
        *((sku, 7) for sku in ODD_SKUS),
        ("nobody-sells-this", None),
    ]
    for clock in (*(reading.clock for reading in readings), pushed.clock):
        assert clock
        assert abs(clock.offset) <= clock.margin, "sandbox and test have the same clock"
    assert all(reading.observed_at.microsecond == 0 for reading in readings)


async def test_prices_end_up_at_amazon_and_its_discounts_survive(
    amazon_url: str, marketplace: AmazonMarketplace, http: httpx.AsyncClient, database: ConnectorDatabase
) -> None:
    skus = [f"sku-{n}" for n in range(20)]
    await _list(amazon_url, *(f"X-{sku}" for sku in skus))
    token = (await http.post("/auth/o2/token", data=LWA)).json()["access_token"]
    item = "/listings/2021-08-01/items/A1SELLER/X-sku-3"
    scheduled = [{"schedule": [{"value_with_tax": 80.0}]}]
    offer = {"marketplace_id": EGYPT, "currency": "EGP", "discounted_price": scheduled}
    patch = {"op": "merge", "path": "/attributes/purchasable_offer", "value": [offer]}
    headers = {"x-amz-access-token": token, "x-amz-date": "20261122T120000Z"}
    query = {"marketplaceIds": EGYPT, "includedData": "attributes"}
    body = {"productType": "PRODUCT", "patches": [patch]}
    assert (await http.patch(item, params={"marketplaceIds": EGYPT}, json=body, headers=headers)).is_success
    await _sandbox(amazon_url, "PUT", "faults", {"error_rate": 0.2, "throttle_rate": 0.1})
    leader, policy = database.leader(), PushPolicy(rate=2000, burst=50, backoff_seconds=0.01, patience=NO_PATIENCE)
    pusher = database.price_pusher(marketplace, policy, leader)
    verifier = database.price_verifier(marketplace, policy, leader)
    await database.take_in_prices(*(price_delivery(sku, 1, f"{n + 1}.99") for n, sku in enumerate(skus)))

    async def has_all() -> bool:
        await pusher.step()
        await verifier.step()
        return not await database.rows("select 1 from price_pushes where state <> 'live'")

    await eventually(has_all)
    await pusher.close()
    await _sandbox(amazon_url, "PUT", "faults", {})
    prices = (await _sandbox(amazon_url, "GET", "state")).json()["prices"]
    assert prices == {f"X-{sku}": f"{n + 1}.99" for n, sku in enumerate(skus)}
    kept = (await http.get(item, params=query, headers=headers)).json()["attributes"]["purchasable_offer"][0]
    assert (kept["discounted_price"], kept["our_price"]) == (scheduled, [{"schedule": [{"value_with_tax": 4.99}]}])


async def test_orders_come_whole_without_a_call_for_each(amazon_url: str, marketplace: AmazonMarketplace) -> None:
    await _list(amazon_url, "A")
    for _ in range(5):
        await _sandbox(amazon_url, "POST", "orders", {"external_sku": "A", "quantity": 1})

    async def shows_all() -> bool:
        page = await marketplace.fetch_orders(Search.CREATED, LONG_AGO, None)
        return len([line for order in page.orders for line in order.lines if line.unit_price]) == 5

    await eventually(shows_all)
    calls = (await _sandbox(amazon_url, "GET", "calls")).json()
    assert {call["path"] for call in calls} == {"/auth/o2/token", "/orders/2026-01-01/orders"}


async def test_a_write_to_an_unknown_sku_is_accepted_and_a_reading_does_not_show_it(
    marketplace: AmazonMarketplace,
) -> None:
    (pushed,) = await marketplace.push_stock([StockLine("A", "nobody-sells-this", 3, 1)])
    (reading,) = await marketplace.read_listings(["nobody-sells-this"])

    assert pushed.outcome is Outcome.ACCEPTED
    assert reading.quantity is None
