"""How many units each channel should hold, and when it is filled again."""

import dataclasses as dc
import datetime as dt
import math
from collections.abc import Sequence

from inventory.domain.allocation import Allocation
from inventory.domain.last_units import Stakes, best, donor_of
from inventory.domain.stock import Item, Offer
from inventory.domain.terms import Terms

_HALF_A_BUYER = 0.5
"""Is expected though nothing was sold of late."""
_MUCH = 10
"""More units sold of late than this tell no more."""
_MINUTE = dt.timedelta(minutes=1)


def are_few(allocation: Allocation, terms: Terms) -> bool:
    """Whether the units are placed one by one. A rule that limits who may show what is kept to."""
    policy = allocation.policy
    is_limited = bool(policy.limits) or policy.marketplace_cap is not None or bool(policy.last_units)
    marketplaces = [channel for channel in allocation.active if channel != terms.storefront]
    return terms.reclaim and 0 < allocation.sellable <= terms.few and bool(marketplaces) and not is_limited


def levels(item: Item, allocation: Allocation, terms: Terms, now: dt.datetime) -> dict[str, int]:
    """By channel: the plain allocation; with reclaim the last units stand where they serve the buyers best."""
    units = dict(allocation.units)
    if not are_few(allocation, terms):
        return units
    places = [channel for channel in allocation.active if channel != terms.storefront]
    stakes = _stakes(places, item, terms, now)
    if is_at_rest(item, terms, now):
        stakes = dc.replace(stakes, call=0.0)
    held = _at_most(allocation.sellable, [_held(item, channel) for channel in places])
    missed = tuple(_missed(item, channel, terms, now) for channel in places)
    aim = best(stakes, held, allocation.sellable - sum(held), missed)
    rest = {terms.storefront: allocation.sellable - sum(aim)}
    return dict.fromkeys(units, 0) | rest | dict(zip(places, aim, strict=True))


def soonest_had(donors: Sequence[Offer], item: Item, terms: Terms, now: dt.datetime) -> Offer:
    """Which of these to lower for a buyer who waits: the best where few units are left, else the quickest to settle."""
    held = tuple(donor.shelf.bound for donor in donors)
    if sum(held) > terms.few:
        return min(donors, key=lambda offer: terms.channel(offer.channel).lag)
    return donors[donor_of(_stakes([offer.channel for offer in donors], item, terms, now), held)]


def _stakes(places: Sequence[str], item: Item, terms: Terms, now: dt.datetime) -> Stakes:
    own, window = item.offer(terms.storefront), terms.memory.cancellable
    sold = sum(o.shelf.cancellable.units(now, window) for o in item.offers if o is not own)
    ahead = terms.repeats * (min(sold, _MUCH) + _HALF_A_BUYER)
    return Stakes(
        own=terms.shares.get(terms.storefront, 0) if own and own.is_active else 0,
        shares=tuple(terms.shares.get(channel, 0) for channel in places),
        waits=tuple(terms.wait_worth * (1 + terms.channel(channel).lag / _MINUTE) for channel in places),
        call=terms.call_worth,
        again=ahead / (1 + ahead),
    )


def _held(item: Item, channel: str) -> int:
    """What is on its way to zero counts as the storefront's: it will be free."""
    offer = item.offer(channel)
    return 0 if offer is None or offer.shelf.is_going_to_zero else offer.shelf.bound


def _at_most(units: int, held: Sequence[int]) -> tuple[int, ...]:
    """A buffer may be held too: then there is less to place than is held."""
    kept = []
    for each in held:
        kept.append(min(each, units))
        units -= kept[-1]
    return tuple(kept)


def _missed(item: Item, channel: str, terms: Terms, now: dt.datetime) -> float:
    """Buyers who come to a marketplace while it is empty: until its zero has settled, and until it is filled again."""
    return _speed(item, channel, terms, now) * 2 * terms.channel(channel).lag.total_seconds()


def is_at_rest(item: Item, terms: Terms, now: dt.datetime) -> bool:
    """Nothing has happened to the SKU for `converge_after`."""
    return item.changed_at is not None and now - item.changed_at >= terms.converge_after


def refill_at(item: Item, offer: Offer, terms: Terms, now: dt.datetime) -> int:
    """A marketplace is filled again when it holds no more than this: part of what it sells until it is filled."""
    lag = terms.channel(offer.channel).lag.total_seconds()
    return math.floor(_speed(item, offer.channel, terms, now) * lag * terms.refill)


def _speed(item: Item, channel: str, terms: Terms, now: dt.datetime) -> float:
    """Units a second that a channel sells, if it goes on as of late."""
    return pace(item, terms, now) * terms.shares.get(channel, 0) / (sum(terms.shares.values()) or 1)


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
