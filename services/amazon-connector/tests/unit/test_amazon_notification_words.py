import datetime as dt
import json
from typing import Any

import pytest
from amazon_connector.notifications.sqs import SqsQueue
from amazon_connector.notifications.words import Reader
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.notifications.notification_queue import Notification, QueueError, Topic

EGYPT = "ARBP9OOSHTCHU"
READER = Reader("A1SELLER", EGYPT)
METADATA = {"ApplicationId": "app", "SubscriptionId": "sub", "PublishTime": "2026-11-22T12:00:00Z"}


def _envelope(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "NotificationVersion": "1.0",
        "NotificationType": kind,
        "PayloadVersion": "1.0",
        "EventTime": "2026-11-22T12:00:00Z",
        "Payload": payload,
        "NotificationMetadata": METADATA | {"NotificationId": "n-1"},
    }


def _order_change(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever a field may hold
    summary = {"MarketplaceId": EGYPT, "FulfillmentType": "MFN", "OrderStatus": "Unshipped", "PurchaseDate": None}
    order = {"SellerId": "A1SELLER", "AmazonOrderId": "402-1", "Summary": summary | changed.pop("summary", {})}
    return _envelope("ORDER_CHANGE", {"OrderChangeNotification": order | changed})


def _feed(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - see above
    feed = {"sellerId": "A1SELLER", "accountId": "a", "feedId": "53347", "feedType": "JSON_LISTINGS_FEED"}
    return {
        "notificationVersion": "2020-09-04",
        "notificationType": "FEED_PROCESSING_FINISHED",
        "payload": {"feedProcessingFinishedNotification": feed | changed},
        "notificationMetadata": {"notificationId": "n-1"},
    }


def _report(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - see above
    report = {"sellerId": "A1SELLER", "reportId": "90001", "processingStatus": "DONE", "reportDocumentId": "d"}
    return {
        "notificationVersion": "2020-09-04",
        "notificationType": "REPORT_PROCESSING_FINISHED",
        "payload": {"reportProcessingFinishedNotification": report | changed},
        "notificationMetadata": {"notificationId": "n-1"},
    }


def _quantity(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - see above
    payload = {"SellerId": "A1SELLER", "FulfillmentChannelCode": "DEFAULT", "Sku": "a/b", "Quantity": 9}
    return _envelope("LISTINGS_ITEM_MFN_QUANTITY_CHANGE", payload | changed)


def _read(told: object) -> Notification:
    return READER.read(json.dumps(told), "receipt")


def test_an_order_change_names_the_order_and_when_it_was_placed() -> None:
    read = _read(_order_change(summary={"PurchaseDate": "2026-11-22T10:00:00.000Z"}))

    assert read == Notification("n-1", "receipt", Topic.ORDER, "402-1", dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC))
    assert _read(_order_change()).placed_at is None


@pytest.mark.parametrize("told", ["0001-01-01T00:00:00+05:00", "2026-11-22T10:00:00", "yesterday", 7.5e300, {}])
def test_a_moment_that_makes_no_sense_keeps_no_order_from_being_fetched(told: object) -> None:
    read = _read(_order_change(summary={"PurchaseDate": told}))

    assert (read.topic, read.subject, read.placed_at) == (Topic.ORDER, "402-1", None)


def test_feeds_reports_and_quantities_are_understood_however_their_fields_are_spelt() -> None:
    feed, report, quantity = _read(_feed()), _read(_report()), _read(_quantity())

    assert (feed.topic, feed.subject) == (Topic.FEED, "53347")
    assert (report.topic, report.subject) == (Topic.REPORT, "90001")
    assert (quantity.topic, quantity.subject) == (Topic.LISTING, "a/b")


@pytest.mark.parametrize("told", [_order_change(), _feed(), _quantity()], ids=["order", "feed", "quantity"])
def test_an_event_of_eventbridge_holds_the_same(told: dict[str, Any]) -> None:
    event = {"version": "0", "id": "other", "detail-type": told.get("NotificationType", "?"), "detail": told}

    assert _read(event) == _read(told)


@pytest.mark.parametrize(
    "told",
    [
        _order_change(SellerId="A1ANOTHER"),
        _order_change(summary={"FulfillmentType": "AFN"}),
        _order_change(summary={"MarketplaceId": "A2VIGQ35RCS4UG"}),
        _feed(sellerId="A1ANOTHER"),
        _report(sellerId="A1ANOTHER"),
        _quantity(SellerId="A1ANOTHER"),
        _quantity(FulfillmentChannelCode="AMAZON_EU"),
        _envelope("ANY_OFFER_CHANGED", {"whatever": 1}),
    ],
    ids=["seller", "amazon ships", "marketplace", "feed", "report", "listing", "amazon's stock", "type"],
)
def test_what_is_not_about_us_is_other(told: dict[str, Any]) -> None:
    assert _read(told).topic is Topic.OTHER


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("not json", "it is no JSON"),
        ("[1]", "it is no JSON object"),
        ("[" * 100_000, "it is no JSON"),
        ("{}", "notificationType: Field required"),
        (json.dumps(_order_change(AmazonOrderId="")), "orderChangeNotification.amazonOrderId"),
        (json.dumps(_order_change(AmazonOrderId="4\0")), "orderChangeNotification.amazonOrderId"),
        (json.dumps(_envelope("ORDER_CHANGE", {})), "orderChangeNotification: Field required"),
        (json.dumps(_order_change() | {"NotificationMetadata": METADATA}), "notificationMetadata.notificationId"),
    ],
)
def test_what_is_not_understood_has_a_reason(body: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason.replace(".", r"\.")):
        READER.read(body, "receipt")


def test_a_reason_tells_nothing_of_what_the_message_holds() -> None:
    told = _order_change(SellerId={"name": "Mona, 12 Nile Street"})
    with pytest.raises(ValueError, match="sellerId") as caught:
        _read(told)
    assert "Nile" not in str(caught.value)


async def test_no_message_is_taken_while_nobody_knows_whose_it_would_be() -> None:
    def reader() -> Reader:
        raise MarketplaceError(Outcome.UNAUTHORISED, "no credentials: AMAZON_SELLER_ID not set")

    with pytest.raises(QueueError, match="AMAZON_SELLER_ID not set"):
        await SqsQueue("https://queue.test/orders", "eu-west-1", reader).receive()
