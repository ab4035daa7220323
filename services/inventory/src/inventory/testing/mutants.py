"""Mistakes that one could make in the escrow: each is a copy of one function of production, changed in one place.

The proofs must find every one of them; else they would prove nothing.
"""

import dataclasses as dc
import datetime as dt
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from inventory.domain import escrow
from inventory.domain.escrow import Memory
from inventory.domain.shelf import Move
from inventory.domain.stock import Item, Offer
from inventory.testing.channel_steps import Manners
from inventory.testing.mechanics import PRODUCTION, Mechanics, Seen
from inventory.testing.model_check import Shop

_PARTITIONS = 2
_EVER = dt.datetime.max.replace(tzinfo=dt.UTC)


def _release_before_the_watermark(offer: Offer, _known_until: dt.datetime | None) -> Offer:
    return escrow.settle(offer, _EVER)


def _raise_before_lower(item: Item, offer: Offer, quantity: int, allowance: int) -> bool:
    """What is going to zero counts as free already."""
    to_come = sum(
        other.shelf.bound
        for other in item.offers
        if other is not offer and other.shelf.newest is not None and other.shelf.newest.quantity == 0
    )
    return escrow.can_issue(dc.replace(item, on_hand=item.on_hand + to_come), offer, quantity, allowance)


def _raise_beyond_free(item: Item, offer: Offer, quantity: int, allowance: int) -> bool:
    """One unit more than there is may be told."""
    return escrow.can_issue(dc.replace(item, on_hand=item.on_hand + 1), offer, quantity, allowance)


def _bound_without_allowance(
    offer: Offer, quantity: int, _allowance: int, now: dt.datetime, memory: Memory
) -> tuple[Offer, Move]:
    return escrow.issue(offer, quantity, 0, now, memory)


def _shown_is_live(quantity: int, _live_above: int, shown: int, *, is_earlier_on_way: bool) -> bool:
    return shown == quantity and not (quantity == 0 and is_earlier_on_way)


def _zero_shown_is_live(quantity: int, live_above: int, shown: int, *, is_earlier_on_way: bool) -> bool:
    return PRODUCTION.proves(quantity, live_above, shown, is_earlier_on_way=is_earlier_on_way and quantity > 0)


def _larger_replaces(
    offer: Offer, quantity: int, allowance: int, now: dt.datetime, memory: Memory
) -> tuple[Offer, Move]:
    """A further move counts by what it is larger than the one before, as if it took its place."""
    before = offer.shelf.newest
    after, move = escrow.issue(offer, quantity, allowance, now, memory)
    if before is None or quantity <= before.quantity:
        return after, move
    return _adding(after, move, quantity - before.quantity)


def _larger_may_follow(item: Item, offer: Offer, quantity: int, allowance: int) -> bool:
    newest = offer.shelf.newest
    if newest is None or quantity <= newest.quantity:
        return escrow.can_issue(item, offer, quantity, allowance)
    return quantity - newest.quantity <= item.free


def _repeat_for_nothing(
    offer: Offer, quantity: int, allowance: int, now: dt.datetime, memory: Memory
) -> tuple[Offer, Move]:
    """What is told again counts as the same write."""
    before = offer.shelf.newest
    after, move = escrow.issue(offer, quantity, allowance, now, memory)
    is_repeat = before is not None and before.is_unknown and before.quantity == quantity
    return _adding(after, move, 0) if is_repeat else (after, move)


def _adding(offer: Offer, move: Move, added: int) -> tuple[Offer, Move]:
    changed = dc.replace(move, added=added)
    shelf = offer.shelf
    bound = shelf.bound - move.added + added
    return dc.replace(offer, shelf=dc.replace(shelf, bound=bound, moves=(*shelf.moves[:-1], changed))), changed


def _put_back_is_forgotten(offer: Offer, known_until: dt.datetime | None) -> Offer:
    """When a move settles, what the marketplace put back since does not count."""
    blind = dc.replace(offer, shelf=dc.replace(offer.shelf, put_backs=()))
    settled = escrow.settle(blind, known_until)
    return offer if settled is blind else settled


