"""When an item must be looked at again: cheap tests, since every sale asks them."""

import datetime as dt

from inventory.domain import escrow
from inventory.domain.levels import refill_at
from inventory.domain.stock import Item, Offer
from inventory.domain.terms import Terms

_FAR_FROM_LOW = 0.75
"""A storefront that holds more than this part of its buyers' share is not low; it is filled again at half of it."""


def is_urgent(before: Item, after: Item) -> bool:
    """More is held than there is, or a channel has just run out that free units may help."""
    if after.overcommit:
        return True
    if after.on_hand > before.on_hand and not any(offer.shelf.bound for offer in after.offers):
        return after.free > 0
    for old, new in zip(before.offers, after.offers, strict=True):
        if not new.shelf.bound and old.shelf.bound:
            return after.free > 0
    return False


def deserves_a_look(before: Item, after: Item, terms: Terms, now: dt.datetime) -> bool:
    """Whether units could be moved soon: some came free, or a channel that has sold may have run low.

    Knows no policy, since every sale asks this: of the storefront it goes by the shares of the buyers.
    """
    if after.on_hand >= before.on_hand and after.free > before.free:
        return True
    for old, new in zip(before.offers, after.offers, strict=True):
        if new.shelf.bound < old.shelf.bound and not new.shelf.moves and _may_be_low(after, new, terms, now):
            return True
    return False


def _may_be_low(item: Item, offer: Offer, terms: Terms, now: dt.datetime) -> bool:
    if offer.channel != terms.storefront:
        return offer.shelf.bound <= refill_at(item, offer, terms, now)
    total = sum(terms.shares.values())
    share = terms.shares.get(offer.channel, 0) / total if total else 1.0
    return offer.shelf.bound <= item.available * share * _FAR_FROM_LOW


def look_by(item: Item, terms: Terms, now: dt.datetime, *, soon: bool) -> dt.datetime:
    """When to look at an item that has just changed: after the window, else when it has come to rest."""
    moment = now + (terms.window if soon else terms.converge_after)
    return moment if item.wake_at is None else min(moment, item.wake_at)


def give_up_reading(item: Item, terms: Terms, now: dt.datetime) -> Item:
    """Offers that nobody has read in time count as not readable."""
    for offer in item.offers:
        deadline = _reading_due(offer, terms)
        if deadline is not None and deadline <= now:
            item = item.having(escrow.unreadable(offer))
    return item


def next_look(item: Item, planned: dt.datetime | None, terms: Terms, now: dt.datetime) -> dt.datetime | None:
    """The earliest of what was planned, what a reading waits for, and what the storefront's clock alone settles."""
    moments = [planned, *(_reading_due(offer, terms) for offer in item.offers)]
    storefront = item.offer(terms.storefront)
    if storefront is not None and (until := escrow.settles_at(storefront)) is not None:
        moments.append(until + terms.storefront_lag)
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def _reading_due(offer: Offer, terms: Terms) -> dt.datetime | None:
    shelf = offer.shelf
    if shelf.is_read or not shelf.is_readable or offer.listed_at is None:
        return None
    return offer.listed_at + terms.first_reading
