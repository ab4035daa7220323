"""Which listings must show their new price before units are offered there again.

A quantity that comes first would be sold at the old price. A listing that comes back from zero waits. For some time its
share is kept for it; after that, or where the channel has refused the price, its share goes to the others and it stays
at zero. Zero and decreases never wait.
"""

import dataclasses as dc
import datetime as dt
import enum
from collections.abc import Mapping

from inventory.domain.allocation import Policy
from inventory.domain.stock import Item, Offer

Listing = tuple[str, str]
"""(SKU, channel)."""

_SOON = dt.timedelta(seconds=1)
_LATER = dt.timedelta(seconds=15)
"""Looks beneath the events that tell of a price, in case one comes while an item is planned."""
_MUCH_LATER = dt.timedelta(minutes=5)


class Reason(enum.StrEnum):
    """Why a price is waited for, in words."""

    COMPUTED = "its price is being computed"
    UNCONFIRMED = "its price is not live yet"
    REFUSED = "the channel refused its price"


@dc.dataclass(frozen=True, slots=True)
class Wait:
    """`since`: when the price was told; None: it is not told yet."""

    reason: Reason
    since: dt.datetime | None = None

    def keeps_share(self, now: dt.datetime, patience: dt.timedelta) -> bool:
        """Whether the channel may hope to be filled soon."""
        if self.reason is Reason.UNCONFIRMED and self.since:
            return now < self.since + patience
        return self.reason is Reason.COMPUTED


@dc.dataclass(frozen=True, slots=True)
class PriceWaits:
    """As of when it was read: what each listing waits for that is empty and whose price is not known to be live."""

    pending: Mapping[Listing, Wait] = dc.field(default_factory=dict)

    def of(self, item: Item) -> dict[str, Wait]:
        """By channel."""
        if not self.pending:
            return {}
        return {o.channel: wait for o in item.offers if (wait := self.pending.get((item.sku, o.channel)))}


NO_WAITS = PriceWaits()
"""Where no connector writes prices."""


@dc.dataclass(frozen=True, slots=True)
class PriceGate:
    """Between an item and whoever plans it: what waits is not raised. `patience`: so long its share is kept."""

    waits: Mapping[str, Wait]
    now: dt.datetime
    patience: dt.timedelta = dt.timedelta(0)

    def policy(self, policy: Policy) -> Policy:
        """Without a share for those who have waited too long or in vain."""
        held = {c: w.reason.value for c, w in self.waits.items() if not w.keeps_share(self.now, self.patience)}
        return dc.replace(policy, held=held) if held else policy

    def closed(self, item: Item) -> Item:
        """Whoever keeps its share is not raised, as if its channel had just refused a raise."""
        for channel, wait in self.waits.items():
            offer = item.offer(channel)
            if offer and wait.keeps_share(self.now, self.patience):
                shelf = dc.replace(offer.shelf, retry_at=self._closed_until(offer))
                item = item.having(offer.having(shelf))
        return item

    def reopened(self, planned: Item, before: Item) -> Item:
        """`planned` as it would be had the gate never been closed: it is only shut while somebody plans."""
        for channel in self.waits:
            offer, was = planned.offer(channel), before.offer(channel)
            if offer and was and offer.shelf.retry_at == self._closed_until(was):
                planned = planned.having(offer.having(dc.replace(offer.shelf, retry_at=was.shelf.retry_at)))
        return planned

    def look_at(self) -> dt.datetime | None:
        """When to look again even if no event tells of a price."""
        return min((self._look_at(wait) for wait in self.waits.values()), default=None)

    def _closed_until(self, offer: Offer) -> dt.datetime:
        moment = self._look_at(self.waits[offer.channel])
        return max(moment, offer.shelf.retry_at or moment)

    def _look_at(self, wait: Wait) -> dt.datetime:
        if wait.reason is Reason.COMPUTED:
            return self.now + _SOON
        return self.now + (_LATER if wait.keeps_share(self.now, self.patience) else _MUCH_LATER)
