"""Bad input gives one reason and one line that says what is wrong, without the record's content."""

import json
from typing import Any

import pytest
from contracts import TOPICS, InvalidEventError, parse
from contracts.workspace import EXAMPLES, WORKSPACE

SECRET = "Nour-01001234567"
SALE: dict[str, Any] = json.loads((WORKSPACE / EXAMPLES / "stock.changed.v1" / "01-sale.json").read_bytes())
PRODUCT: dict[str, Any] = json.loads((WORKSPACE / EXAMPLES / "product.changed.v1" / "01-changed.json").read_bytes())


def refused(topic: str, value: bytes | None) -> InvalidEventError:
    with pytest.raises(InvalidEventError) as caught:
        parse(topic, value)
    message = str(caught.value)
    assert message == f"{caught.value.reason}: {caught.value.detail}"
    assert SECRET not in message
    assert len(message.splitlines()) == 1
    return caught.value


def changed(event: dict[str, Any], **data: object) -> bytes:
    return json.dumps(event | {"data": event["data"] | data}).encode()


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b" ",
        SECRET.encode(),
        json.dumps(SALE | {"id": SECRET}).encode()[:-1],
        f'{{"id": "{SECRET}'.encode(),
        b'{"id": "' + SECRET.encode() + b'\xff"}',
        SECRET.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"[" * 10_000,
        b'{"id": "\\ud800"}',
        b"{} {}",
    ],
    ids=[
        "null",
        "empty",
        "blank",
        "text",
        "truncated",
        "in-string",
        "latin",
        "utf-16",
        "bom",
        "deep",
        "surrogate",
        "two",
    ],
)
def test_what_is_no_json_is_refused_as_such(topic: str, value: bytes | None) -> None:
    assert refused(topic, value).reason == "not-json"


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
@pytest.mark.parametrize("event_type", ["stock.changed.v2", SECRET, "", "Stock.Changed.v1\n\n"])
def test_a_type_that_the_topic_does_not_carry_is_unknown(topic: str, event_type: str) -> None:
    error = refused(topic, json.dumps(SALE | {"type": event_type}).encode())
    assert error.reason == "unknown-type"
    assert f"{topic}.v1" in error.detail


def test_an_event_of_another_topic_is_of_unknown_type() -> None:
    assert refused("product.changed", json.dumps(SALE).encode()).reason == "unknown-type"
    assert refused("stock.changed", json.dumps(PRODUCT).encode()).reason == "unknown-type"


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
@pytest.mark.parametrize("value", [b"null", b"[]", b'"x"', b"1", b"NaN", b"{}", b'{"type": 7}', b'{"type": null}'])
def test_json_that_is_no_event_is_invalid(topic: str, value: bytes) -> None:
    assert refused(topic, value).reason == "invalid-event"


@pytest.mark.parametrize("attribute", ["id", "source", "type", "time", "data"])
@pytest.mark.parametrize(("topic", "event"), [("stock.changed", SALE), ("product.changed", PRODUCT)])
def test_a_missing_attribute_is_named(topic: str, event: dict[str, Any], attribute: str) -> None:
    error = refused(topic, json.dumps({key: value for key, value in event.items() if key != attribute}).encode())
    assert error.reason == "invalid-event"
    assert error.detail.startswith(f"{attribute}:")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", SECRET * 20),
        ("id", {"secret": SECRET}),
        ("source", ""),
        ("specversion", SECRET),
        ("datacontenttype", "text/xml"),
        ("time", SECRET),
        ("time", "2026-03-05T17:44:31"),
        ("time", "0001-01-01T00:00:00+05:00"),
        ("time", "9999-12-31T23:59:59-05:00"),
        ("data", SECRET),
    ],
)
def test_a_bad_attribute_is_named(field: str, value: object) -> None:
    error = refused("stock.changed", json.dumps(SALE | {field: value}).encode())
    assert error.reason == "invalid-event"
    assert error.detail.startswith(f"{field}")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sku", ""),
        ("sku", SECRET * 5),
        ("sku", 417),
        ("reason", SECRET),
        ("change_qty", SECRET),
        ("change_qty", 1.5),
        ("change_qty", 2**31),
        ("change_qty", 10**400),
        ("channel", [SECRET]),
        ("placed_at", SECRET),
        ("reference", ""),
    ],
)
def test_a_bad_field_of_the_data_is_named(field: str, value: object) -> None:
    error = refused("stock.changed", changed(SALE, **{field: value}))
    assert error.reason == "invalid-event"
    assert error.detail.startswith(f"data.{field}:")


def test_a_field_inside_a_list_is_named_with_its_position() -> None:
    folder = WORKSPACE / EXAMPLES / "marketplace.order.received.v1"
    order = json.loads((folder / "01-unshipped.json").read_bytes())
    line = order["data"]["lines"][0] | {"quantity": -1, "title": SECRET}
    assert refused("marketplace.order.received", changed(order, lines=[line])).detail.startswith(
        "data.lines.0.quantity:"
    )


def test_only_the_first_of_many_faults_are_told() -> None:
    error = refused("stock.changed", json.dumps(dict.fromkeys(SALE, 7) | {"type": SALE["type"]}).encode())
    assert error.reason == "invalid-event"
    assert error.detail.count("; ") == 2


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"change_qty": 2}, "the change_qty of a sale is below 0"),
        ({"change_qty": 0}, "a sale needs a change_qty that is not 0"),
        ({"counted_qty": 3}, "no counted_qty"),
        ({"reason": "stocktake"}, "a stocktake needs counted_qty and counted_at"),
        ({"reason": "return"}, "the change_qty of a return is above 0"),
    ],
)
def test_a_quantity_that_does_not_fit_its_reason_says_the_rule(data: dict[str, object], says: str) -> None:
    error = refused("stock.changed", changed(SALE, reference=SECRET, **data))
    assert error.reason == "invalid-event"
    assert says in error.detail


def test_a_topic_outside_the_table_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        parse("stock.changed.inventory.dlq", json.dumps(SALE).encode())
