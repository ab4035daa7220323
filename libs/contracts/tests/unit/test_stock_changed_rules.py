"""Which quantity a reason allows: in the class and, the same, in the schema."""

import json

import pytest
from contracts import InvalidEventError, StockChanged, StockReason, parse
from contracts.json_schemas import event_schema
from contracts.workspace import EXAMPLES, WORKSPACE
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

COUNTED_AT = "2026-03-08T06:30:00Z"
MOST = 2_147_483_647
SALE = json.loads((WORKSPACE / EXAMPLES / "stock.changed.v1" / "01-sale.json").read_bytes())
VALIDATOR = Draft202012Validator(event_schema(StockChanged))

changes = st.integers(-MOST, MOST).filter(bool)
gains = st.integers(1, MOST)
counts = st.integers(0, MOST)
skus = st.text(min_size=1, max_size=64)
RISES = [StockReason.RESTOCK, StockReason.RETURN, StockReason.CANCELLATION]


@settings(deadline=None)
@given(skus, gains)
def test_a_sale_takes_units_away(sku: str, units: int) -> None:
    assert StockChanged(sku=sku, reason=StockReason.SALE, change_qty=-units).change_qty == -units
    with pytest.raises(ValidationError, match="below 0"):
        StockChanged(sku=sku, reason=StockReason.SALE, change_qty=units)


@settings(deadline=None)
@given(skus, gains, st.sampled_from(RISES))
def test_a_restock_a_return_and_a_cancellation_bring_units(sku: str, units: int, reason: StockReason) -> None:
    assert StockChanged(sku=sku, reason=reason, change_qty=units).change_qty == units
    with pytest.raises(ValidationError, match="above 0"):
        StockChanged(sku=sku, reason=reason, change_qty=-units)


@settings(deadline=None)
@given(changes)
def test_an_adjustment_goes_either_way(units: int) -> None:
    assert StockChanged(sku="A", reason=StockReason.ADJUSTMENT, change_qty=units).change_qty == units


@pytest.mark.parametrize("reason", [reason for reason in StockReason if reason is not StockReason.STOCKTAKE])
@pytest.mark.parametrize("quantity", [{}, {"change_qty": 0}, {"change_qty": None}, {"counted_qty": 3}])
def test_every_other_reason_needs_a_change(reason: StockReason, quantity: dict[str, int | None]) -> None:
    with pytest.raises(ValidationError, match="needs a change_qty that is not 0"):
        StockChanged.model_validate({"sku": "A", "reason": reason, **quantity})


@settings(deadline=None)
@given(counts, changes)
def test_a_stocktake_states_a_count_and_no_change(counted: int, change: int) -> None:
    count = {"sku": "A", "reason": "stocktake", "counted_qty": counted, "counted_at": COUNTED_AT}
    assert StockChanged.model_validate(count).counted_qty == counted
    for wrong in ({"change_qty": change}, {"change_qty": 0}, {"counted_at": None}, {"counted_qty": None}):
        with pytest.raises(ValidationError, match="a stocktake needs"):
            StockChanged.model_validate(count | wrong)


@settings(deadline=None, max_examples=300)
@given(
    st.fixed_dictionaries(
        {"sku": skus, "reason": st.sampled_from([*StockReason])},
        optional={
            "change_qty": st.none() | st.integers(-2, 2) | st.integers(-MOST - 2, MOST + 2),
            "counted_qty": st.none() | st.integers(-1, 2),
            "counted_at": st.none() | st.just(COUNTED_AT),
        },
    )
)
@example({"sku": "A", "reason": "stocktake", "counted_qty": 0, "counted_at": COUNTED_AT, "change_qty": None})
@example({"sku": "A", "reason": "sale", "change_qty": -1, "counted_qty": None, "counted_at": None})
@example({"sku": "A", "reason": "return", "change_qty": 1})
def test_the_schema_allows_what_the_reader_accepts(data: dict[str, object]) -> None:
    event = SALE | {"data": data}
    assert VALIDATOR.is_valid(event) == is_read(json.dumps(event).encode())


def is_read(value: bytes) -> bool:
    try:
        parse("stock.changed", value)
    except InvalidEventError:
        return False
    return True
