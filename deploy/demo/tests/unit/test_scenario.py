from collections import Counter

from demo.catalogue import PRODUCTS, built_in_day
from demo.sales import Day
from demo.scenario import MARKETPLACES, Stock, longest_pause, plan_day
from hypothesis import given
from hypothesis import strategies as st


def test_the_same_seed_gives_the_same_day() -> None:
    assert plan_day(built_in_day()) == plan_day(built_in_day())
    assert plan_day(built_in_day(seed=2)) != plan_day(built_in_day())


def test_the_built_in_day_has_sales_returns_and_every_product() -> None:
    day = built_in_day()
    assert {line.sku for line in day.lines} == {sku for sku, _, _ in PRODUCTS}
    assert any(line.quantity < 0 for line in day.lines)


@given(sales=st.integers(1, 400), seed=st.integers())
def test_stock_is_ample_on_every_channel(sales: int, seed: int) -> None:
    scenario = plan_day(built_in_day(sales=sales, seed=seed), seed=seed)
    bought: Counter[str] = Counter()
    for purchase in scenario.purchases:
        assert purchase.channel in MARKETPLACES
        assert 0 <= purchase.cancel <= purchase.quantity
        assert not purchase.ships or (purchase.status, purchase.cancel) == ("unshipped", 0)
        bought[purchase.sku] += purchase.quantity
    for line in scenario.lines:
        bought[line.sku] += max(line.quantity, 0)
    for product in scenario.products:
        # A marketplace is offered at least a quarter of what is left, and it must cover all that anybody wants.
        assert (product.opening - bought[product.sku]) // 4 >= bought[product.sku] - product.opening // 4


def test_on_both_marketplaces_some_orders_are_shipped() -> None:
    purchases = plan_day(built_in_day()).purchases
    assert {purchase.channel for purchase in purchases if purchase.ships} == set(MARKETPLACES)
    assert 0.05 < sum(purchase.ships for purchase in purchases) / len(purchases) < 0.4


def test_a_day_of_one_sale_can_be_planned() -> None:
    [line] = built_in_day(sales=1).lines
    scenario = plan_day(Day((line,)))
    assert len(scenario.products) == len(scenario.purchases) == 1


@given(sales=st.integers(1, 400), seed=st.integers())
def test_scarce_stock_is_less_than_what_is_wanted_and_never_nothing(sales: int, seed: int) -> None:
    scenario = plan_day(built_in_day(sales=sales, seed=seed), seed=seed, stock=Stock.SCARCE)
    wanted: Counter[str] = Counter()
    for purchase in scenario.purchases:
        wanted[purchase.sku] += purchase.quantity
    for line in scenario.lines:
        wanted[line.sku] += max(line.quantity, 0)
    for product in scenario.products:
        assert product.opening == max(1, wanted[product.sku] * 8 // 10)


def test_the_longest_pause_is_between_two_sales_of_one_product() -> None:
    one, other = (next(line for line in built_in_day().lines if line.sku == sku) for sku, _, _ in PRODUCTS[:2])
    assert longest_pause(Day((one, other, other, other, one, one))) == 4
    assert longest_pause(Day((one,))) == 0
