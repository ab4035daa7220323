import io

import pytest
from demo.report import Summary, show
from demo.scenario import Stock
from rich.console import Console


def summary(**fields: object) -> Summary:
    usual: dict[str, object] = dict.fromkeys(
        ("sales", "returns", "left_out", "marketplace_orders", "cancelled", "refused", "oversold_units", "incidents"), 0
    )
    usual |= dict.fromkeys(("ledger_ok", "marketplaces_ok", "orders_ok", "prices_ok", "shipments_ok"), True)
    usual |= {"lost": 0, "doubled": 0, "refused_by": {}, "shipments": {}, "latency_ms": {"p50": None, "p99": None}}
    return Summary(**{**usual, **fields})  # type: ignore[arg-type]  # each field is given its own type above


def shown(summary: Summary) -> str:
    page = Console(file=io.StringIO(), width=120, record=True)
    show(page, summary)
    return page.export_text()


def test_where_no_call_followed_from_a_sale_that_is_said_in_words() -> None:
    assert "no call to a marketplace followed from a sale" in shown(summary())
    told = shown(summary(latency_ms={"p50": 12.5, "p99": 80.0}))
    assert "p50 12.5  p99 80.0" in told
    assert "no call" not in told


@pytest.mark.parametrize(
    ("stock", "faults", "ok"),
    [(Stock.AMPLE, {}, False), (Stock.SCARCE, {}, True), (Stock.AMPLE, {"error_rate": 0.1}, True)],
)
def test_buyers_may_be_turned_away_only_for_want_of_stock_or_on_a_bad_day(
    stock: Stock, faults: dict[str, float], *, ok: bool
) -> None:
    assert summary(refused=3, stock=stock, faults=faults).ok is ok


def test_a_unit_sold_that_is_not_there_is_never_right() -> None:
    assert not summary(oversold_units=1, stock=Stock.SCARCE).ok
