import pytest
from contracts import FulfilledBy, OrderStatus, StockReason
from order_importer.stock_effects import Claim, Effect, LineStock, claim_of, settle
from order_importer.testing.samples import line, order


@pytest.mark.parametrize("status", [OrderStatus.PENDING, OrderStatus.UNSHIPPED, OrderStatus.PARTIALLY_SHIPPED])
def test_a_live_order_holds_what_was_ordered_and_not_cancelled(status: OrderStatus) -> None:
    assert claim_of(order(status=status), line(quantity=5, quantity_cancelled=2)) == Claim(5, 3)


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.UNFULFILLABLE])
@pytest.mark.parametrize(("shipped", "due"), [(0, 0), (2, 2), (9, 5)])
def test_an_order_that_was_given_up_holds_only_what_was_shipped(status: OrderStatus, shipped: int, due: int) -> None:
    assert claim_of(order(status=status), line(quantity=5, quantity_shipped=shipped)) == Claim(5, due)


def test_a_shipped_unit_stays_gone_even_if_it_is_called_cancelled() -> None:
    told = line(quantity=2, quantity_shipped=2, quantity_cancelled=2)
    assert claim_of(order(status=OrderStatus.SHIPPED), told) == Claim(2, 2)


def test_more_cancelled_than_ordered_is_all_cancelled() -> None:
    assert claim_of(order(), line(quantity=2, quantity_cancelled=7)) == Claim(2, 0)


def test_an_order_that_the_marketplace_fulfils_holds_nothing_of_ours() -> None:
    assert claim_of(order(fulfilled_by=FulfilledBy.MARKETPLACE), line()) == Claim(0, 0)


def test_an_unknown_status_says_nothing() -> None:
    assert claim_of(order(status=OrderStatus.UNKNOWN), line()) is None


SALE, CANCELLATION = StockReason.SALE, StockReason.CANCELLATION


@pytest.mark.parametrize(
    ("stock", "claim", "after", "effects"),
    [
        pytest.param(LineStock(), Claim(0, 0), LineStock(), [], id="not ours"),
        pytest.param(LineStock(), Claim(2, 2), LineStock(2), [Effect("sale", SALE, -2)], id="sold"),
        pytest.param(LineStock(2), Claim(2, 2), LineStock(2), [], id="told again"),
        pytest.param(
            LineStock(5),
            Claim(5, 3),
            LineStock(5, 2),
            [Effect("cancellation:0-2", CANCELLATION, 2)],
            id="partly cancelled",
        ),
        pytest.param(
            LineStock(5, 2),
            Claim(5, 0),
            LineStock(5, 5),
            [Effect("cancellation:2-5", CANCELLATION, 3)],
            id="then wholly",
        ),
        pytest.param(LineStock(2), Claim(3, 3), LineStock(3), [Effect("sale:2-3", SALE, -1)], id="more ordered"),
        pytest.param(LineStock(2, 2), Claim(2, 2), LineStock(4, 2), [Effect("sale:2-4", SALE, -2)], id="revived"),
    ],
)
def test_a_mapped_line_moves_to_what_is_due(
    stock: LineStock, claim: Claim, after: LineStock, effects: list[Effect]
) -> None:
    assert settle(stock, claim, is_mapped=True) == (after, tuple(effects))


@pytest.mark.parametrize("due", [0, 2])
def test_what_is_first_seen_cancelled_comes_back_before_it_is_sold(due: int) -> None:
    back = Effect(f"cancellation:0-{5 - due}", CANCELLATION, 5 - due, is_as_of_order=True)
    effects = back, Effect("sale", SALE, -5)
    assert settle(LineStock(), Claim(5, due), is_mapped=True) == (LineStock(5, 5 - due), effects)


def test_an_unmapped_line_takes_nothing_but_remembers_each_move() -> None:
    stock, effects = settle(LineStock(), Claim(3, 3), is_mapped=False)
    assert (stock, effects) == (LineStock(waiting=(3,)), ())
    stock, effects = settle(stock, Claim(3, 1), is_mapped=False)
    assert (stock, effects) == (LineStock(waiting=(3, 1)), ())
    assert settle(stock, Claim(3, 1), is_mapped=False) == (stock, ())
    assert settle(LineStock(), Claim(3, 1), is_mapped=False) == (LineStock(waiting=(3, 1)), ())


def test_what_waited_is_told_as_if_the_line_had_been_mapped_and_the_rest_cancelled_at_once() -> None:
    assert settle(LineStock(waiting=(3, 1)), None, is_mapped=True) == settle(LineStock(), Claim(3, 1), is_mapped=True)


def test_a_sale_that_came_and_went_before_the_line_was_mapped_is_counted_but_not_told() -> None:
    assert settle(LineStock(waiting=(3, 0)), None, is_mapped=True) == (LineStock(3, 3), ())
