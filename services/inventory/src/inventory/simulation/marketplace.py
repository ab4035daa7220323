"""A marketplace as its buyers and its API show it: writes go live late and in order, orders are seen late."""

import dataclasses as dc
import random
from collections import defaultdict, deque


@dc.dataclass(frozen=True, slots=True)
class Manners:
    """All in seconds. `live`: the least and the most from a call until it is live; `visible`: until an order is shown.

    `poll`: how often its orders are read; `ceiling`: after it a call counts as live without proof.
    """

    live: tuple[float, float]
    visible: float
    poll: float
    ceiling: float


AMAZON = Manners(live=(30, 300), visible=120, poll=180, ceiling=600)
NOON = Manners(live=(1, 10), visible=5, poll=60, ceiling=60)


@dc.dataclass(slots=True)
class _Write:
    live_at: float
    quantity: int


class Marketplace:
    """Listings by SKU. Time never goes back."""

    def __init__(self, manners: Manners, chance: random.Random) -> None:
        self.manners = manners
        self.calls = 0
        self.reads = 0
        self._chance = chance
        self._shown: dict[str, int] = defaultdict(int)
        self._writes: dict[str, deque[_Write]] = defaultdict(deque)
        self._unseen: deque[tuple[float, str]] = deque()
        self._unseen_units: dict[str, int] = defaultdict(int)

    def write(self, sku: str, quantity: int, at: float) -> None:
        """It goes live later, but never before an earlier write to the same listing."""
        self.calls += 1
        writes = self._writes[sku]
        earliest = writes[-1].live_at if writes else at
        writes.append(_Write(max(earliest, at + self._chance.uniform(*self.manners.live)), quantity))

    def shown(self, sku: str, at: float) -> int:
        writes = self._writes[sku]
        while writes and writes[0].live_at <= at:
            self._shown[sku] = writes.popleft().quantity
        return self._shown[sku]

    def read(self, sku: str, at: float) -> int:
        """The same, by a call."""
        self.reads += 1
        return self.shown(sku, at)

    def buy(self, sku: str, at: float) -> bool:
        """Answers whether there was a unit to buy."""
        if self.shown(sku, at) <= 0:
            return False
        self._shown[sku] -= 1
        self._unseen.append((at, sku))
        self._unseen_units[sku] += 1
        return True

    def unseen(self, sku: str) -> int:
        """Units sold that no poll has told of; only for those who look on."""
        return self._unseen_units[sku]

    def orders(self, at: float) -> tuple[list[tuple[float, str]], float]:
        """The orders (placed at, SKU) that have become visible since the last poll, and up to when all are known."""
        known_until = at - self.manners.visible
        orders = []
        while self._unseen and self._unseen[0][0] <= known_until:
            orders.append(self._unseen.popleft())
            self._unseen_units[orders[-1][1]] -= 1
        return orders, known_until
