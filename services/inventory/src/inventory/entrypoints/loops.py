"""What the inventory does by itself, again and again."""

import datetime as dt

from runtime.loops import Loop
from runtime.service import Service

from inventory.adapters.rules import RuleCache
from inventory.domain.demand import GuardRails
from inventory.domain.terms import Terms
from inventory.entrypoints.consumers import OpenBook
from inventory.handlers.rebalance_loop import RebalanceLoop
from inventory.handlers.retarget import retargeting
from inventory.handlers.storefront_clock import StorefrontClock
from inventory.handlers.weigh_demand import WeighDemand

_WEIGH_EVERY = dt.timedelta(days=1)


def add_loops(service: Service, open_book: OpenBook, rules: RuleCache, terms: Terms | None) -> None:
    """Rebalancing, weights that follow demand, and under escrow (with `terms`) the storefront's own watermarks."""
    worker = service.worker
    service.repeat(Loop("rebalance", RebalanceLoop(worker, open_book, retargeting(terms)).step))
    service.repeat(Loop("demand", WeighDemand(worker, rules, GuardRails(), every=_WEIGH_EVERY).step))
    if terms:
        service.repeat(Loop("storefront-clock", StorefrontClock(worker, terms).step))
