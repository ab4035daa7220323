"""The measured allowance: what a channel sells within its lag but for a rare tail, instead of all that it could."""

import dataclasses as dc
import datetime as dt
import math

from inventory.domain.escrow import quantile
from inventory.domain.stock import Offer
from inventory.domain.terms import Terms


def measured(terms: Terms, tail: float) -> Terms:
    """`terms` with an allowance that is exceeded with a probability of about `tail` a move: a stated exception."""

    def allowance(offer: Offer, now: dt.datetime) -> int:
        pace = terms.memory.pace
        recent = offer.shelf.recent.faded(now, pace)
        mean = recent * math.log(2) * (terms.channel(offer.channel).lag / pace)
        return min(offer.shelf.bound, quantile(mean, tail))

    return dc.replace(terms, allowance=allowance)
