"""The demand of some days, served under escrow by the functions that production runs."""

import dataclasses as dc
import datetime as dt
import random
from collections import defaultdict
from functools import partial

from inventory.domain import escrow
from inventory.domain.measured import Lags, measured
from inventory.domain.planning import rebalance, settle
from inventory.domain.stock import Item, Offer
from inventory.domain.targets import Target
from inventory.simulation.agenda import Agenda, clock, seconds
from inventory.simulation.demand import OPENING, Demand
from inventory.simulation.result import Result
from inventory.simulation.rules import EscrowRule
from inventory.simulation.shop import Shop
from inventory.simulation.waiting import Waiting
from inventory.simulation.witness import Witness
from inventory.simulation.writing import Answer, Writer

_PATIENCE = 1200.0
_MARGIN = dt.timedelta(seconds=2)


class EscrowRun:
    """One run. The storefront is told and heard at once, as its own system is."""

    def __init__(self, rule: EscrowRule, demand: Demand, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - a repeatable simulation, nothing secret
        self.items: dict[str, Item] = {}
        self._rule = rule
        self._lags = Lags()
        self._terms = rule.terms if rule.tail is None else measured(rule.terms, rule.tail, self._lags)
        self._demand = demand
        self._agenda = Agenda()
        self._shop = Shop(demand.stock, Result(rule.name, rule.words, must_not_oversell=rule.tail is None))
        self._writer = Writer(rule.manners, chance, self._agenda)
        self._waiting = Waiting(self._shop, self._terms)
        self._witness = Witness(self._shop)
        self._known: dict[str, dt.datetime] = {}
        self._settling: dict[str, dict[str, dt.datetime]] = {channel: {} for channel in rule.manners}
        self._wake: dict[str, float] = {}
        self._own: dict[str, int] = defaultdict(int)

    def run(self) -> Result:
        for sku, units in self._demand.stock.items():
            policy = self._rule.policy_of(sku)
            offers = tuple(Offer(channel, sku, is_active=True) for channel in policy.weights)
            self.items[sku] = Item(sku, True, units, 0, None, offers, changed_at=clock(0))  # noqa: FBT003 - is_active
            self._look(sku, 0.0)
        for channel, market in self._writer.markets.items():
            self._agenda.at(market.manners.poll, partial(self._poll, channel))
        for buyer in self._demand.buyers:
            at = OPENING + buyer.at
            self._agenda.until(at)
            self._visit(buyer.sku, buyer.channel, at)
        self._close()
        result = self._shop.result
        result.channel_calls = {channel: market.calls for channel, market in self._writer.markets.items()}
        result.reads = sum(market.reads for market in self._writer.markets.values())
        return result

    def _close(self) -> None:
        """Whoever still waits when the last buyer has come gets a unit or leaves."""
        last = max((buyer.at for buyer in self._demand.buyers), default=0.0)
        self._agenda.until(OPENING + last + _PATIENCE)

    def _visit(self, sku: str, channel: str, at: float) -> None:
        if channel == self._terms.storefront:
            self._visit_own(sku, at)
            return
        market = self._writer.markets[channel]
        if not market.buy(sku, at):
            self._shop.turn_away(sku)
            return
        self._witness.sold(self.items[sku], channel, market, at)

    def _visit_own(self, sku: str, at: float) -> None:
        if self._terms.reclaim:
            self._ask(sku, at)
        elif self._own[sku] <= 0:
            self._shop.turn_away(sku)
        else:
            self._own[sku] -= 1
            self._shop.result.own_sales += 1
            self._witness.sold(self.items[sku], self._terms.storefront, None, at)
            self._learn(sku, self._terms.storefront, at, at)

    def _ask(self, sku: str, at: float) -> None:
        """The storefront asks before it sells, and its buyer waits if need be, but not for ever."""
        before = self.items[sku]
        self.items[sku] = self._waiting.ask(before, at)
        if self.items[sku] is before:
            return
        self._look(sku, at)
        if self._waiting.is_waiting(sku, at):
            self._agenda.at(at + _PATIENCE, partial(self._leave, sku, at))

    def _leave(self, sku: str, since: float, at: float) -> None:
        if self._waiting.is_waiting(sku, since):
            self.items[sku] = self._waiting.leave(self.items[sku], since)
            self._look(sku, at)

    def _learn(self, sku: str, channel: str, placed_at: float, at: float) -> None:
        item, now = self.items[sku], clock(at)
        sold, _ = escrow.sell(_offer(item, channel), 1, clock(placed_at), now, self._terms.memory)
        self.items[sku] = dc.replace(item.having(sold), on_hand=item.on_hand - 1, changed_at=now)
        self._look(sku, at)

    def _poll(self, channel: str, at: float) -> None:
        market = self._writer.markets[channel]
        orders, known_until = market.orders(at)
        for placed_at, sku in orders:
            self._learn(sku, channel, placed_at, at)
        self._known[channel] = clock(known_until)
        self._lags.saw_orders_until(channel, clock(known_until), clock(at), market.manners.poll)
        settling = self._settling[channel]
        for sku in [sku for sku, moment in settling.items() if moment <= self._known[channel]]:
            del settling[sku]
            self._look(sku, at)
        self._agenda.at(at + market.manners.poll, partial(self._poll, channel))

    def _look(self, sku: str, at: float) -> None:
        """What the inventory does after each event of a SKU."""
        if self._waiting.is_waiting(sku):
            settled = settle(self.items[sku], self._terms, self._known, clock(at))
            self.items[sku] = self._waiting.serve(settled, at)
        plan = rebalance(self.items[sku], self._rule.policy_of(sku), self._terms, self._known, clock(at))
        self.items[sku] = plan.item
        for target in plan.targets:
            self._apply(target, at)
        self._wake_up(sku, plan.wake_at, at)
        for channel, settling in self._settling.items():
            if moment := escrow.settles_at(_offer(plan.item, channel)):
                settling[sku] = moment

    def _wake_up(self, sku: str, moment: dt.datetime | None, at: float) -> None:
        """Only the next time counts: a later one is found again then."""
        if moment is None:
            return
        then = seconds(moment)
        if self._wake.get(sku, 0.0) <= at or then < self._wake[sku]:
            self._wake[sku] = then
            self._agenda.at(then, partial(self._awake, sku))

    def _awake(self, sku: str, at: float) -> None:
        if self._wake.get(sku) == at:
            self._wake[sku] = 0.0
            self._look(sku, at)

    def _apply(self, target: Target, at: float) -> None:
        if target.offer.channel == self._terms.storefront:
            self._own[target.sku] = target.quantity
        else:
            self._writer.submit(target, at, is_open=self._is_open, answer=self._live)

    def _is_open(self, target: Target) -> bool:
        moves = _offer(self.items[target.sku], target.offer.channel).shelf.moves
        return any(move.revision == target.revision and move.live_at is None for move in moves)

    def _live(self, answer: Answer, at: float) -> None:
        item = self.items[answer.sku]
        offer = _offer(item, answer.channel)
        if answer.is_proved:
            self._lags.went_live(offer.channel, offer.external_sku, clock(answer.submitted_at), clock(answer.live_at))
        self.items[answer.sku] = item.having(escrow.go_live(offer, answer.revision, clock(answer.live_at), _MARGIN))
        self._look(answer.sku, at)


def _offer(item: Item, channel: str) -> Offer:
    offer = item.offer(channel)
    if offer is None:
        raise LookupError(f"{item.sku!r} has no offer on {channel!r}")
    return offer
