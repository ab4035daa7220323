"""How many units each channel should hold, and when it is filled again."""

import datetime as dt
import math

from inventory.domain.allocation import Allocation
from inventory.domain.sharing import largest_remainder
from inventory.domain.stock import Item, Offer
from inventory.domain.terms import Terms


def levels(allocation: Allocation, terms: Terms) -> dict[str, int]:
    """By channel: the plain allocation; with reclaim the storefront can wait, so marketplaces hold the last units."""
    units = dict(allocation.units)
    marketplaces = {c: share for c, share in terms.shares.items() if c != terms.storefront and units.get(c) is not None}
    active = {c: share for c, share in marketplaces.items() if c in allocation.active}
    if not terms.reclaim or allocation.sellable > terms.lent or not active:
        return units
    lent = largest_remainder(allocation.sellable, active)
    for empty in [channel for channel in lent if lent[channel] == 0]:
        fullest = max(lent, key=lambda channel: lent[channel])
        if lent[fullest] > 1:
            lent[fullest] -= 1
            lent[empty] += 1
    return dict.fromkeys(units, 0) | lent


def is_at_rest(item: Item, terms: Terms, now: dt.datetime) -> bool:
    """Nothing has happened to the SKU for `converge_after`."""
    return item.changed_at is not None and now - item.changed_at >= terms.converge_after


def refill_at(item: Item, offer: Offer, terms: Terms, now: dt.datetime) -> int:
    """A marketplace is filled again when it holds no more than this: part of what it sells until it is filled."""
    share = terms.shares.get(offer.channel, 0) / (sum(terms.shares.values()) or 1)
    lag = terms.channel(offer.channel).lag.total_seconds()
    return math.floor(pace(item, terms, now) * share * lag * terms.refill)


def pace(item: Item, terms: Terms, now: dt.datetime) -> float:
    """Units a second that all channels together sell, if it goes on as of late.

    The storefront's sales are known at once and tell of the others before their own orders are seen. One sale alone
    tells nothing.
    """
    half_life = terms.memory.pace
    seen = own = 0.0
    for offer in item.offers:
        recent = offer.shelf.recent.faded(now, half_life)
        seen += recent
        if offer.channel == terms.storefront and (share := terms.shares.get(offer.channel)):
            own = (recent - 1) * sum(terms.shares.values()) / share
    return max(own, seen - 1, 0.0) * math.log(2) / half_life.total_seconds()
