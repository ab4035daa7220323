"""The demand of some days, served under escrow by the functions that production runs."""

import dataclasses as dc
import datetime as dt
import heapq
import itertools
import random
from collections import defaultdict, deque
from collections.abc import Callable

from contracts import proves_live

from inventory.domain import escrow
from inventory.domain.allocation import Policy
from inventory.domain.planning import rebalance, settle
from inventory.domain.reserving import attainable, consume, grant, grantable
from inventory.domain.stock import Item, Offer
from inventory.domain.targets import Target
from inventory.domain.terms import Terms
from inventory.simulation.demand import Demand
from inventory.simulation.marketplace import Manners, Marketplace
from inventory.simulation.result import Result

_START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_READ_EVERY = 60.0
_PATIENCE = 1200.0
_MARGIN = dt.timedelta(seconds=2)


def clock(seconds: float) -> dt.datetime:
    return _START + dt.timedelta(seconds=seconds)


class EscrowRun:
    """One run. The storefront is told and heard at once, as its own system is."""

    def __init__(
        self, name: str, demand: Demand, policy: Policy, terms: Terms, manners: dict[str, Manners], seed: int
    ) -> None:
        chance = random.Random(seed)  # noqa: S311 - a repeatable simulation, nothing secret
        self.result = Result(name, "")
        self.items: dict[str, Item] = {}
        self._policy = policy
        self._terms = terms
        self._demand = demand
        self._markets = {channel: Marketplace(manner, chance) for channel, manner in manners.items()}
        self._left = dict(demand.stock)
        self._known: dict[str, dt.datetime] = {}
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._count = itertools.count()
        self._waits: dict[str, dict[str, dt.datetime]] = {channel: {} for channel in manners}
        self._over: dict[tuple[str, str], float] = {}
        self._wake: dict[str, float] = {}
        self._own: dict[str, int] = defaultdict(int)
        self._queue: dict[str, deque[float]] = defaultdict(deque)

    def run(self) -> Result:
        for sku, units in self._demand.stock.items():
            offers = tuple(Offer(channel, sku, is_active=True) for channel in self._policy.weights)
            self.items[sku] = Item(sku, True, units, 0, None, offers, changed_at=clock(0))
            self._look(sku, 0.0)
        for channel, market in self._markets.items():
            self._at(market.manners.poll, lambda at, c=channel: self._poll(c, at))
        start = 3600.0
        self._warm(start)
        for buyer in self._demand.buyers:
            at = start + buyer.at
            self._until(at)
            self._visit(buyer.sku, buyer.channel, at)
        self.result.calls = sum(market.calls for market in self._markets.values())
        self.result.reads = sum(market.reads for market in self._markets.values())
        return self.result

    def _warm(self, until: float) -> None:
        """The first quantities go out before the first buyer comes."""
        self._until(until)

    def _at(self, moment: float, act: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._count), act))

    def _until(self, moment: float) -> None:
        while self._events and self._events[0][0] <= moment:
            at, _, act = heapq.heappop(self._events)
            act(at)

    def _visit(self, sku: str, channel: str, at: float) -> None:
        if channel == self._terms.storefront:
            self._visit_own(sku, at)
        elif self._markets[channel].buy(sku, at):
            self._deliver(sku)
        elif self._left[sku] > 0:
            self.result.refused += 1

    def _visit_own(self, sku: str, at: float) -> None:
        if self._terms.reclaim:
            self._ask(sku, at)
            return
        if self._own[sku] <= 0:
            self.result.refused += self._left[sku] > 0
            return
        self._own[sku] -= 1
        self.result.own_sales += 1
        self._deliver(sku)
        self._learn(sku, self._terms.storefront, at, at)

    def _ask(self, sku: str, at: float) -> None:
        """The storefront asks before it sells, and its buyer waits if need be."""
        item = self.items[sku]
        if attainable(item) < 1:
            self.result.refused += self._left[sku] > 0
            return
        self._queue[sku].append(at)
        self.items[sku] = dc.replace(item, waiting=item.waiting + 1, changed_at=clock(at))
        self._look(sku, at)
        if self._queue[sku] and self._queue[sku][-1] == at:
            self._at(at + _PATIENCE, lambda later: self._leave(sku, at, later))

    def _leave(self, sku: str, since: float, at: float) -> None:
        if since in self._queue[sku]:
            self._queue[sku].remove(since)
            self._turn_away(sku)
            self._look(sku, at)

    def _turn_away(self, sku: str) -> None:
        self.result.refused += self._left[sku] > 0
        item = self.items[sku]
        self.items[sku] = dc.replace(item, waiting=item.waiting - 1)

    def _serve(self, sku: str, at: float) -> None:
        """The oldest first; who can't be served any more is told so."""
        queue = self._queue[sku]
        storefront = self._terms.storefront
        while queue and grantable(self.items[sku], storefront):
            since = queue.popleft()
            item = self.items[sku]
            item = dc.replace(consume(grant(item, 1, storefront), 1), waiting=item.waiting - 1)
            own = item.offer(storefront)
            if own is not None:
                recent = own.shelf.recent.plus(1, clock(at), self._terms.memory.pace)
                item = item.having(dc.replace(own, shelf=dc.replace(own.shelf, recent=recent)))
            self.items[sku] = item
            self.result.own_sales += 1
            if at > since:
                self.result.waits.append(at - since)
            self._deliver(sku)
        while queue and attainable(self.items[sku]) < 0:
            queue.pop()
            self._turn_away(sku)

    def _deliver(self, sku: str) -> None:
        self.result.sold += 1
        if self._left[sku] > 0:
            self._left[sku] -= 1
        else:
            self.result.oversold += 1

    def _learn(self, sku: str, channel: str, placed_at: float, at: float) -> None:
        item = self.items[sku]
        offer = item.offer(channel)
        assert offer is not None
        now = clock(at)
        sold, _ = escrow.sell(offer, 1, clock(placed_at), now, self._terms.memory)
        item = dc.replace(item.having(sold), on_hand=item.on_hand - 1, changed_at=now)
        self.items[sku] = item
        self._look(sku, at)

    def _poll(self, channel: str, at: float) -> None:
        market = self._markets[channel]
        orders, known_until = market.orders(at)
        for placed_at, sku in orders:
            self._learn(sku, channel, placed_at, at)
        self._known[channel] = clock(known_until)
        waits = self._waits[channel]
        for sku in [sku for sku, moment in waits.items() if moment <= self._known[channel]]:
            del waits[sku]
            self._look(sku, at)
        self._at(at + market.manners.poll, lambda later: self._poll(channel, later))

    def _look(self, sku: str, at: float) -> None:
        """What the inventory does after each event of a SKU."""
        self._settle_and_serve(sku, at)
        plan = rebalance(self.items[sku], self._policy, self._terms, self._known, clock(at))
        self.items[sku] = plan.item
        for target in plan.targets:
            self._apply(target, at)
        if plan.wake_at is not None:
            moment = (plan.wake_at - _START).total_seconds()
            if self._wake.get(sku, 0.0) <= at or moment < self._wake[sku]:
                self._wake[sku] = moment
                self._at(moment, lambda later: self._awake(sku, later))
        for channel, waits in self._waits.items():
            offer = plan.item.offer(channel)
            moment_ = escrow.settles_at(offer) if offer else None
            if moment_:
                waits[sku] = moment_

    def _settle_and_serve(self, sku: str, at: float) -> None:
        """What has become free goes to those who wait, before anything else."""
        if self._queue[sku]:
            self.items[sku] = settle(self.items[sku], self._terms, self._known, clock(at))
            self._serve(sku, at)

    def _awake(self, sku: str, at: float) -> None:
        if self._wake.get(sku) == at:
            self._wake[sku] = 0.0
            self._look(sku, at)

    def _apply(self, target: Target, at: float) -> None:
        channel = target.offer.channel
        if channel == self._terms.storefront:
            self._own[target.sku] = target.quantity
            return
        market = self._markets[channel]
        market.write(target.sku, target.quantity, at)
        earlier = self._over.get((channel, target.sku), 0.0)
        self._over[channel, target.sku] = at + market.manners.ceiling
        self._at(at + _READ_EVERY, lambda later: self._read_back(target, at, earlier, later))

    def _read_back(self, target: Target, accepted_at: float, earlier: float, at: float) -> None:
        channel, sku = target.offer.channel, target.sku
        offer = self.items[sku].offer(channel)
        assert offer is not None
        if not any(move.revision == target.revision and move.live_at is None for move in offer.shelf.moves):
            return
        market = self._markets[channel]
        live_at: float | None = None
        if at >= accepted_at + market.manners.ceiling:
            live_at = accepted_at + market.manners.ceiling
        else:
            shown = market.read(sku, at)
            if proves_live(target.quantity, target.live_above, shown) and (target.quantity > 0 or earlier < at):
                live_at = at
        if live_at is None:
            self._at(
                min(at + _READ_EVERY, accepted_at + market.manners.ceiling),
                lambda later: self._read_back(target, accepted_at, earlier, later),
            )
            return
        self.items[sku] = self.items[sku].having(escrow.go_live(offer, target.revision, clock(live_at), _MARGIN))
        self._over[channel, sku] = 0.0
        self._look(sku, at)
