from contracts import MarketplaceOrderReceived, OrderStatus
from order_importer.order import Change, Order, map_lines, receive
from order_importer.testing.samples import NOON, line, order

SKUS = {("amazon", "X-1"): "SKU-1", ("amazon", "X-2"): "SKU-2"}
BLANK = Order("amazon", "A-1", NOON)


def _receive(stored: Order, version: MarketplaceOrderReceived, skus: dict[tuple[str, str], str] | None = None) -> Order:
    change = receive(stored, version, SKUS if skus is None else skus)
    assert change is not None
    return change.after


def _quantities(change: Change | None) -> list[int]:
    assert change is not None
    return [effect.change_qty for _, effect in change.effects]


def test_an_older_version_is_ignored() -> None:
    stored = _receive(BLANK, order(at=5))
    assert receive(stored, order(at=4, status=OrderStatus.CANCELLED), SKUS) is None


def test_the_same_version_is_ignored() -> None:
    assert receive(_receive(BLANK, order()), order(), SKUS) is None


def test_within_one_instant_the_further_progress_is_the_newer_version() -> None:
    stored = _receive(BLANK, order(status=OrderStatus.CANCELLED))
    assert receive(stored, order(status=OrderStatus.PENDING), SKUS) is None
    assert _quantities(receive(_receive(BLANK, order()), order(line(quantity_cancelled=1)), SKUS)) == [1]


def test_an_order_id_follows_from_channel_and_external_id() -> None:
    assert BLANK.order_id == Order("amazon", "A-1", NOON).order_id
    assert BLANK.order_id != Order("noon", "A-1", NOON).order_id
    assert Order("a", "b:c", NOON).order_id != Order("a:b", "c", NOON).order_id


def test_a_line_that_is_named_no_more_gives_its_units_back() -> None:
    stored = _receive(BLANK, order(line("1"), line("2", "X-2", 3)))
    assert _quantities(receive(stored, order(line("1"), at=1), SKUS)) == [3]


def test_a_line_keeps_the_sku_that_it_took_its_units_from() -> None:
    stored = _receive(BLANK, order())
    change = receive(stored, order(at=1, status=OrderStatus.CANCELLED), {("amazon", "X-1"): "OTHER"})
    assert change is not None
    assert [line.sku for line, _ in change.effects] == ["SKU-1"]


def test_only_the_mapped_line_of_a_parked_order_takes_effect_until_the_other_is_mapped() -> None:
    change = receive(BLANK, order(line("1"), line("2", "X-9", 3)), SKUS)
    assert _quantities(change) == [-2]
    assert change is not None
    assert "X-9" in (change.after.parked_reason or "")
    later = map_lines(change.after, {("amazon", "X-9"): "SKU-9"})
    assert _quantities(later) == [-3]
    assert later is not None
    assert later.after.parked_reason is None


def test_mapping_does_not_touch_an_order_that_does_not_wait_for_it() -> None:
    assert map_lines(_receive(BLANK, order()), {("amazon", "X-1"): "OTHER"}) is None
    assert map_lines(_receive(BLANK, order(), {}), {("noon", "X-1"): "SKU-1"}) is None


def test_an_unmapped_order_that_was_cancelled_is_not_parked() -> None:
    stored = _receive(BLANK, order(), {})
    assert stored.parked_reason
    assert _receive(stored, order(at=1, status=OrderStatus.CANCELLED), {}).parked_reason is None


def test_an_unknown_status_keeps_what_was_taken_until_the_status_is_known() -> None:
    stored = _receive(BLANK, order())
    unknown = receive(stored, order(at=1, status=OrderStatus.UNKNOWN), SKUS)
    assert _quantities(unknown) == []
    assert unknown is not None
    assert _quantities(receive(unknown.after, order(at=2, status=OrderStatus.CANCELLED), SKUS)) == [2]
