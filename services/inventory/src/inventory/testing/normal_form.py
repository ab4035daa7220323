"""One value for all states of a channel that behave alike, so that a model check ends.

Of times only their order counts: moments of writes and readings (the posts) are ranked, and orders, cancellations and
watermarks count by the posts between which they lie. What lies before the first post can't be told from what lies long
before, since later posts come later still. Revisions are ranked too; those of moves that are over are all 0.
"""

import datetime as dt
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

from inventory.domain.escrow import CLOCK_SLACK, Memory
from inventory.domain.shelf import Cancellable, Move, Order, Reading, Recent, Shelf
from inventory.domain.stock import Offer
from inventory.testing.channel_world import Channel, Fact, Mark, Placed, Told, Word

_START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_STEP = 2 * CLOCK_SLACK
_TICKS = [_START + rank * _STEP for rank in range(100)]
FIRST = _TICKS[1]
"""Before every write."""
NOW = _TICKS[-1]
"""Later than every moment in a normal form."""
FOR_EVER = Memory(orders=dt.timedelta(days=1000), cancellable=dt.timedelta(days=1000))
"""Nothing is forgotten within a model check."""
_NONE_RECENT = Recent()
_NONE_CANCELLABLE = Cancellable()


class _Ranks:
    """Moments by their rank: posts get the even ones, what lies between them the odd ones."""

    def __init__(self, posts: Iterable[dt.datetime | None]) -> None:
        self._posts = sorted({post for post in posts if post is not None})

    def post(self, moment: dt.datetime) -> dt.datetime:
        return _TICKS[2 * bisect_left(self._posts, moment) + 2]

    def point(self, moment: dt.datetime) -> dt.datetime:
        return _TICKS[2 * bisect_left(self._posts, moment) + 1]

    def is_old(self, moment: dt.datetime) -> bool:
        return not self._posts or moment < self._posts[0]

    def orders(self, orders: tuple[Order, ...]) -> tuple[Order, ...]:
        """Those that may still count."""
        if not orders:
            return orders
        units: Counter[dt.datetime] = Counter()
        for order in orders:
            if not self.is_old(order.at):
                units[self.point(order.at)] += order.units
        return tuple(Order(moment, units[moment]) for moment in sorted(units))


def normal(channel: Channel, cancels: int, *, has_readings: bool) -> Channel:
    """`cancels`: no more orders than that will ever be cancelled.

    When a target was issued counts only beside cancellations and readings.
    """
    shelf = channel.offer.shelf
    open_revisions = {move.revision for move in shelf.moves}
    facts = [fact for fact in channel.facts if fact.word is Word.OBSERVED or fact.revision in open_revisions]
    is_observed = any(fact.word is Word.OBSERVED for fact in facts)
    has_issues = cancels > 0 or has_readings
    ranks = _Ranks(_posts(shelf, facts, has_issues=has_issues, is_observed=is_observed))
    revisions = {revision: rank for rank, revision in enumerate(sorted(open_revisions), 1)}
    seen = tuple((partition, ranks.point(moment)) for partition, moment in channel.seen)
    return Channel(
        offer=_offer(channel.offer, revisions, ranks, is_observed=is_observed),
        shown=channel.shown,
        told=tuple(_told(told, revisions) for told in channel.told),
        on_way=tuple(Told(revisions.get(told.revision, 0), told.quantity) for told in channel.on_way),
        unproven=tuple(_told(told, revisions) for told in channel.unproven if told.revision in revisions),
        facts=_facts(facts, revisions, ranks),
        stream=_stream(channel.stream, dict(seen).get(0, FIRST), ranks) if channel.stream else (),
        seen=seen,
        elsewhere=None if channel.elsewhere is None else ranks.point(channel.elsewhere),
        had=None if channel.had is None else ranks.point(channel.had),
        open_orders=min(channel.open_orders, cancels),
        put_backs=channel.put_backs,
        lost=channel.lost,
    )


def _told(told: Told, revisions: dict[int, int]) -> Told:
    return Told(revisions.get(told.revision, 0), told.quantity, min(told.quantity, told.live_above))


def _posts(shelf: Shelf, facts: list[Fact], *, has_issues: bool, is_observed: bool) -> Iterable[dt.datetime | None]:
    for move in shelf.moves:
        if has_issues:
            yield move.issued_at
        yield move.live_at
    for fact in facts:
        yield fact.at
    if shelf.reading is not None:
        yield shelf.reading.observed_at
    if is_observed:
        yield shelf.seen_at


def _offer(offer: Offer, revisions: dict[int, int], ranks: _Ranks, *, is_observed: bool) -> Offer:
    shelf = offer.shelf
    units = shelf.cancellable.current + shelf.cancellable.previous
    normal_shelf = Shelf(
        bound=shelf.bound,
        is_read=shelf.is_read,
        is_readable=shelf.is_readable,
        moves=tuple(_move(move, revisions[move.revision], ranks) for move in shelf.moves),
        orders=ranks.orders(shelf.orders),
        put_backs=ranks.orders(shelf.put_backs),
        reading=None if shelf.reading is None else _reading(shelf.reading, ranks),
        seen_at=ranks.post(shelf.seen_at) if is_observed and shelf.seen_at else None,
        recent=_NONE_RECENT,
        cancellable=Cancellable(units, 0, _START) if units else _NONE_CANCELLABLE,
    )
    newest = revisions.get(offer.revision, len(revisions) + 1)
    return Offer(offer.channel, offer.external_sku, offer.is_active, revision=newest, shelf=normal_shelf)


def _move(move: Move, revision: int, ranks: _Ranks) -> Move:
    live_at = None if move.live_at is None else ranks.post(move.live_at)
    return Move(revision, move.quantity, move.added, ranks.post(move.issued_at), live_at, live_at, move.is_unknown)


def _reading(reading: Reading, ranks: _Ranks) -> Reading:
    moment = ranks.post(reading.observed_at)
    return Reading(reading.quantity, moment, moment, reading.sets_bound, reading.can_lower)


def _facts(facts: list[Fact], revisions: dict[int, int], ranks: _Ranks) -> tuple[Fact, ...]:
    ranked = (
        Fact(
            fact.word,
            revisions.get(fact.revision, 0),
            fact.quantity,
            None if fact.at is None else ranks.post(fact.at),
        )
        for fact in facts
    )
    return tuple(sorted(ranked, key=lambda fact: (fact.revision, fact.word)))


def _stream(stream: tuple[Placed | Mark, ...], known: dt.datetime, ranks: _Ranks) -> tuple[Placed | Mark, ...]:
    """Without the watermarks that tell nothing new: no post lies between them and one that is known or comes before."""
    entries: list[Placed | Mark] = []
    for entry in stream:
        moment = ranks.point(entry.at)
        if isinstance(entry, Placed):
            entries.append(Placed(moment, entry.is_cancelled, entry.is_restocked))
        elif moment > known:
            entries.append(Mark(moment))
            known = moment
    return tuple(entries)
