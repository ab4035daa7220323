from collections import Counter

from demo.catalogue import PRODUCTS, built_in_day
from demo.sales import Day
from demo.scenario import MARKETPLACES, plan_day
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
        bought[purchase.sku] += purchase.quantity
    for line in scenario.lines:
        bought[line.sku] += max(line.quantity, 0)
    for product in scenario.products:
        # A marketplace is offered at least a quarter of what is left, and it must cover all that anybody wants.
        assert (product.opening - bought[product.sku]) // 4 >= bought[product.sku] - product.opening // 4


def test_a_day_of_one_sale_can_be_planned() -> None:
    [line] = built_in_day(sales=1).lines
    scenario = plan_day(Day((line,)))
    assert len(scenario.products) == len(scenario.purchases) == 1
