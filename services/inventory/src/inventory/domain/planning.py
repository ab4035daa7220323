"""Which targets an item needs now, under escrow: settle what can be settled, then move units where they are wanted."""

import dataclasses as dc
import datetime as dt
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from inventory.domain import escrow
from inventory.domain.allocation import Allocation, Policy, allocate
from inventory.domain.levels import is_at_rest, levels
from inventory.domain.stock import Item, Offer
from inventory.domain.targets import Target, Urgency
from inventory.domain.terms import Terms

KnownUntil = Mapping[str, dt.datetime]
"""By channel, up to when its sales are known."""

_ROUNDS = 4
"""The storefront's own moves may settle at once, and free units for others."""


@dc.dataclass(frozen=True, slots=True)
class Plan:
    """`item` as it is after `targets`; `wake_at`: when to look again even if nothing happens."""

    item: Item
    targets: tuple[Target, ...]
    wake_at: dt.datetime | None


def rebalance(
    item: Item,
    policy: Policy,
    terms: Terms,
    known_until: KnownUntil,
    now: dt.datetime,
    *,
    again: AbstractSet[str] = frozenset(),
) -> Plan:
    """Settle what the watermarks allow, then issue what the sum rule allows.

    Channels in `again` are told anew, as the sum rule allows: what they hold if that much is free, else zero first.
    """
    targets: list[Target] = []
    for number in range(_ROUNDS):
        item = settle(item, terms, known_until, now)
        item, issued = _move(item, policy, terms, now, again if number == 0 else frozenset())
        targets += issued
        if not any(target.offer.channel == terms.storefront for target in issued) or terms.storefront_lag:
            break
    item = escrow.overcommit(settle(item, terms, known_until, now))
    return Plan(item, tuple(targets), wake_at(item, terms, now))


def settle(item: Item, terms: Terms, known_until: KnownUntil, now: dt.datetime) -> Item:
    """Free what is certainly free."""
    for offer in item.offers:
        if not offer.shelf.moves and offer.shelf.reading is None:
            continue
        known = known_until.get(offer.channel)
        changed = offer
        if offer.channel == terms.storefront:
            changed = _storefront_lives(offer, terms, now)
            known = max(known, now - terms.storefront_lag) if known else now - terms.storefront_lag
        changed = escrow.settle_reading(escrow.settle(changed, known), known)
        if changed is not offer:
            item = item.having(changed)
    return item


def _storefront_lives(offer: Offer, terms: Terms, now: dt.datetime) -> Offer:
    newest = offer.shelf.newest
    if newest is None or newest.live_at is not None or now < newest.issued_at + terms.storefront_lag:
        return offer
    return escrow.go_live(offer, newest.revision, newest.issued_at + terms.storefront_lag, dt.timedelta())


def _move(
    item: Item, policy: Policy, terms: Terms, now: dt.datetime, again: AbstractSet[str]
) -> tuple[Item, list[Target]]:
    active = [o.channel for o in item.offers if o.is_active] if item.is_active else []
    allocation = allocate(item.available, active, policy)
    mover = Mover(item, allocation, levels(item, allocation, terms, now), terms, now)
    mover.take_off(active)
    mover.follow_unknown()
    mover.undo_overcommit()
    mover.tell_again(again)
    if mover.may_raise():
        mover.raise_low()
        mover.ask_donors()
    return mover.item, mover.issued


