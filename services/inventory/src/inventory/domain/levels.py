"""How many units each channel should hold now: less on marketplaces than its share, so that little must be moved back."""

import datetime as dt
import math

from inventory.domain.allocation import Allocation
from inventory.domain.stock import Item, Offer
from inventory.domain.terms import Terms


def levels(item: Item, allocation: Allocation, terms: Terms, now: dt.datetime) -> dict[str, int]:
    """By channel. A SKU that has been at rest for `converge_after` gets its plain allocation."""
    if is_at_rest(item, terms, now):
        return dict(allocation.units)
    parts = dict(allocation.units)
    storefront = terms.storefront
    if not parts.get(storefront):
        return parts
    for offer in item.offers:
        if offer.channel != storefront:
            most = capacity(offer, terms, now)
            parts[storefront] += max(0, parts.get(offer.channel, 0) - most)
            parts[offer.channel] = min(parts.get(offer.channel, 0), most)
    return parts


def is_at_rest(item: Item, terms: Terms, now: dt.datetime) -> bool:
    return item.changed_at is not None and now - item.changed_at >= terms.converge_after


def capacity(offer: Offer, terms: Terms, now: dt.datetime) -> int:
    """The most units that a marketplace should hold: enough for what it sells until it can be filled again."""
    return max(terms.shelf, math.ceil(expected(offer, terms, now) * terms.cover))


def expected(offer: Offer, terms: Terms, now: dt.datetime) -> float:
    """The units that the channel will sell within its lag, if it goes on as of late."""
    half_life = terms.memory.pace
    per_half_life = offer.shelf.recent.faded(now, half_life) * math.log(2)
    return per_half_life * (terms.channel(offer.channel).lag / half_life)
