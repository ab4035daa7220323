"""What may happen to a channel's bound: pure transitions of one offer.

They keep the rule that a bound is never below what its channel may still sell plus what it has sold unseen, while each
marketplace applies the writes to a listing in their order and honours the quantity that it shows.
"""

import dataclasses as dc
import datetime as dt
import enum
import math
from collections.abc import Callable

from inventory.domain.shelf import Move, Order, Reading, Shelf
from inventory.domain.stock import Item, Offer


class Escrow(enum.StrEnum):
    """How much may sell unseen until a write is live. `strict`: all that the bound allows. `measured`: a high quantile.

    `off`: no bounds; absolute quantities are written at each change, as the guide has it.
    """

    STRICT = "strict"
    MEASURED = "measured"
    OFF = "off"


Allowance = Callable[[Item, Offer, dt.datetime], int]
"""The units that a channel may sell unseen until a write that is made now is live; never more than its bound."""


@dc.dataclass(frozen=True, slots=True)
class Memory:
    """How long a shelf remembers orders (for readings that come late), cancellable units and the pace of sales.

    `put_back`: so long after a cancellation is known a marketplace may still put its units back on sale.
    """

    orders: dt.timedelta = dt.timedelta(minutes=30)
    cancellable: dt.timedelta = dt.timedelta(hours=24)
    pace: dt.timedelta = dt.timedelta(minutes=5)
    put_back: dt.timedelta = dt.timedelta(minutes=1)


MEMORY = Memory()
CLOCK_SLACK = dt.timedelta(minutes=1)
"""A channel's clock is taken to be no further from ours than this, where only one side's time is known."""


def strict(_item: Item, offer: Offer, _now: dt.datetime) -> int:
    """The whole bound may sell unseen."""
    return offer.shelf.bound


def can_issue(item: Item, offer: Offer, quantity: int, allowance: int) -> bool:
    """Whether a target of `quantity` keeps the sum rule. Zero always does.

    Nothing is raised where the channel was not read yet, nor while a reading may hide sales of any channel.
    While a move is not settled only a smaller target may follow, or one as large if the outcome of that move is
    unknown: then it is counted as a further write.
    """
    newest = offer.shelf.newest
    if quantity == 0:
        return True
    if not offer.shelf.is_read or any(o.shelf.reading and o.shelf.reading.sets_bound for o in item.offers):
        return False
    if newest is not None:
        may_follow = quantity < newest.quantity or (newest.is_unknown and quantity == newest.quantity)
        return may_follow and quantity <= item.free
    return quantity + allowance <= offer.shelf.bound + max(item.free, 0)


def issue(offer: Offer, quantity: int, allowance: int, now: dt.datetime, memory: Memory = MEMORY) -> tuple[Offer, Move]:
    """The offer with a new target on its way. Ask `can_issue` before."""
    shelf = offer.shelf
    added = quantity if shelf.moves else max(0, quantity + min(allowance, shelf.bound) - shelf.bound)
    move = Move(offer.revision + 1, quantity, added, now)
    reading = dc.replace(shelf.reading, can_lower=False) if shelf.reading else None
    shelf = dc.replace(
        shelf,
        bound=shelf.bound + added,
        moves=(*shelf.moves, move),
        reading=reading,
        cancellable=shelf.cancellable.turned(now, memory.cancellable),
    )
    return dc.replace(offer, quantity=quantity, revision=move.revision, shelf=shelf), move


def assign(offer: Offer, units: int) -> Offer:
    """A share that is authoritative here, of a storefront that asks before it sells: it changes at once."""
    shelf = dc.replace(offer.shelf, bound=units, moves=(), reading=None)
    return dc.replace(offer, quantity=units, revision=offer.revision + 1, shelf=shelf)


def live_above(before: Offer, now: dt.datetime, memory: Memory = MEMORY) -> int:
    """What the channel may show without a new write: only a reading above it proves that the write is live."""
    return before.shelf.bound + before.shelf.cancellable.units(now, memory.cancellable)


def sell(
    offer: Offer,
    units: int,
    placed_at: dt.datetime,
    now: dt.datetime,
    memory: Memory = MEMORY,
    *,
    remember: bool = True,
) -> tuple[Offer, int]:
    """A known order. Answers also with the units that the bound did not cover.

    `remember`: False where nothing will ever be compared with it.
    """
    shelf = offer.shelf
    reading = shelf.reading
    is_in_reading = reading is not None and reading.sets_bound and placed_at <= reading.certain_from
    covered = 0 if is_in_reading else min(units, shelf.bound)
    orders = _remember(shelf.orders, Order(placed_at, units), _oldest(shelf, now, memory)) if remember else ()
    shelf = shelf.after_sale(
        bound=shelf.bound - covered,
        orders=orders,
        recent=shelf.recent.plus(units, now, memory.pace),
        cancellable=shelf.cancellable.plus(units, now, memory.cancellable),
        needs_reading=shelf.needs_reading or (covered < units and not is_in_reading),
    )
    return offer.having(shelf), 0 if is_in_reading else units - covered


