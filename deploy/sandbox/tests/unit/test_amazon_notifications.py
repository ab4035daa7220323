import datetime as dt
import json

import pytest
from sandbox.amazon.notifications import Publisher, order_change
from sandbox.amazon.settings import AmazonSettings
from sandbox.fault_settings import FaultSettings
from sandbox.faults import Faults
from sandbox.store import Order, Status, Store
from sandbox.testing.manual_clock import ManualClock

SELLER = AmazonSettings("client", "made-up", "Atzr|made-up", "SELLER1", sqs_queue_url="http://127.0.0.1:9/1/q")


def _store(clock: ManualClock) -> Store:
    store = Store(clock, lambda number: f"402-{number}", restocks_on_cancel=True)
    store.put_listing("A", 10)
    return store


def test_every_change_of_an_order_is_told(clock: ManualClock) -> None:
    store, told = _store(clock), list[tuple[str, Status]]()
    store.on_order = lambda order: told.append((order.external_order_id, order.status))
    first = store.place("A", 2).external_order_id
    store.cancel(first, 1)
    store.ship(first)
    store.place("A", 1, Status.CANCELLED)

    assert told == [
        ("402-1", Status.UNSHIPPED),
        ("402-1", Status.UNSHIPPED),
        ("402-1", Status.SHIPPED),
        ("402-2", Status.UNSHIPPED),
        ("402-2", Status.CANCELLED),
    ]


@pytest.mark.parametrize(
    ("status", "word"),
    [(Status.PENDING, "Pending"), (Status.UNSHIPPED, "Unshipped"), (Status.CANCELLED, "Canceled")],
)
def test_a_notification_has_the_words_of_the_old_orders_api(clock: ManualClock, status: Status, word: str) -> None:
    order = _store(clock).place("A", 2, status)
    told = json.loads(json.dumps(order_change(order, "SELLER1", clock.now)))
    change = told["Payload"]["OrderChangeNotification"]

    assert (change["AmazonOrderId"], change["SellerId"]) == ("402-1", "SELLER1")
    assert change["Summary"]["OrderStatus"] == word
    assert change["Summary"]["FulfillmentType"] == "MFN"
    assert [(item["SellerSKU"], item["Quantity"]) for item in change["Summary"]["OrderItems"]] == [("A", 2)]


def test_no_two_notifications_have_the_same_id(clock: ManualClock) -> None:
    order = _store(clock).place("A", 1)
    ids = [json.dumps(order_change(order, "S", clock.now)["NotificationMetadata"]) for _ in range(10)]

    assert len(set(ids)) == 10


def test_faults_repeat_and_delay_notifications(clock: ManualClock) -> None:
    faults = Faults(clock, seed=7)
    assert {(faults.repeats(), faults.lateness()) for _ in range(20)} == {(1, 0.0)}
    faults.put(FaultSettings(duplicate_rate=1, reorder=True))
    assert {faults.repeats() for _ in range(20)} == {2}
    assert len({faults.lateness() for _ in range(20)}) == 20


async def test_a_dead_queue_is_told_and_spoils_no_order(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    publisher, store = Publisher(SELLER, Faults(clock), lambda: dt.datetime.now(dt.UTC)), _store(clock)
    store.on_order = publisher.publish
    order: Order = store.place("A", 1)
    await publisher.finish()

    assert order.status is Status.UNSHIPPED
    assert "notifications lost: 1" in capsys.readouterr().err
