"""How many units each channel should hold now. Marketplaces hold less than their share: little must be moved back."""

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
            most = capacity(item, offer, terms, now)
            parts[storefront] += max(0, parts.get(offer.channel, 0) - most)
            parts[offer.channel] = min(parts.get(offer.channel, 0), most)
    return parts


def is_at_rest(item: Item, terms: Terms, now: dt.datetime) -> bool:
    return item.changed_at is not None and now - item.changed_at >= terms.converge_after


def capacity(item: Item, offer: Offer, terms: Terms, now: dt.datetime) -> int:
    """The most units that a marketplace should hold: enough for what it sells until it can be filled again."""
    share = terms.shares.get(offer.channel, 0) / (sum(terms.shares.values()) or 1)
    ready = math.ceil(item.available * share * terms.ready)
    return max(terms.shelf, ready, math.ceil(expected(item, offer, terms, now) * terms.cover))


def refill_at(item: Item, offer: Offer, wanted: int, terms: Terms, now: dt.datetime) -> int:
    """A marketplace is filled again when it holds no more than this."""
    low = int(wanted * terms.low) if wanted >= terms.few else 0
    return max(low, math.floor(expected(item, offer, terms, now) * terms.refill))


def expected(item: Item, offer: Offer, terms: Terms, now: dt.datetime) -> float:
    """The units that the channel will sell within its lag if it goes on as of late."""
    share = terms.shares.get(offer.channel, 0) / (sum(terms.shares.values()) or 1)
    return pace(item, terms, now) * share * terms.channel(offer.channel).lag.total_seconds()


def pace(item: Item, terms: Terms, now: dt.datetime) -> float:
    """Units a second that all channels together sell, if it goes on as of late.

    The storefront's sales are known at once and tell of the others before their own orders are seen. One sale alone
    tells nothing.
    """
    half_life = terms.memory.pace
    total, best = sum(terms.shares.values()) or 1, 0.0
    seen = 0.0
    for offer in item.offers:
        recent = offer.shelf.recent.faded(now, half_life)
        seen += recent
        if offer.channel == terms.storefront and (share := terms.shares.get(offer.channel)):
            best = max(0.0, recent - 1) * total / share
    return max(best, seen - 1, 0.0) * math.log(2) / half_life.total_seconds()