def _oldest(shelf: Shelf, now: dt.datetime, memory: Memory) -> dt.datetime:
    """From when on orders must be remembered: a move or a reading may still be compared with them."""
    oldest = now - memory.orders - CLOCK_SLACK
    if shelf.moves:
        oldest = min(oldest, shelf.moves[0].issued_at - CLOCK_SLACK)
    if shelf.reading is not None:
        oldest = min(oldest, shelf.reading.observed_at - CLOCK_SLACK)
    return oldest


def _remember(known: tuple[Order, ...], order: Order, oldest: dt.datetime) -> tuple[Order, ...]:
    if known and known[0].at < oldest:
        return (*(other for other in known if other.at >= oldest), order)
    return (*known, order)


def put_back(offer: Offer, units: int, now: dt.datetime, *, restocks: bool, memory: Memory = MEMORY) -> Offer:
    """A cancelled order. Where the marketplace puts the units back on sale by itself, its bound rises as much."""
    shelf = offer.shelf
    if not restocks:
        return offer
    known = _remember(shelf.put_backs, Order(now, units), _oldest(shelf, now, memory))
    return dc.replace(offer, shelf=dc.replace(shelf, bound=shelf.bound + units, put_backs=known))


def close(offer: Offer, revision: int, *, retry_at: dt.datetime | None = None) -> Offer:
    """A target that was provably never applied: what its move added to the bound comes out again.

    If it was the newest, nothing is raised until `retry_at`, and nobody will tell any more how an earlier one ended.
    """
    shelf = offer.shelf
    move = next((move for move in shelf.moves if move.revision == revision), None)
    if move is None:
        return offer
    others = tuple(other for other in shelf.moves if other is not move)
    if revision == offer.revision:
        others = tuple(dc.replace(other, is_unknown=other.live_at is None) for other in others)
    failures = shelf.failures + 1 if retry_at else shelf.failures
    shelf = dc.replace(
        shelf,
        bound=max(0, shelf.bound - move.added),
        moves=others,
        retry_at=retry_at if revision == offer.revision else shelf.retry_at,
        failures=failures,
    )
    return dc.replace(offer, shelf=shelf)


def doubt(offer: Offer, revision: int) -> Offer:
    """Nobody knows whether the target was applied: the bound stays."""
    moves = tuple(
        dc.replace(move, is_unknown=True) if move.revision == revision else move for move in offer.shelf.moves
    )
    return dc.replace(offer, shelf=dc.replace(offer.shelf, moves=moves))


def go_live(offer: Offer, revision: int, live_at: dt.datetime, margin: dt.timedelta) -> Offer:
    """The target is live since `live_at`, and so every earlier write has been overwritten."""
    if not any(move.revision == revision and move.live_at is None for move in offer.shelf.moves):
        return offer
    moves = tuple(
        dc.replace(move, live_at=live_at, certain_from=live_at + margin) if move.revision == revision else move
        for move in offer.shelf.moves
        if move.revision >= revision
    )
    return dc.replace(offer, shelf=dc.replace(offer.shelf, moves=moves, failures=0, retry_at=None))


def settles_at(offer: Offer) -> dt.datetime | None:
    """What the channel's watermark must pass before `settle` or `settle_reading` changes anything; None: never mind."""
    newest, reading = offer.shelf.newest, offer.shelf.reading
    moments = [newest.certain_from] if newest and newest.certain_from else []
    moments += [reading.certain_from] if reading else []
    return min(moments, default=None)


