"""Readings that come late, and readings between a write and its settling."""

import datetime as dt

from inventory.domain import escrow
from inventory.domain.shelf import Cancellable, Shelf
from inventory.domain.stock import Item, Offer

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MARGIN = dt.timedelta(seconds=1)
DAY = dt.timedelta(hours=24)


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


def offer(bound: int) -> Offer:
    return Offer("amazon", "B0TEA", is_active=True, quantity=bound, shelf=Shelf(bound=bound))


def moved(before: Offer, quantity: int, issued_at: float, live_at: float | None = None) -> Offer:
    """A target issued, if `live_at` is given seen live, and never settled."""
    after, move = escrow.issue(before, quantity, before.shelf.bound, at(issued_at))
    return after if live_at is None else escrow.go_live(after, move.revision, at(live_at), MARGIN)


def seen(before: Offer, quantity: int, observed_at: float, now: float) -> tuple[Offer, int]:
    return escrow.read(before, quantity, at(observed_at), MARGIN, at(now))


def test_a_reading_from_before_the_last_write_was_live_does_not_lower_the_bound() -> None:
    settled = escrow.settle(moved(offer(0), 2, issued_at=11, live_at=12), at(14))
    read, _ = seen(settled, 0, observed_at=10, now=15)
    assert escrow.settle_reading(read, at(60)).shelf.bound == 2


def test_a_reading_from_before_the_last_write_was_live_is_no_drift() -> None:
    settled = escrow.settle(moved(offer(5), 0, issued_at=11, live_at=12), at(14))
    read, drift = seen(settled, 5, observed_at=10, now=15)
    assert (read.shelf.bound, drift) == (0, 0)


def test_an_older_reading_does_not_undo_a_newer_one() -> None:
    edited, drift = seen(offer(2), 5, observed_at=20, now=20)
    assert drift == 3
    newest = escrow.settle_reading(edited, at(30))
    late, _ = seen(newest, 2, observed_at=10, now=31)
    assert escrow.settle_reading(late, at(60)).shelf.bound == 5


def test_drift_that_was_seen_during_a_move_outlives_its_settling() -> None:
    for live_first in (True, False):
        move = moved(offer(0), 1, issued_at=1, live_at=2 if live_first else None)
        read, _ = seen(move, 5, observed_at=6, now=6)
        if not live_first:
            read = escrow.go_live(read, 1, at(8), MARGIN)
        settled = escrow.settle_reading(escrow.settle(escrow.settle_reading(read, at(60)), at(60)), at(60))
        assert settled.shelf.bound >= 5
        assert settled.shelf.needs_reading
        again, _ = seen(settled, 3, observed_at=61, now=61)
        assert escrow.settle_reading(again, at(70)).shelf.bound == 3


def test_an_order_that_may_still_be_cancelled_is_counted_although_an_older_one_was_cancelled() -> None:
    first = escrow.sell(offer(2), 1, START, START)[0]
    later = START + DAY + dt.timedelta(hours=1)
    second = escrow.sell(first, 1, later, later)[0]
    cancelled = escrow.put_back(second, 1, later + dt.timedelta(hours=1), restocks=False)
    assert cancelled.shelf.cancellable.units(later + DAY - dt.timedelta(minutes=1), DAY) >= 1


def test_units_are_cancellable_for_a_window_at_least() -> None:
    known = Cancellable().plus(1, START, DAY)
    assert known.units(START + DAY, DAY) == 1
    assert known.units(START + 2 * DAY, DAY) == 0


def test_a_stale_reading_frees_no_units_for_another_channel() -> None:
    item = Item("TEA", is_active=True, on_hand=2, reserved=0, counted_at=None, offers=(offer(0),))
    settled = item.having(escrow.settle(moved(offer(0), 2, issued_at=11, live_at=12), at(14)))
    read = escrow.settle_reading(seen(settled.offers[0], 0, observed_at=10, now=15)[0], at(60))
    assert settled.having(read).free == 0


def test_units_put_back_a_while_before_a_write_count_only_as_long_as_they_may_come_late() -> None:
    late = escrow.Memory(put_back=dt.timedelta(seconds=30))
    soon = escrow.Memory(put_back=dt.timedelta(seconds=5))
    back = escrow.put_back(offer(3), 1, at(0), restocks=True)
    move = moved(back, 0, issued_at=10, live_at=11)
    assert escrow.settle(move, at(20), late).shelf.bound == 1
    assert escrow.settle(move, at(20), soon).shelf.bound == 0
    assert escrow.settle(moved(back, 0, issued_at=4, live_at=11), at(20), soon).shelf.bound == 1
