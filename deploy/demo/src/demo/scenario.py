"""What will happen on the day: pure, and the same for the same seed."""

import dataclasses as dc
import enum
import random
from collections import defaultdict

from demo.sales import Day, SaleLine

MARKETPLACES = ("amazon", "noon")
_ORDER_EVERY = 8
"""One marketplace order for so many sales of the storefront."""
_SHIP_EVERY = 3
"""Of so many orders of each marketplace one is shipped, if it may be: the connectors confirm two parcels a second."""
_CANCEL_SHARE = 0.15
_PARTIAL_SHARE = 0.3
_SPARE_UNITS = 60
_STOCK_FACTOR = 4
"""Ample: each marketplace is offered about a third, and must never run short of what its buyers want."""
_SCARCE_PERCENT = 80


@dc.dataclass(frozen=True, slots=True)
class Product:
    sku: str
    title: str
    price: str
    opening: int


@dc.dataclass(frozen=True, slots=True)
class Purchase:
    """A buyer at a marketplace; `cancel` units are cancelled a while after the order, or all are shipped (`ships`)."""

    channel: str
    sku: str
    quantity: int
    status: str
    cancel: int
    ships: bool = False


@dc.dataclass(frozen=True, slots=True)
class Scenario:
    products: tuple[Product, ...]
    lines: tuple[SaleLine, ...]
    purchases: tuple[Purchase, ...]


class Stock(enum.StrEnum):
    """How much there is of each SKU: plenty, or less than its buyers want."""

    AMPLE = "ample"
    SCARCE = "scarce"


def plan_day(day: Day, *, seed: int = 1, stock: Stock = Stock.AMPLE) -> Scenario:
    """Opening stock for every SKU of the day, and buyers on both marketplaces who like what sells."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable day, nothing secret
    purchases = tuple(_purchase(chance, number, line) for number, line in enumerate(day.lines[::_ORDER_EVERY]))
    demand: dict[str, int] = defaultdict(int)
    for line in day.lines:
        demand[line.sku] += max(line.quantity, 0)
    for purchase in purchases:
        demand[purchase.sku] += purchase.quantity
    named = {line.sku: line for line in day.lines}
    products = tuple(
        Product(sku, line.title or sku, line.unit_price, _opening(demand[sku], stock)) for sku, line in named.items()
    )
    return Scenario(products, day.lines, purchases)


def _opening(wanted: int, stock: Stock) -> int:
    if stock is Stock.SCARCE:
        return max(1, wanted * _SCARCE_PERCENT // 100)
    return wanted * _STOCK_FACTOR + _SPARE_UNITS


def longest_pause(day: Day) -> int:
    """How many sales of others at most are made between two of the same SKU."""
    last: dict[str, int] = {}
    longest = 0
    for number, line in enumerate(day.lines):
        longest = max(longest, number - last.get(line.sku, number))
        last[line.sku] = number
    return longest


def _purchase(chance: random.Random, number: int, line: SaleLine) -> Purchase:
    quantity = chance.choice((1, 1, 1, 2, 3))
    cancel = 0
    if chance.random() < _CANCEL_SHARE:
        cancel = chance.randint(1, quantity) if chance.random() < _PARTIAL_SHARE else quantity
    status = chance.choice(("pending", "unshipped", "unshipped"))
    ships = status == "unshipped" and not cancel and number // len(MARKETPLACES) % _SHIP_EVERY == 0
    return Purchase(MARKETPLACES[number % len(MARKETPLACES)], line.sku, quantity, status, cancel, ships)


def external_sku(channel: str, sku: str) -> str:
    """The marketplaces call our products by names of their own."""
    return f"{channel[:2].upper()}-{sku}"
