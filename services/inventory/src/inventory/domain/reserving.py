"""Reservations of a storefront that asks before it sells: what may be granted now, and what that does to an item."""

import dataclasses as dc

from inventory.domain.stock import Item


def grantable(item: Item, storefront: str) -> int:
    """Units that can be had at once: the free ones and those of the storefront's own share."""
    own = item.offer(storefront)
    return max(item.free, 0) + (own.shelf.bound if own else 0)


def attainable(item: Item) -> int:
    """Units that could still be had, at once or by lowering a marketplace, for one more reservation."""
    return item.available - item.waiting


def grant(item: Item, units: int, storefront: str) -> Item:
    """Reserve units: free ones first, then the storefront's own. Ask `grantable` before.

    Raises:
        ValueError: there are not so many.
    """
    if units > grantable(item, storefront):
        raise ValueError(f"only {grantable(item, storefront)} units of {item.sku!r} can be granted now, not {units}")
    from_share = max(0, units - max(item.free, 0))
    own = item.offer(storefront)
    if own is not None and from_share:
        shelf = dc.replace(own.shelf, bound=own.shelf.bound - from_share)
        item = item.having(dc.replace(own, shelf=shelf))
    return dc.replace(item, reserved=item.reserved + units)


def consume(item: Item, units: int) -> Item:
    """The sale that names the reservation: available and the bounds stay as they are."""
    return dc.replace(item, on_hand=item.on_hand - units, reserved=item.reserved - units)


def release(item: Item, units: int) -> Item:
    """Reserved units are free again."""
    return dc.replace(item, reserved=item.reserved - units)