def settle(offer: Offer, known_until: dt.datetime | None, memory: Memory = MEMORY) -> Offer:
    """Once the newest target is live and every order up to then is known, only its units can still be on sale.

    Unless the channel was seen to show more than the bound since it was issued: which of the two came last is not
    known, so the bound stays, and another reading is needed.
    """
    newest = offer.shelf.newest
    if newest is None or newest.certain_from is None or known_until is None or known_until < newest.certain_from:
        return offer
    shelf = offer.shelf
    if shelf.reading and shelf.reading.sets_bound and shelf.reading.certain_from >= newest.issued_at:
        return dc.replace(offer, shelf=dc.replace(shelf, moves=(), needs_reading=True))
    left = (
        newest.quantity
        - shelf.certainly_after(newest.certain_from)
        + shelf.put_back_since(newest.issued_at - memory.put_back)
    )
    doubtful = any(
        newest.live_at <= order.at <= newest.certain_from for order in shelf.orders if newest.live_at is not None
    )
    shelf = dc.replace(
        shelf,
        bound=min(shelf.bound, max(0, left)),
        moves=(),
        is_read=True,
        seen_at=newest.certain_from,
        needs_reading=doubtful and newest.quantity > 0,
    )
    return dc.replace(offer, shelf=shelf)


def read(
    offer: Offer,
    quantity: int,
    observed_at: dt.datetime,
    margin: dt.timedelta,
    now: dt.datetime,
    memory: Memory = MEMORY,
) -> tuple[Offer, int]:
    """The channel was seen to show `quantity`. Answers also with the units that are more than the bound allowed.

    A reading that is too old to be compared with the orders known since tells nothing; nor does one from before the
    last write was live, or from before the last reading. A little more than the bound may be units of an order whose
    cancellation is not known yet: only when it lasts is it drift.
    """
    shelf = offer.shelf
    if shelf.is_read and (observed_at < now - memory.orders or (shelf.seen_at and observed_at <= shelf.seen_at)):
        return offer, 0
    certain_from = observed_at + margin
    doubtless = quantity - shelf.certainly_after(observed_at - margin)
    left = max(0, quantity - shelf.certainly_after(certain_from))
    if shelf.is_read and shelf.bound < doubtless <= live_above(offer, now, memory):
        since = shelf.strange_since or observed_at
        if observed_at - since < memory.orders:
            return dc.replace(offer, shelf=dc.replace(shelf, strange_since=since, needs_reading=False)), 0
    if not shelf.is_read or doubtless > shelf.bound:
        moves = tuple(dc.replace(move, added=0) for move in shelf.moves)
        in_flight = sum(move.quantity for move in moves if move.live_at is None)
        fresh = Reading(quantity, observed_at, certain_from, sets_bound=True, can_lower=not moves)
        drift = max(0, left + in_flight - shelf.bound) if shelf.is_read else 0
        bound = max(shelf.bound if shelf.is_read else 0, left + in_flight)
        shelf = dc.replace(
            shelf,
            bound=bound,
            is_read=True,
            moves=moves,
            reading=fresh,
            seen_at=observed_at,
            needs_reading=False,
            strange_since=None,
        )
        return dc.replace(offer, shelf=shelf), drift
    if not shelf.moves and shelf.reading is None:
        shelf = dc.replace(shelf, reading=Reading(quantity, observed_at, certain_from), needs_reading=False)
    shelf = dc.replace(shelf, strange_since=None)
    return dc.replace(offer, shelf=shelf), 0


def unreadable(offer: Offer) -> Offer:
    """The channel can't show what it offers: it counts as nothing, and must be told zero before anything is raised."""
    return dc.replace(offer, shelf=dc.replace(offer.shelf, is_readable=False))


def settle_reading(offer: Offer, known_until: dt.datetime | None) -> Offer:
    """Once every order up to the reading is known, no more than what it showed can still be on sale."""
    shelf = offer.shelf
    reading = shelf.reading
    if reading is None or known_until is None or known_until < reading.certain_from:
        return offer
    if reading.sets_bound and shelf.moves:
        return offer
    bound = shelf.bound
    if reading.can_lower:
        left = reading.quantity - shelf.certainly_after(reading.certain_from)
        slack = max(CLOCK_SLACK, reading.certain_from - reading.observed_at)
        left += shelf.put_back_since(reading.observed_at - slack)
        bound = min(bound, max(0, left))
    seen_at = max(shelf.seen_at or reading.observed_at, reading.observed_at)
    return dc.replace(offer, shelf=dc.replace(shelf, bound=bound, reading=None, seen_at=seen_at))


def overcommit(item: Item) -> Item:
    """The item with its overcommit as it is: what the bounds hold beyond what is available."""
    excess = max(0, -item.free)
    return item if item.overcommit == excess else dc.replace(item, overcommit=excess)


def quantile(mean: float, tail: float) -> int:
    """The fewest units that a Poisson number with this `mean` exceeds with a probability of at most `tail`."""
    units, term = 0, math.exp(-mean)
    below = term
    while below < 1 - tail and units < 10 * mean + 20:
        units += 1
        term *= mean / units
        below += term
    return units