class Mover:
    """Issues targets one by one; `item` is always as it is after them."""

    def __init__(
        self, item: Item, allocation: Allocation, wanted: Mapping[str, int], terms: Terms, now: dt.datetime
    ) -> None:
        self.item = item
        self.issued: list[Target] = []
        self._allocation = allocation
        self._wanted = wanted
        self._terms = terms
        self._now = now

    def take_off(self, active: list[str]) -> None:
        """What is not on sale here any more, and what can't be read, must be told zero."""
        for offer in self.item.offers:
            shelf = offer.shelf
            is_blind = not shelf.is_read and not shelf.is_readable and not shelf.moves
            is_off = offer.channel not in active and (shelf.bound > 0 or offer.quantity > 0) and shelf.is_read
            if is_blind or is_off:
                self._zero(offer, Urgency.DECREASE)

    def follow_unknown(self) -> None:
        """A target whose outcome nobody knows is repeated, as a further write, where there is room for both."""
        for offer in self.item.offers:
            newest = offer.shelf.newest
            if newest is None or not newest.is_unknown or newest.live_at is not None:
                continue
            again = min(newest.quantity, self._wanted.get(offer.channel, 0))
            if again and len(offer.shelf.moves) == 1 and self._can(offer, again):
                self._issue(offer, again, Urgency.INCREASE)
            else:
                self._zero(offer, Urgency.DECREASE)

    def undo_overcommit(self) -> None:
        """More is held than there is: zero first what holds most beyond its share."""
        excess = -self.item.free - sum(o.shelf.bound for o in self.item.offers if _is_going_to_zero(o))
        for offer in sorted(self.item.offers, key=self._surplus, reverse=True):
            if excess <= 0:
                return
            if offer.shelf.bound and not _is_going_to_zero(offer):
                self._zero(offer, Urgency.OVERSELL)
                excess -= offer.shelf.bound

    def tell_again(self, channels: AbstractSet[str]) -> None:
        """Somebody asks for it: forget that the channel refused, and say anew what may be said."""
        for offer in self.item.offers:
            newest = offer.shelf.newest
            if offer.channel not in channels or (newest is not None and newest.live_at is not None):
                continue
            asked = dc.replace(offer, shelf=dc.replace(offer.shelf, retry_at=None, failures=0))
            self.item = self.item.having(asked)
            if newest is None and self.may_raise() and self._can(asked, asked.shelf.bound):
                self._issue(asked, asked.shelf.bound, Urgency.INCREASE)
            else:
                self._issue(asked, 0, Urgency.DECREASE)

    def may_raise(self) -> bool:
        """Never above an overcommit, over a reservation that waits, or over sales that a new reading may hide."""
        reading = any(o.shelf.reading is not None and o.shelf.reading.sets_bound for o in self.item.offers)
        return self.item.free >= 0 and not self.item.waiting and not reading

    def raise_low(self) -> None:
        """Fill up who has run low, the emptiest first; the storefront last, since it is told in no time."""
        low = [offer for offer in self.item.offers if self._is_low(offer)]
        for offer in sorted(low, key=lambda o: (o.channel == self._terms.storefront, o.shelf.bound)):
            quantity = min(self._wanted[offer.channel], self.item.free)
            if quantity > offer.shelf.bound and self._can(offer, quantity):
                self._issue(offer, quantity, Urgency.INCREASE)

    def ask_donors(self) -> None:
        """Who is still low, and can't be helped from what is free, gets from whoever holds more than its level."""
        starving = [o for o in self.item.offers if self._is_low(o) and self._wanted[o.channel] > self.item.free]
        if not starving or any(_is_going_to_zero(o) and o.shelf.bound for o in self.item.offers):
            return
        donors = [o for o in self.item.offers if not o.shelf.moves and self._surplus(o) > 0 and o.is_active]
        donors.sort(key=lambda o: (o.channel != self._terms.storefront, -self._surplus(o)))
        if donors and self._is_worth_it(donors[0]):
            self._zero(donors[0], Urgency.DECREASE)

    def _is_worth_it(self, donor: Offer) -> bool:
        return True

    def _is_low(self, offer: Offer) -> bool:
        shelf, wanted = offer.shelf, self._wanted.get(offer.channel, 0)
        if not wanted or shelf.moves or not shelf.is_read or (shelf.retry_at and shelf.retry_at > self._now):
            return False
        if is_at_rest(self.item, self._terms, self._now):
            return shelf.bound < wanted
        share = 0.5 if offer.channel == self._terms.storefront else self._terms.refill
        return shelf.bound <= wanted * share and shelf.bound < wanted

    def _surplus(self, offer: Offer) -> int:
        return offer.shelf.bound - self._wanted.get(offer.channel, 0)

    def _can(self, offer: Offer, quantity: int) -> bool:
        return escrow.can_issue(self.item, offer, quantity, self._terms.allowance(offer, self._now))

    def _zero(self, offer: Offer, urgency: Urgency) -> None:
        if not _is_going_to_zero(offer):
            self._issue(offer, 0, urgency)

    def _issue(self, offer: Offer, quantity: int, urgency: Urgency) -> None:
        above = escrow.live_above(offer, self._now, self._terms.memory)
        allowance = self._terms.allowance(offer, self._now)
        after, move = escrow.issue(offer, quantity, allowance, self._now, self._terms.memory)
        self.item = self.item.having(after)
        self.issued.append(
            Target(self.item.sku, offer, quantity, move.revision, urgency, self._allocation, live_above=above)
        )


def _is_going_to_zero(offer: Offer) -> bool:
    newest = offer.shelf.newest
    return newest is not None and newest.quantity == 0


def wake_at(item: Item, terms: Terms, now: dt.datetime) -> dt.datetime | None:
    """When time alone will change something; what a watermark or an answer changes comes with an event."""
    moments = []
    for offer in item.offers:
        newest = offer.shelf.newest
        if newest and offer.channel == terms.storefront:
            steps = (newest.issued_at + terms.storefront_lag, newest.issued_at + 2 * terms.storefront_lag)
            moments += [moment for moment in steps if moment > now][:1]
        if offer.shelf.retry_at:
            moments.append(offer.shelf.retry_at)
    if item.changed_at:
        moments.append(item.changed_at + terms.converge_after)
    return min((moment for moment in moments if moment > now), default=None)
