from collections import Counter

from demo.flash_sale import PRODUCTS, SALES, TIME_SCALE, plan, settings


def test_the_sale_is_spread_over_products_and_channels() -> None:
    scenario = plan()
    channels = Counter(purchase.channel for purchase in scenario.purchases)
    assert len(scenario.lines) + len(scenario.purchases) == SALES
    assert abs(channels["amazon"] - 0.4 * SALES) < 0.05 * SALES
    assert abs(channels["noon"] - 0.2 * SALES) < 0.05 * SALES
    assert len({line.sku for line in scenario.lines}) == len(scenario.products) == PRODUCTS
    assert sum(product.opening for product in scenario.products) < SALES


def test_every_duration_shrinks_and_every_rate_grows_alike() -> None:
    values = settings()
    assert float(values["AMAZON_ORDER_POLL_SECONDS"]) * TIME_SCALE == 180
    assert float(values["AMAZON_PUSH_RATE"]) / TIME_SCALE == 5
    assert float(values["AMAZON_LIVE_CEILING_SECONDS"]) * TIME_SCALE == 600
