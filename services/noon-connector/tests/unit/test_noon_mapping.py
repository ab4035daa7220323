import datetime as dt
from typing import Any

import pytest
from contracts import MarketplaceOrderReceived, OrderStatus
from noon_connector.mapping import read_orders, refusal
from noon_connector.wire import parse

READ_AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def _order(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "order_id": "NEG1",
        "status": "confirmed",
        "created_at": "2026-11-22T10:00:00.123Z",
        "updated_at": "2026-11-22T10:05:00Z",
        "customer": {"name": "Mona Secret"},
        "phone": "0100",
        "total": 100,
        "items": [{"item_id": "i-1", "sku": "قميص/1", "title": "قميص أزرق", "quantity": 2, "unit_price": "50.00"}],
        **changes,
    }


def _read(raw: object) -> MarketplaceOrderReceived:
    (order,), unreadable = read_orders([raw], READ_AT)
    assert unreadable == []
    return order


def test_an_order_is_read_whole() -> None:
    order = _read(_order())

    assert (order.channel, order.external_order_id, order.status) == ("noon", "NEG1", OrderStatus.UNSHIPPED)
    assert order.updated_at == dt.datetime(2026, 11, 22, 10, 5, tzinfo=dt.UTC)
    (line,) = order.lines
    assert (line.external_line_id, line.external_sku, line.title) == ("i-1", "قميص/1", "قميص أزرق")
    assert line.unit_price
    assert line.unit_price.model_dump(mode="json") == {"amount": "50.00", "currency": "EGP"}


@pytest.mark.parametrize("name", ["order_id", "id", "order_nr"])
def test_the_number_is_found_under_each_name(name: str) -> None:
    raw = _order()
    del raw["order_id"]

    assert _read({**raw, name: 4711}).external_order_id == "4711"


def test_lines_quantities_and_line_numbers_may_be_missing() -> None:
    raw = _order(lines=[{"partner_sku": "A"}, {"partner_sku": " B ", "quantity": "3"}])
    del raw["items"]
    lines = _read(raw).lines

    assert [(line.external_line_id, line.external_sku, line.quantity) for line in lines] == [
        ("NEG1-1", "A", 1),
        ("NEG1-2", " B ", 3),
    ]


def test_numbers_with_a_fraction_stay_exact() -> None:
    raw = parse(b'{"orders": [{"id": 1, "created_at": 1764000000007, "total": 149.90, "items": [{"sku": "A"}]}]}')
    order = _read(raw["orders"][0])

    assert order.total
    assert str(order.total.amount) == "149.90"
    assert order.placed_at == dt.datetime(2025, 11, 24, 16, 0, 0, 7000, tzinfo=dt.UTC)


def test_without_its_own_date_a_version_has_that_of_the_reading() -> None:
    assert _read(_order(updated_at=None)).updated_at == READ_AT


@pytest.mark.parametrize("total", ["free", True, {"amount": 1}, float("inf"), [1]])
def test_a_price_without_sense_is_left_out(total: object) -> None:
    assert _read(_order(total=total)).total is None


def test_a_cancelled_order_has_all_that_was_not_shipped_cancelled() -> None:
    line = {"sku": "A", "quantity": 3, "quantity_shipped": 1}

    assert _read(_order(status="Cancelled", items=[line])).lines[0].quantity_cancelled == 2
    assert _read(_order(items=[{**line, "quantity_cancelled": 1}])).lines[0].quantity_cancelled == 1


def test_an_unknown_status_is_kept_as_unknown() -> None:
    assert _read(_order(status="teleported")).status is OrderStatus.UNKNOWN


def test_no_personal_data_is_kept() -> None:
    order = _read(_order(payment_method={"name": "Mona Secret"}))

    assert "Mona" not in order.model_dump_json()
    assert "0100" not in order.model_dump_json()
    assert order.raw["order_id"] == "NEG1"


@pytest.mark.parametrize(
    ("raw", "number", "reason"),
    [
        (_order(items="Mona"), "NEG1", "no list of objects"),
        (_order(items=[{"title": "Mona"}]), "NEG1", "no sku"),
        (_order(items=[{"sku": "A", "quantity": -1}]), "NEG1", "no whole number"),
        (_order(items=[]), "NEG1", "lines"),
        (_order(created_at="Mona"), "NEG1", "created_at"),
        (_order(order_id=None), "(no number", "no order_id"),
        ("Mona", "(no number", "no order_id"),
    ],
)
def test_an_unreadable_order_has_a_reason_and_leaves_the_others_alone(raw: object, number: str, reason: str) -> None:
    orders, unreadable = read_orders([raw, _order(order_id="NEG2")], READ_AT)

    assert [order.external_order_id for order in orders] == ["NEG2"]
    (bad,) = unreadable
    assert bad.external_order_id.startswith(number)
    assert reason in bad.reason
    assert "Mona" not in bad.reason
    assert read_orders([raw], READ_AT)[1] == [bad]


@pytest.mark.parametrize("answer", [{}, {"status": "ok"}, {"success": True}, {"error": None}, {"status": "Updated"}])
def test_an_answer_without_an_objection_is_a_yes(answer: dict[str, Any]) -> None:
    assert refusal(answer) is None


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"error": {"code": "sku_not_found", "message": "No such SKU"}}, "sku_not_found"),
        ({"error": "no such sku"}, "NotAccepted"),
        ({"success": False}, "NotAccepted"),
        ({"status": "failed"}, "NotAccepted"),
    ],
)
def test_an_objection_inside_a_success_is_a_no(answer: dict[str, Any], code: str) -> None:
    issue = refusal(answer)

    assert issue
    assert issue.code == code
