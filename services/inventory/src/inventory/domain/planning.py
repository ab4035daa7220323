"""Which targets an item needs now, under escrow: settle what can be settled, then move units where they are wanted."""

import dataclasses as dc
import datetime as dt
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from inventory.domain import escrow
from inventory.domain.allocation import Allocation, Policy, allocate
from inventory.domain.levels import is_at_rest, levels, pace, refill_at
from inventory.domain.stock import Item, Offer
from inventory.domain.targets import Target, Urgency
from inventory.domain.terms import Terms

KnownUntil = Mapping[str, dt.datetime]
"""By channel, up to when its sales are known."""

_FOR_EVER = 1e9
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
        if terms.reclaim or terms.storefront_lag or not any(t.offer.channel == terms.storefront for t in issued):
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
            known = known if terms.storefront_is_followed else now - terms.storefront_lag
        changed = escrow.settle_reading(escrow.settle(changed, known, terms.memory), known)
        if changed is not offer:
            item = item.having(changed)
    return item


def _storefront_lives(offer: Offer, terms: Terms, now: dt.datetime) -> Offer:
    newest = offer.shelf.newest
    if newest is None or newest.live_at is not None or now < newest.issued_at + terms.storefront_lag:
        return offer
    return escrow.go_live(offer, newest.revision, newest.issued_at + terms.storefront_lag, terms.storefront_margin)


