import datetime as dt
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inventory.domain.ledger import apply
from inventory.domain.stock import Item, LogEntry, Movement, Reason

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
EMPTY = Item("SKU", is_active=True, on_hand=0, reserved=0, counted_at=None)


def moved(change: int, *, minutes: int = 0, reason: Reason = Reason.SALE) -> Movement:
    return Movement(f"e{minutes}", "SKU", reason, NOON + dt.timedelta(minutes=minutes), change=change)


def counted(units: int, *, minutes: int = 0) -> Movement:
    happened = NOON + dt.timedelta(minutes=minutes)
    return Movement(f"c{minutes}", "SKU", Reason.STOCKTAKE, happened, counted=units)


def test_the_opening_stock_is_a_stocktake() -> None:
    item, entry = apply(EMPTY, counted(40))
    assert (item.on_hand, item.counted_at) == (40, NOON)
    assert (entry.before, entry.change, entry.after) == (0, 40, 40)


def test_a_sale_below_zero_is_recorded() -> None:
    item, entry = apply(EMPTY, moved(-2))
    assert (item.on_hand, entry.after) == (-2, -2)


def test_a_sale_from_before_the_count_was_counted_out_already() -> None:
    item, _ = apply(EMPTY, counted(40))
    item, entry = apply(item, moved(-3, minutes=-5))
    assert (item.on_hand, entry.change) == (40, 0)


@pytest.mark.parametrize("reason", [Reason.CANCELLATION, Reason.RESTOCK, Reason.RETURN, Reason.ADJUSTMENT])
def test_what_came_back_before_the_count_was_counted_too(reason: Reason) -> None:
    item, _ = apply(EMPTY, counted(40))
    item, entry = apply(item, moved(1, minutes=-5, reason=reason))
    assert (item.on_hand, entry.change) == (40, 0)
    item, _ = apply(item, moved(1, minutes=5, reason=reason))
    assert item.on_hand == 41


def test_a_count_that_arrives_late_keeps_what_was_sold_since() -> None:
    item, _ = apply(EMPTY, counted(40))
    item, _ = apply(item, moved(-3, minutes=10))
    item, entry = apply(item, counted(38, minutes=5), moved_since_count=-3)
    assert (item.on_hand, entry.change) == (35, -2)


def test_an_outdated_count_changes_nothing() -> None:
    item, _ = apply(EMPTY, counted(40))
    item, entry = apply(item, counted(99, minutes=-1))
    assert (item.on_hand, entry.change, item.counted_at) == (40, 0, NOON)


def on_hand_after(movements: Sequence[Movement]) -> int:
    """The ledger's own arithmetic, for movements in the order in which they arrive."""
    item, entries = EMPTY, list[LogEntry]()
    for movement in movements:
        since = sum(entry.change for entry in entries if entry.movement.happened_at > movement.happened_at)
        item, entry = apply(item, movement, since)
        entries.append(entry)
    return item.on_hand


MOVES = st.lists(
    st.tuples(st.integers(-30, 30), st.integers(-9, 9), st.booleans()), max_size=9, unique_by=lambda move: move[0]
)


@given(MOVES, st.randoms(use_true_random=False))
def test_a_movement_that_was_set_aside_and_comes_late_leaves_the_same_on_hand(
    moves: list[tuple[int, int, bool]], chance: Random
) -> None:
    """However they overtake each other: what counts is when each happened."""
    in_order = [
        counted(abs(units), minutes=at) if is_count else moved(units, minutes=at, reason=Reason.ADJUSTMENT)
        for at, units, is_count in sorted(moves)
    ]
    arriving = list(in_order)
    chance.shuffle(arriving)
    assert on_hand_after(arriving) == on_hand_after(in_order)


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-30, 30), st.booleans()), max_size=40))
def test_on_hand_is_always_the_sum_of_a_log_whose_rows_join(moves: list[tuple[int, int, bool]]) -> None:
    item, total = EMPTY, 0
    for units, minutes, is_count in moves:
        movement = counted(abs(units), minutes=minutes) if is_count else moved(units, minutes=minutes)
        before = item.on_hand
        item, entry = apply(item, movement)
        total += entry.change
        assert (entry.before, entry.after) == (before, item.on_hand)
        assert item.on_hand == total