def _put_back_is_not_on_sale(offer: Offer, units: int, now: dt.datetime, memory: Memory) -> Offer:
    return escrow.put_back(offer, units, now, restocks=False, memory=memory)


def _put_back_may_prove(offer: Offer, _now: dt.datetime, _memory: Memory) -> int:
    """What known orders may give back does not count for the evidence."""
    return offer.shelf.bound


def _anything_comes_first(stream: Sequence[object]) -> Sequence[int]:
    return range(len(stream))


def _tally(seen: Seen, partition: int, known_until: dt.datetime) -> Seen:  # noqa: ARG001 - that is the mistake
    """As many watermarks as there are partitions make it known, from whichever they come."""
    if len(seen) == _PARTITIONS:
        return (*seen, (_PARTITIONS, known_until))
    reached = min(known_until, seen[-1][1])
    return tuple((each, reached) for each in range(_PARTITIONS))


def _old_reading_counts(
    offer: Offer, quantity: int, observed_at: dt.datetime, margin: dt.timedelta, now: dt.datetime, memory: Memory
) -> tuple[Offer, int]:
    """A reading from before the last write was live is taken as any other."""
    blind = dc.replace(offer, shelf=dc.replace(offer.shelf, seen_at=None))
    after, drift = escrow.read(blind, quantity, observed_at, margin, now, memory)
    return (offer if after is blind else after), drift


def _never_known(_event_id: str, _known: AbstractSet[str]) -> bool:
    return False


@dc.dataclass(frozen=True, slots=True)
class Mutant:
    """`shop`: a small one in which a model check finds it."""

    mechanics: Mechanics
    shop: Shop


_PLAIN = Manners(moves=2, doubts=False, refusals=False)
_ONE = Shop(1, (_PLAIN,), is_crowded=True)
_TWO = Shop(2, (_PLAIN,), is_crowded=True)
_CANCELS = Shop(1, (_PLAIN,), cancels=1, is_crowded=True)

MUTANTS: Mapping[str, Mutant] = {
    "release before the watermark": Mutant(Mechanics(settle=_release_before_the_watermark), _ONE),
    "raise before lower": Mutant(Mechanics(can_issue=_raise_before_lower), Shop(1, (_PLAIN, _PLAIN), twins=2)),
    "raise beyond what is free": Mutant(Mechanics(can_issue=_raise_beyond_free), _ONE),
    "bound without allowance": Mutant(Mechanics(issue=_bound_without_allowance), _TWO),
    "shown is live": Mutant(Mechanics(proves=_shown_is_live), _TWO),
    "a second larger move": Mutant(Mechanics(can_issue=_larger_may_follow, issue=_larger_replaces), _TWO),
    "a repeat that is not counted": Mutant(
        Mechanics(issue=_repeat_for_nothing), Shop(2, (dc.replace(_PLAIN, doubts=True),), is_crowded=True)
    ),
    "zero shown while an earlier write is on its way": Mutant(Mechanics(proves=_zero_shown_is_live), _ONE),
    "put-back units forgotten at settling": Mutant(Mechanics(settle=_put_back_is_forgotten), _CANCELS),
    "put-back units taken as not on sale": Mutant(Mechanics(put_back=_put_back_is_not_on_sale), _CANCELS),
    "put-back units taken as proof": Mutant(
        Mechanics(live_above=_put_back_may_prove), Shop(4, (dc.replace(_PLAIN, writes=1, moves=1),), cancels=1, shown=2)
    ),
    "an order that is first seen cancelled is not told": Mutant(Mechanics(tells_cancelled=False), _CANCELS),
    "a watermark overtakes": Mutant(Mechanics(deliverable=_anything_comes_first), _ONE),
    "a replayed old watermark": Mutant(Mechanics(note_watermark=_tally), dc.replace(_ONE, partitions=_PARTITIONS)),
    "an old reading counts": Mutant(
        Mechanics(read=_old_reading_counts), Shop(1, (dc.replace(_PLAIN, readings=True),), is_crowded=True)
    ),
}

IN_A_SHOP: Mapping[str, Mechanics] = {
    "an event that comes again counts again": Mechanics(is_known=_never_known),
}
"""Those that no model check can find, since its sales come once: shops at random do."""
