"""Buyers on the marketplaces: they order, and some think better of it."""

import asyncio
import dataclasses as dc
import random

from demo.house import House
from demo.scenario import MARKETPLACES, Purchase, external_sku

_SECOND_THOUGHTS = (0.0, 3.0)
"""Seconds between an order and its cancellation: some are cancelled before anybody has read them."""


@dc.dataclass(frozen=True, slots=True)
class Bought:
    """An order that a marketplace took; `cancelled` units of it were cancelled again. `ships`: it is to be shipped."""

    channel: str
    order_id: str
    sku: str
    quantity: int
    cancelled: int
    ships: bool = False


class Buyers:
    """Remembers every order: what must be found among the imported ones."""

    def __init__(self, house: House, *, seed: int = 1) -> None:
        self._house = house
        self._chance = random.Random(seed)  # noqa: S311 - a repeatable day, nothing secret
        self._cancellations: list[asyncio.Task[None]] = []
        self.bought: list[Bought] = []
        self.refused = dict.fromkeys(MARKETPLACES, 0)

    async def buy(self, purchase: Purchase) -> None:
        external = external_sku(purchase.channel, purchase.sku)
        order_id = await self._house.buy(purchase.channel, external, purchase.quantity, purchase.status)
        if order_id is None:
            self.refused[purchase.channel] += 1
            return
        order = Bought(purchase.channel, order_id, purchase.sku, purchase.quantity, purchase.cancel, purchase.ships)
        self.bought.append(order)
        if purchase.cancel:
            pause = self._chance.uniform(*_SECOND_THOUGHTS)
            self._cancellations.append(asyncio.create_task(self._cancel(purchase, order_id, pause)))

    async def settle(self) -> None:
        """Return when the last cancellation is made."""
        await asyncio.gather(*self._cancellations)

    async def _cancel(self, purchase: Purchase, order_id: str, pause: float) -> None:
        await asyncio.sleep(pause)
        await self._house.cancel(purchase.channel, order_id, purchase.cancel)
