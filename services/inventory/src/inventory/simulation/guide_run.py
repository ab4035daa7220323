"""The demand of some days, served without escrow: by what production runs with ESCROW=off."""

import dataclasses as dc
import random
from functools import partial

from inventory.domain import targets
from inventory.domain.stock import Item, Offer
from inventory.simulation.agenda import Agenda
from inventory.simulation.demand import OPENING, Demand
from inventory.simulation.marketplace import Marketplace
from inventory.simulation.result import Result
from inventory.simulation.rules import GuideRule
from inventory.simulation.shop import Shop

_FULL_SYNC = 3600.0


class GuideRun:
    """One run. Both marketplaces are told at each known sale, and each hour what is in stock.

    The storefront needs no telling: it sells from the ledger itself, as long as that knows of a unit.
    """

    def __init__(self, rule: GuideRule, demand: Demand, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - a repeatable simulation, nothing secret
        self._rule = rule
        self._demand = demand
        self._agenda = Agenda()
        self._shop = Shop(demand.stock, Result(rule.name, rule.words))
        self._markets = {channel: Marketplace(manners, chance) for channel, manners in rule.manners.items()}
        self._items = {sku: self._new(sku, units) for sku, units in demand.stock.items()}

    def run(self) -> Result:
        for sku in self._items:
            self._push(sku, 0.0)
        self._agenda.at(OPENING + _FULL_SYNC, self._sync)
        for channel, market in self._markets.items():
            self._agenda.at(market.manners.poll, partial(self._poll, channel))
        for buyer in self._demand.buyers:
            self._agenda.until(OPENING + buyer.at)
            self._visit(buyer.sku, buyer.channel, OPENING + buyer.at)
        result = self._shop.result
        result.channel_calls = {channel: market.calls for channel, market in self._markets.items()}
        return result

    def _new(self, sku: str, units: int) -> Item:
        offers = tuple(Offer(channel, sku, is_active=True) for channel in self._rule.policy.weights)
        return Item(sku, is_active=True, on_hand=units, reserved=0, counted_at=None, offers=offers)

    def _visit(self, sku: str, channel: str, at: float) -> None:
        if channel == self._rule.policy.storefront:
            if self._items[sku].on_hand <= 0:
                self._shop.turn_away(sku)
                return
            self._shop.result.own_sales += 1
            self._shop.deliver(sku)
            self._learn(sku, at)
        elif self._markets[channel].buy(sku, at):
            self._shop.deliver(sku)
        else:
            self._shop.turn_away(sku)

    def _poll(self, channel: str, at: float) -> None:
        market = self._markets[channel]
        for _, sku in market.orders(at)[0]:
            self._learn(sku, at)
        self._agenda.at(at + market.manners.poll, partial(self._poll, channel))

    def _sync(self, at: float) -> None:
        """Whatever is in stock is pushed anew, changed or not."""
        for sku, item in self._items.items():
            if item.on_hand > 0:
                self._push(sku, at)
        self._agenda.at(at + _FULL_SYNC, self._sync)

    def _learn(self, sku: str, at: float) -> None:
        item = self._items[sku]
        self._items[sku] = dc.replace(item, on_hand=item.on_hand - 1)
        self._push(sku, at)

    def _push(self, sku: str, at: float) -> None:
        item = self._items[sku]
        offered = max(0, item.on_hand) * (100 - self._rule.buffer_percent) // 100
        planned = targets.plan(dc.replace(item, on_hand=offered), self._rule.policy, set(self._rule.policy.weights))
        for target in planned:
            if target.offer.channel in self._markets:
                self._markets[target.offer.channel].write(sku, target.quantity, at)
        self._items[sku] = targets.after(item, planned)
