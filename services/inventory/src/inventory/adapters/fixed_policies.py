"""Policies without a database: a real adapter, for tests and for whoever has no rules."""

from collections.abc import Mapping, Sequence

from inventory.domain.allocation import Policy
from inventory.domain.demand import by_demand
from inventory.domain.rules import Effective, RuleBook
from inventory.domain.stock import Item


class FixedPolicies:
    """Implements `inventory.ports.Policies` over a book that never changes."""

    def __init__(self, book: RuleBook, demand: Mapping[str, Mapping[str, int]] | None = None) -> None:
        """`demand`: the weights by demand of each SKU that has some."""
        self._book = book
        self._demand = demand or {}

    async def of(self, items: Sequence[Item]) -> dict[str, Policy]:
        return {item.sku: (await self.why(item))[0] for item in items}

    async def why(self, item: Item) -> Effective:
        policy, reasons = self._book.effective(item.sku, item.category)
        return by_demand(policy, self._demand.get(item.sku)), reasons
