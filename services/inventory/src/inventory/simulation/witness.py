"""Looks on while units are sold, and tells why one was sold that did not exist."""

from inventory.domain.stock import Item
from inventory.simulation.demand import OPENING
from inventory.simulation.marketplace import Marketplace
from inventory.simulation.result import Oversale
from inventory.simulation.shop import Shop


class Witness:
    """Remembers by SKU when a marketplace first had more on sale, or sold unseen, than its bound."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._excess: dict[str, str] = {}

    def sold(self, item: Item, channel: str, market: Marketplace | None, at: float) -> None:
        """A unit was bought. `market`: None is the storefront, whose bound is known to the unit."""
        if market is not None and item.sku not in self._excess:
            self._compare(item, channel, market, at)
        if not self._shop.deliver(item.sku):
            why = self._excess.get(item.sku, "no bound was exceeded: this must not happen")
            self._shop.explain(Oversale(item.sku, channel, at - OPENING, why))

    def _compare(self, item: Item, channel: str, market: Marketplace, at: float) -> None:
        offer = item.offer(channel)
        bound = offer.shelf.bound if offer else 0
        shown, unseen = market.shown(item.sku, at), market.unseen(item.sku)
        if shown + unseen > bound:
            self._excess[item.sku] = (
                f"at {at - OPENING:.0f} s {channel} had sold {unseen} unseen and offered {shown} more: "
                f"{shown + unseen - bound} above its bound of {bound}, since more was sold before a write went live "
                "than the allowance foresaw"
            )
