"""The buyers of a storefront that asks before it sells: some wait until a marketplace has been lowered."""

import dataclasses as dc
from collections import defaultdict, deque

from inventory.domain.reserving import attainable, consume, grant, grantable
from inventory.domain.stock import Item
from inventory.domain.terms import Terms
from inventory.simulation.agenda import clock
from inventory.simulation.shop import Shop


class Waiting:
    """By SKU, the moments since when somebody waits, the oldest first."""

    def __init__(self, shop: Shop, terms: Terms) -> None:
        self._shop = shop
        self._terms = terms
        self._queues: dict[str, deque[float]] = defaultdict(deque)

    def ask(self, item: Item, at: float) -> Item:
        """Somebody wants one unit: turned away at once where none could be had."""
        if attainable(item) < 1:
            self._shop.turn_away(item.sku)
            return item
        self._queues[item.sku].append(at)
        return dc.replace(item, waiting=item.waiting + 1, changed_at=clock(at))

    def is_waiting(self, sku: str, since: float | None = None) -> bool:
        queue = self._queues[sku]
        return bool(queue) if since is None else since in queue

    def leave(self, item: Item, since: float) -> Item:
        """Somebody has waited long enough."""
        self._queues[item.sku].remove(since)
        return self._turn_away(item)

    def serve(self, item: Item, at: float) -> Item:
        """The oldest first; who can't be served any more is told so, the youngest first."""
        queue = self._queues[item.sku]
        while queue and grantable(item, self._terms.storefront):
            since = queue.popleft()
            item = consume(grant(item, 1, self._terms.storefront), 1)
            item = self._sold(dc.replace(item, waiting=item.waiting - 1), at)
            self._shop.result.own_sales += 1
            if at > since:
                self._shop.result.waits.append(at - since)
            self._shop.deliver(item.sku)
        while queue and attainable(item) < 0:
            queue.pop()
            item = self._turn_away(item)
        return item

    def _sold(self, item: Item, at: float) -> Item:
        """The pace of sales knows of it."""
        own = item.offer(self._terms.storefront)
        if own is None:
            return item
        recent = own.shelf.recent.plus(1, clock(at), self._terms.memory.pace)
        return item.having(dc.replace(own, shelf=dc.replace(own.shelf, recent=recent)))

    def _turn_away(self, item: Item) -> Item:
        self._shop.turn_away(item.sku)
        return dc.replace(item, waiting=item.waiting - 1)