def _move(
    item: Item, policy: Policy, terms: Terms, now: dt.datetime, again: AbstractSet[str]
) -> tuple[Item, list[Target]]:
    active = [o.channel for o in item.offers if o.is_active] if item.is_active else []
    allocation = allocate(item.available, active, policy)
    mover = Mover(item, allocation, levels(allocation, terms), terms, now)
    mover.take_off(active)
    mover.follow_unknown()
    mover.undo_overcommit()
    mover.reclaim()
    mover.tell_again(again)
    if mover.may_raise():
        mover.lend()
        mover.raise_low()
        mover.ask_donors()
        mover.keep()
        mover.go_by_way_of_zero()
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
        """A target whose outcome nobody knows is repeated, as a further write, where there is room for both.

        Else zero follows, also a zero of which nobody knows.
        """
        for offer in self.item.offers:
            newest = offer.shelf.newest
            if newest is None or not newest.is_unknown or newest.live_at is not None:
                continue
            again = min(newest.quantity, self._wanted.get(offer.channel, 0))
            if again and len(offer.shelf.moves) == 1 and self._can(offer, again):
                self._issue(offer, again, Urgency.INCREASE)
            else:
                self._issue(offer, 0, Urgency.DECREASE)

    def undo_overcommit(self) -> None:
        """More is held than there is: zero first what holds most beyond its share."""
        excess = -self.item.free - sum(o.shelf.bound for o in self.item.offers if _is_going_to_zero(o))
        for offer in sorted(self.item.offers, key=self._surplus, reverse=True):
            if excess <= 0:
                return
            if offer.shelf.bound and not _is_going_to_zero(offer):
                self._zero(offer, Urgency.OVERSELL)
                excess -= offer.shelf.bound

    def reclaim(self) -> None:
        """Lower marketplaces for the reservations that wait, those first that can be settled soonest."""
        own = self.item.offer(self._terms.storefront)
        coming = sum(o.shelf.bound for o in self.item.offers if _is_going_to_zero(o))
        short = self.item.waiting - max(self.item.free, 0) - coming - (own.shelf.bound if own else 0)
        for offer in sorted(self.item.offers, key=lambda o: self._terms.channel(o.channel).lag):
            if short <= 0 or not self._terms.reclaim:
                return
            if offer.channel != self._terms.storefront and offer.shelf.bound and not _is_going_to_zero(offer):
                self._zero(offer, Urgency.DECREASE)
                short -= offer.shelf.bound

    def lend(self) -> None:
        """With reclaim, what the storefront holds can be had at once by a marketplace that is low."""
        own = self.item.offer(self._terms.storefront)
        if own is None or not self._terms.reclaim or not own.shelf.bound:
            return
        low = [o for o in self.item.offers if o is not own and self._is_low(o)]
        lent = min(own.shelf.bound, max(0, sum(self._wanted[o.channel] for o in low) - self.item.free))
        shares, last = self._terms.shares, lent == own.shelf.bound
        if last and all(shares.get(o.channel, 0) < self._terms.wait_cost * shares.get(own.channel, 0) for o in low):
            return
        if lent and own.shelf.bound - lent >= min(self._wanted.get(own.channel, 0), own.shelf.bound) // 2:
            self._assign(own, own.shelf.bound - lent)

    def keep(self) -> None:
        """With reclaim, what nobody else holds is the storefront's, up to its level."""
        own = self.item.offer(self._terms.storefront)
        if own is None or not self._terms.reclaim or not own.is_active:
            return
        wanted = self._wanted.get(own.channel, 0)
        rest = is_at_rest(self.item, self._terms, self._now)
        if self.item.free > 0 and (own.shelf.bound <= wanted // 2 or rest) and own.shelf.bound < wanted:
            self._assign(own, min(wanted, own.shelf.bound + self.item.free))
        elif own.shelf.bound > wanted and rest:
            self._assign(own, wanted)

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
        """Never above an overcommit, nor over a reservation that waits."""
        return self.item.free >= 0 and not self.item.waiting

    def raise_low(self) -> None:
        """Fill up who has run low, the emptiest first; the storefront last, since it is told in no time."""
        low = [o for o in self.item.offers if self._is_low(o) and not self._is_assigned(o)]
        for offer in sorted(low, key=lambda o: (o.channel == self._terms.storefront, o.shelf.bound)):
            quantity = min(self._wanted[offer.channel], self.item.free + offer.shelf.bound - self._allowance(offer))
            if quantity > offer.shelf.bound and self._can(offer, quantity):
                self._issue(offer, quantity, Urgency.INCREASE)

    def ask_donors(self) -> None:
        """Who is low, and not helped by what is free, gets from who holds too much and is empty the shortest time."""
        starving = [o for o in self.item.offers if self._is_low(o) and self._wanted[o.channel] > self.item.free]
        starving = [o for o in starving if not self._is_assigned(o) or o.shelf.bound + self.item.free == 0]
        if not starving or any(_is_being_lowered(o) and o.shelf.bound for o in self.item.offers):
            return
        donors = [o for o in self.item.offers if not o.shelf.moves and self._surplus(o) > 0 and o.is_active]
        donors = [o for o in donors if not self._is_assigned(o)]
        donors.sort(key=lambda o: (self._terms.settles_in(o.channel), -self._surplus(o)))
        for donor in donors:
            if any(self._is_worth_it(donor, low) for low in starving):
                self._lower(donor)
                return

    def go_by_way_of_zero(self) -> None:
        """At rest, what does not fit in one step: one channel at a time, and only when all else has settled."""
        if not is_at_rest(self.item, self._terms, self._now) or any(o.shelf.moves for o in self.item.offers):
            return
        wrong = [
            o
            for o in self.item.offers
            if o.shelf.bound and ((self._is_low(o) and self.item.free > 0) or (o.is_active and self._surplus(o) > 0))
        ]
        if wrong:
            self._lower(min(wrong, key=lambda o: (o.channel != self._terms.storefront, o.shelf.bound)))

    def _is_worth_it(self, donor: Offer, low: Offer) -> bool:
        """Whether enough buyers who would be turned away at `low` are worth the calls and the donor's empty time."""
        if not donor.is_active or is_at_rest(self.item, self._terms, self._now):
            return True
        keeps = self._wanted.get(donor.channel, 0) > 0
        if keeps and self._fits_in_one_step(donor):
            return self._is_worth_calls(donor, low, keeps=keeps)
        return self._is_in_time(donor, low, keeps=keeps) and self._is_worth_calls(donor, low, keeps=keeps)

    def _is_worth_calls(self, donor: Offer, low: Offer, *, keeps: bool) -> bool:
        """Buyers turned away for each unit sold are the inverse of the share of buyers who find something."""
        shares, storefront = self._terms.shares, self._terms.storefront
        holding = {o.channel for o in self.item.offers if o.shelf.bound or self._is_assigned(o)}
        then = (holding | {low.channel}) - (set() if keeps or self._is_assigned(donor) else {donor.channel})
        total = sum(shares.values())
        turned_away = total / max(1, sum(shares.get(c, 0) for c in holding))
        turned_away_then = total / max(1, sum(shares.get(c, 0) for c in then))
        units = min(self._surplus(donor), self._wanted[low.channel])
        comes_back = keeps and not self._fits_in_one_step(donor)
        calls = (donor.channel != storefront) * (1 + comes_back) + (low.channel != storefront)
        return (turned_away - turned_away_then) * units > self._terms.call_worth * calls

    def _is_in_time(self, donor: Offer, low: Offer, *, keeps: bool) -> bool:
        """Whether `low` will sell more, until all is sold, than the donor misses.

        The donor is empty until its zero has settled, and for good where it is to hold nothing.
        """
        shares, lag = self._terms.shares, self._terms.settles_in(donor.channel)
        speed = pace(self.item, self._terms, self._now)
        left = self.item.available / speed if speed else _FOR_EVER
        gained = shares.get(low.channel, 0) * max(0.0, left - lag)
        missed = shares.get(donor.channel, 0) * (2 * lag if keeps else left)
        return gained > missed

    def _is_low(self, offer: Offer) -> bool:
        shelf, wanted = offer.shelf, self._wanted.get(offer.channel, 0)
        if not wanted or shelf.moves or not shelf.is_read or (shelf.retry_at and shelf.retry_at > self._now):
            return False
        if is_at_rest(self.item, self._terms, self._now):
            return shelf.bound < wanted
        if offer.channel == self._terms.storefront:
            return shelf.bound <= wanted // 2
        return shelf.bound < wanted and shelf.bound <= refill_at(self.item, offer, self._terms, self._now)

    def _is_assigned(self, offer: Offer) -> bool:
        return self._terms.reclaim and offer.channel == self._terms.storefront

    def _assign(self, offer: Offer, units: int) -> None:
        after = escrow.assign(offer, units)
        urgency = Urgency.INCREASE if units > offer.shelf.bound else Urgency.DECREASE
        self.item = self.item.having(after)
        self.issued.append(Target(self.item.sku, offer, units, after.revision, urgency, self._allocation))

    def _surplus(self, offer: Offer) -> int:
        return offer.shelf.bound - self._wanted.get(offer.channel, 0)

    def _allowance(self, offer: Offer) -> int:
        return min(offer.shelf.bound, self._terms.allowance(self.item, offer, self._now))

    def _fits_in_one_step(self, offer: Offer) -> bool:
        """Whether it can be lowered to its level and sell on meanwhile; under `strict` only to zero."""
        return self._wanted.get(offer.channel, 0) + self._allowance(offer) <= offer.shelf.bound

    def _can(self, offer: Offer, quantity: int) -> bool:
        return escrow.can_issue(self.item, offer, quantity, self._allowance(offer))

    def _lower(self, offer: Offer) -> None:
        """To its level where that is one step, else by way of zero."""
        wanted = self._wanted.get(offer.channel, 0)
        if wanted and not offer.shelf.moves and self._surplus(offer) > 0 and self._fits_in_one_step(offer):
            self._issue(offer, wanted, Urgency.DECREASE)
        else:
            self._zero(offer, Urgency.DECREASE)

    def _zero(self, offer: Offer, urgency: Urgency) -> None:
        """Once: and not again at once where the channel has just refused it."""
        is_refused = offer.quantity == 0 and offer.shelf.retry_at is not None and offer.shelf.retry_at > self._now
        if not _is_going_to_zero(offer) and not is_refused:
            self._issue(offer, 0, urgency)

    def _issue(self, offer: Offer, quantity: int, urgency: Urgency) -> None:
        above = escrow.live_above(offer, self._now, self._terms.memory)
        allowance = self._allowance(offer)
        after, move = escrow.issue(offer, quantity, allowance, self._now, self._terms.memory)
        self.item = self.item.having(after)
        self.issued.append(
            Target(self.item.sku, offer, quantity, move.revision, urgency, self._allocation, live_above=above)
        )


def _is_being_lowered(offer: Offer) -> bool:
    """A raise adds to the bound; under `strict` whatever is lowered is going to zero."""
    newest = offer.shelf.newest
    return newest is not None and newest.added == 0


def _is_going_to_zero(offer: Offer) -> bool:
    newest = offer.shelf.newest
    return newest is not None and newest.quantity == 0


def wake_at(item: Item, terms: Terms, now: dt.datetime) -> dt.datetime | None:
    """When time alone will change something; what a watermark or an answer changes comes with an event."""
    moments = []
    for offer in item.offers:
        newest = offer.shelf.newest
        if newest and offer.channel == terms.storefront:
            live_at = newest.issued_at + terms.storefront_lag
            steps = (live_at, live_at + terms.storefront_margin + terms.storefront_lag)
            moments += [moment for moment in steps if moment > now][:1]
        if offer.shelf.retry_at:
            moments.append(offer.shelf.retry_at)
    if item.changed_at:
        moments.append(item.changed_at + terms.converge_after)
    return min((moment for moment in moments if moment > now), default=None)
