"""The measured allowance: what a channel sells within its lag but for a rare tail, instead of all that it could."""

import dataclasses as dc
import datetime as dt
import math
from collections import defaultdict, deque
from collections.abc import Callable

from inventory.domain.escrow import quantile
from inventory.domain.levels import pace
from inventory.domain.stock import Item, Offer
from inventory.domain.terms import Terms

LagOf = Callable[[Offer], dt.timedelta | None]
"""From the newest order that is known to when a write that is made now is live; None: not measured yet."""

_KEPT = 200
_ENOUGH = 20
_HIGH = 0.99


def measured(terms: Terms, tail: float, lag_of: LagOf | None = None) -> Terms:
    """`terms` with an allowance that is exceeded with a probability of about `tail` a move: a stated exception.

    It is a quantile of the sales that are expected within the lag, at the highest pace that is known: the channel's
    own of late, or its share of the SKU's. One unit at least, since a pace of nothing seen is not a pace of nothing.
    Where the lag is not measured yet, the channel's usual one counts; without any lag nothing sells unseen.
    """

    def allowance(item: Item, offer: Offer, now: dt.datetime) -> int:
        measured_lag = lag_of(offer) if lag_of else None
        lag = terms.channel(offer.channel).lag if measured_lag is None else measured_lag
        if not lag:
            return 0
        mean = _units_a_second(item, offer, terms, now) * lag.total_seconds()
        return min(offer.shelf.bound, max(1, quantile(mean, tail)))

    return dc.replace(terms, allowance=allowance)


def _units_a_second(item: Item, offer: Offer, terms: Terms, now: dt.datetime) -> float:
    half_life = terms.memory.pace
    own = offer.shelf.recent.faded(now, half_life) * math.log(2) / half_life.total_seconds()
    share = terms.shares.get(offer.channel, 0) / (sum(terms.shares.values()) or 1)
    return max(own, share * pace(item, terms, now))


class Lags:
    """Lags as they were of late: of a channel the highest but for 1 %, of a SKU on it the highest. A `LagOf`."""

    def __init__(self) -> None:
        self._live: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_KEPT))
        self._own: dict[tuple[str, str], float] = {}
        self._orders: dict[str, float] = {}

    def went_live(self, offer: Offer, submitted_at: dt.datetime, live_at: dt.datetime) -> None:
        """A reading has proved it."""
        lag = (live_at - submitted_at).total_seconds()
        self._live[offer.channel].append(lag)
        key = offer.channel, offer.external_sku
        self._own[key] = max(lag, self._own.get(key, 0.0))

    def saw_orders_until(self, channel: str, known_until: dt.datetime, now: dt.datetime, every: float) -> None:
        """Orders up to `known_until` are known, and will be known further `every` so many seconds."""
        self._orders[channel] = max(self._orders.get(channel, 0.0), (now - known_until).total_seconds() + every)

    def __call__(self, offer: Offer) -> dt.timedelta | None:
        """The lag of an offer; None as long as too little is measured."""
        live = self._live[offer.channel]
        if len(live) < _ENOUGH or offer.channel not in self._orders:
            return None
        high = sorted(live)[math.ceil(_HIGH * len(live)) - 1]
        high = max(high, self._own.get((offer.channel, offer.external_sku), 0.0))
        return dt.timedelta(seconds=high + self._orders[offer.channel])
