"""Confirming parcels at Amazon: what is sent, and what each answer means."""

import datetime as dt
import json

import httpx
import pytest
from amazon_connector.mapping import EASY_SHIP
from amazon_connector.operations.shipments import package_reference
from amazon_connector.testing.canned import canned_marketplace
from connector_sdk.marketplace import Outcome, Search, Shipment
from contracts import Package, PackageLine
from hypothesis import given
from hypothesis import strategies as st

CAIRO = dt.timezone(dt.timedelta(hours=2))
PACKAGE = Package(
    package_id="parcel/7",
    carrier_code="Other",
    carrier_name="Bosta",
    tracking_number="T-1",
    shipped_at=dt.datetime(2026, 11, 22, 14, 30, tzinfo=CAIRO),
    lines=(PackageLine(external_line_id="L-1", quantity=2), PackageLine(external_line_id="L-2", quantity=1)),
)
SHIPMENT = Shipment("402-1234567-1234567", PACKAGE)


def _error(status: int, message: str = "no") -> httpx.Response:
    return httpx.Response(status, json={"errors": [{"code": "InvalidInput", "message": message}]})


async def test_the_parcel_is_sent_as_amazon_wants_it() -> None:
    marketplace, requests = canned_marketplace(lambda _: httpx.Response(204, headers={"x-amzn-RequestId": "r-1"}))
    result = await marketplace.confirm_shipment(SHIPMENT)

    assert (result.outcome, result.request_id) == (Outcome.ACCEPTED, "r-1")
    (request,) = requests
    assert (request.method, request.url.path) == ("POST", "/orders/v0/orders/402-1234567-1234567/shipmentConfirmation")
    assert json.loads(request.content) == {
        "marketplaceId": "ARBP9OOSHTCHU",
        "packageDetail": {
            "packageReferenceId": package_reference("parcel/7"),
            "carrierCode": "Other",
            "carrierName": "Bosta",
            "trackingNumber": "T-1",
            "shipDate": "2026-11-22T12:30:00Z",
            "orderItems": [{"orderItemId": "L-1", "quantity": 2}, {"orderItemId": "L-2", "quantity": 1}],
        },
    }


@given(st.text(min_size=1, max_size=256))
def test_a_reference_is_a_positive_number_and_stays_the_same(package_id: str) -> None:
    reference = package_reference(package_id)
    assert reference == package_reference(package_id)
    assert 0 < int(reference) < 2**31
    assert reference == str(int(reference))


def test_references_of_known_parcels_never_change() -> None:
    assert [package_reference(each) for each in ("1", "999999999", "01", "1000000000", "parcel/7")] == [
        "1",
        "999999999",
        "1127943132",
        "1518436128",
        "1409331740",
    ]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, Outcome.REJECTED),
        (404, Outcome.REJECTED),
        (403, Outcome.UNAUTHORISED),
        (429, Outcome.RETRY),
        (500, Outcome.UNKNOWN),
        (503, Outcome.UNKNOWN),
    ],
)
async def test_each_status_says_what_is_known(status: int, outcome: Outcome) -> None:
    marketplace, _ = canned_marketplace(lambda _: _error(status))
    result = await marketplace.confirm_shipment(SHIPMENT)
    assert (result.outcome, result.throttled) == (outcome, status == 429)
    assert [issue.code for issue in result.issues] == [str(status), "InvalidInput"]


async def test_no_answer_is_unknown_but_no_connection_is_a_retry() -> None:
    for error, outcome in ((httpx.ReadTimeout("late"), Outcome.UNKNOWN), (httpx.ConnectError("down"), Outcome.RETRY)):

        def fail(_: httpx.Request, error: Exception = error) -> httpx.Response:
            raise error

        marketplace, _ = canned_marketplace(fail)
        assert (await marketplace.confirm_shipment(SHIPMENT)).outcome is outcome


async def test_what_amazon_refuses_of_an_easy_ship_order_is_unsupported_with_its_reason() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return _error(400, "The order can't be confirmed.")
        return httpx.Response(200, json={"order": {"orderId": "402-1", "programs": ["AMAZON_EASY_SHIP"]}})

    marketplace, _ = canned_marketplace(answer)
    result = await marketplace.confirm_shipment(SHIPMENT)
    assert result.outcome is Outcome.UNSUPPORTED
    assert [(issue.code, issue.message) for issue in result.issues] == [
        ("EasyShip", EASY_SHIP),
        ("400", "Bad Request"),
        ("InvalidInput", "The order can't be confirmed."),
    ]


async def test_easy_ship_orders_are_known_as_soon_as_they_are_read() -> None:
    orders = [{"orderId": "402-1", "programs": ["PRIME", "AMAZON_EASY_SHIP"]}, {"orderId": "402-2", "programs": []}]
    marketplace, _ = canned_marketplace(lambda _: httpx.Response(200, json={"orders": orders}))
    page = await marketplace.fetch_orders(Search.CREATED, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), None)
    assert page.shipped_elsewhere == {"402-1": EASY_SHIP}
