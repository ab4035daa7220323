"""The marketplaces' side of a run under escrow: targets are submitted, and read back until they are live."""

import dataclasses as dc
import random
from collections import defaultdict
from collections.abc import Callable, Mapping

from contracts import proves_live

from inventory.domain.targets import Target
from inventory.simulation.agenda import Agenda
from inventory.simulation.marketplace import Manners, Marketplace

_READ_EVERY = 60.0


@dc.dataclass(frozen=True, slots=True)
class Answer:
    """A target is live since `live_at`. `is_proved`: a reading showed it; else its ceiling has passed."""

    channel: str
    sku: str
    revision: int
    submitted_at: float
    live_at: float
    is_proved: bool


class Writer:
    """Does to `markets` what connectors do. `is_open` says whether a target's answer is still waited for."""

    def __init__(self, manners: Mapping[str, Manners], chance: random.Random, agenda: Agenda) -> None:
        self.markets = {channel: Marketplace(manner, chance) for channel, manner in manners.items()}
        self._agenda = agenda
        self._over: dict[tuple[str, str], float] = defaultdict(float)

    def submit(
        self, target: Target, at: float, *, is_open: Callable[[Target], bool], answer: Callable[[Answer, float], None]
    ) -> None:
        """Write it, and read it back every minute until it is proved or its ceiling has passed."""
        market = self.markets[target.offer.channel]
        key = target.offer.channel, target.sku
        market.write(target.sku, target.quantity, at)
        earlier_over = self._over[key]
        over = self._over[key] = at + market.manners.ceiling

        def read_back(now: float) -> None:
            if not is_open(target):
                return
            is_proved = now < over and self._is_proved(target, market, now, is_alone=earlier_over < now)
            if is_proved or now >= over:
                self._over[key] = 0.0
                live_at = now if is_proved else over
                answer(Answer(*key, target.revision, at, live_at, is_proved), now)
            else:
                self._agenda.at(min(now + _READ_EVERY, over), read_back)

        self._agenda.at(at + min(_READ_EVERY, market.manners.ceiling), read_back)

    @staticmethod
    def _is_proved(target: Target, market: Marketplace, now: float, *, is_alone: bool) -> bool:
        shown = market.read(target.sku, now)
        return proves_live(target.quantity, target.live_above, shown) and (target.quantity > 0 or is_alone)
