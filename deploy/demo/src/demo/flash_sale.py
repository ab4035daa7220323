"""A flash sale: a few products that everybody wants at once, one unit each, on every channel."""

import random
from collections import Counter

from demo.catalogue import PRODUCTS
from demo.sales import SaleLine
from demo.scenario import MARKETPLACES, Product, Purchase, Scenario

_STOREFRONT = "saberstore"
_BUYERS = {_STOREFRONT: 0.4, "amazon": 0.4, "noon": 0.2}


def plan_flash_sale(*, sales: int, seed: int = 1, suffix: str = "") -> Scenario:
    """`sales` buyers come to 20 products, of which there is one unit for each of them; nothing is cancelled."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable sale, nothing secret
    wanted = [
        (channel, place)
        for channel, place in zip(
            chance.choices(list(_BUYERS), list(_BUYERS.values()), k=sales),
            chance.choices(range(len(PRODUCTS)), k=sales),
            strict=True,
        )
    ]
    demand = Counter(place for _, place in wanted)
    products = tuple(
        Product(sku + suffix, title, price, demand[place]) for place, (sku, title, price) in enumerate(PRODUCTS)
    )
    lines = tuple(
        SaleLine(f"F{number:05}", number, products[place].sku, products[place].title, 1, products[place].price)
        for number, (channel, place) in enumerate(wanted, start=1)
        if channel == _STOREFRONT
    )
    purchases = tuple(
        Purchase(channel, products[place].sku, 1, "unshipped", 0)
        for channel, place in wanted
        if channel in MARKETPLACES
    )
    return Scenario(products, lines, purchases)
