"""What trips others who write against this API, at the edge where requests are made and answers are read."""

import datetime as dt
import json
from decimal import Decimal

import httpx
import pytest
from amazon_connector.mapping import read_orders
from amazon_connector.testing.canned import canned_marketplace
from connector_sdk.marketplace import MarketplaceError, Outcome, PriceLine, Search, StockLine
from contracts import Money

ITEMS = "/listings/2021-08-01/items/A1SELLER/"
SINCE = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
PRICE = Money(amount=Decimal("10.50"), currency="EGP")


def _accepted(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"status": "ACCEPTED"})


def _order(order_id: str, status: str = "UNSHIPPED") -> dict[str, object]:
    product = {"sellerSku": "A", "price": {"unitPrice": {"amount": "10.50", "currencyCode": "EGP"}}}
    return {
        "orderId": order_id,
        "createdTime": "2026-11-22T10:00:00Z",
        "lastUpdatedTime": "2026-11-22T10:05:00Z",
        "fulfillment": {"fulfillmentStatus": status, "fulfilledBy": "MERCHANT"},
        "orderItems": [{"orderItemId": "1", "quantityOrdered": 3, "product": product}],
    }


@pytest.mark.parametrize(
    ("sku", "written"),
    [
        ("A/1", b"A%2F1"),
        ("A#1", b"A%231"),
        ("A?x=1&y", b"A%3Fx%3D1%26y"),
        ("50% off", b"50%25%20off"),
        ("قميص/أزرق", b"%D9%82%D9%85%D9%8A%D8%B5%2F%D8%A3%D8%B2%D8%B1%D9%82"),
    ],
)
async def test_a_sku_is_one_piece_of_the_path_when_written_and_when_read(sku: str, written: bytes) -> None:
    marketplace, requests = canned_marketplace(_accepted)
    await marketplace.push_stock([StockLine("S", sku, 1, 1)])
    with pytest.raises(MarketplaceError):
        await marketplace.read_listings([sku])

    paths = [request.url.raw_path.split(b"?")[0] for request in requests]
    assert [request.method for request in requests] == ["PATCH", "GET"]
    assert paths == [ITEMS.encode() + written] * 2


async def test_nothing_is_ever_written_with_replace_or_put_and_no_handling_time_is_named() -> None:
    marketplace, requests = canned_marketplace(_accepted)
    await marketplace.push_stock([StockLine("S", "A", quantity, 1) for quantity in (0, 1, 100_000)])
    await marketplace.push_prices([PriceLine("S", "A", PRICE, 1)])

    assert {request.method for request in requests} == {"PATCH"}
    patches = [patch for request in requests for patch in json.loads(request.content)["patches"]]
    assert [patch["op"] for patch in patches] == ["merge"] * 4
    assert all(b"lead_time_to_ship" not in request.content for request in requests)


async def test_quantity_and_price_never_go_in_one_message() -> None:
    marketplace, requests = canned_marketplace(_accepted)
    await marketplace.push_stock([StockLine("S", "A", 4, 1)])
    await marketplace.push_prices([PriceLine("S", "A", PRICE, 1)])

    paths = [[patch["path"] for patch in json.loads(request.content)["patches"]] for request in requests]
    assert paths == [["/attributes/fulfillment_availability"], ["/attributes/purchasable_offer"]]


async def test_a_request_has_each_header_once_and_a_body_in_json() -> None:
    marketplace, requests = canned_marketplace(_accepted)
    await marketplace.push_stock([StockLine("S", "قميص", 4, 1)])

    (request,) = requests
    names = [name.lower() for name, _ in request.headers.raw]
    assert len(names) == len(set(names))
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content)["productType"] == "PRODUCT"


@pytest.mark.parametrize("code", ["QuotaExceeded", "InvalidInput", "SomethingNew", ""])
async def test_a_429_is_throttling_whatever_its_code_says_and_needs_no_header(code: str) -> None:
    errors = {"errors": [{"code": code, "message": "You exceeded your quota for the requested resource."}]}
    marketplace, _ = canned_marketplace(lambda _: httpx.Response(429, json=errors))
    (result,) = await marketplace.push_stock([StockLine("S", "A", 1, 1)])

    assert (result.outcome, result.throttled, result.retry_after) == (Outcome.RETRY, True, None)


async def test_every_page_is_asked_for_with_all_parameters_and_may_repeat_an_order() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        is_second = "paginationToken" in request.url.params
        body = {"orders": [_order("402-1")], "createdBefore": "2026-11-22T10:10:00Z"}
        return httpx.Response(200, json=body | ({} if is_second else {"pagination": {"nextToken": "next+/="}}))

    marketplace, requests = canned_marketplace(answer)
    first = await marketplace.fetch_orders(Search.CREATED, SINCE, None)
    second = await marketplace.fetch_orders(Search.CREATED, SINCE, first.next_cursor)

    one, two = (dict(request.url.params) for request in requests)
    assert two == one | {"paginationToken": "next+/="}
    assert first.orders == second.orders, "the same order under another token is the same order"


async def test_orders_come_with_their_lines_so_that_no_call_for_details_is_needed() -> None:
    marketplace, requests = canned_marketplace(lambda _: httpx.Response(200, json={"orders": [_order("402-1")]}))
    page = await marketplace.fetch_orders(Search.CREATED, SINCE, None)

    assert len(page.orders[0].lines) == len(requests) == 1
    assert set(requests[0].url.params["includedData"].split(",")) >= {"FULFILLMENT", "PROCEEDS", "CANCELLATION"}
    assert "fulfilledBy" not in requests[0].url.params


def test_cancelled_is_spelt_with_two_ls_and_the_price_is_that_of_a_unit() -> None:
    (british, american), unreadable = read_orders([_order("402-1", "CANCELLED"), _order("402-2", "CANCELED")])

    assert unreadable == []
    assert (british.status, american.status) == ("cancelled", "unknown")
    assert british.lines[0].unit_price == PRICE
    assert british.lines[0].quantity == 3
