import datetime as dt

from hypothesis import given
from hypothesis import strategies as st
from inventory.adapters import shelf_codec
from inventory.domain.shelf import Cancellable, Move, Order, Reading, Recent, Shelf
from inventory.domain.stock import Offer

SINCE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MOMENTS = st.timedeltas(dt.timedelta(days=-999), dt.timedelta(days=9999)).map(lambda passed: SINCE + passed)
UNITS = st.integers(0, 10**6)
ORDERS = st.lists(st.builds(Order, MOMENTS, UNITS), max_size=3).map(tuple)
MOVES = st.builds(
    Move, st.integers(1, 99), UNITS, UNITS, MOMENTS, st.none() | MOMENTS, st.none() | MOMENTS, st.booleans()
)
SHELVES = st.builds(
    Shelf,
    bound=UNITS,
    is_read=st.booleans(),
    is_readable=st.booleans(),
    moves=st.lists(MOVES, max_size=2).map(tuple),
    orders=ORDERS,
    put_backs=ORDERS,
    reading=st.none() | st.builds(Reading, UNITS, MOMENTS, MOMENTS, st.booleans(), st.booleans()),
    retry_at=st.none() | MOMENTS,
    failures=st.integers(0, 9),
    needs_reading=st.booleans(),
    strange_since=st.none() | MOMENTS,
    seen_at=st.none() | MOMENTS,
    recent=st.just(Recent()) | st.builds(Recent, st.integers(0, 99).map(float), MOMENTS),
    cancellable=st.just(Cancellable()) | st.builds(Cancellable, UNITS, UNITS, MOMENTS),
)


@given(SHELVES, SHELVES)
def test_what_was_kept_is_read_as_it_was(one: Shelf, other: Shelf) -> None:
    offers = [Offer("amazon", "x", is_active=True, shelf=one), Offer("noon", "y", is_active=True, shelf=other)]
    bounds, escrow = shelf_codec.encode(offers)
    assert shelf_codec.decode(bounds=bounds, escrow=escrow) == {"amazon": one, "noon": other}


def test_what_is_settled_takes_no_room_beside_its_bound() -> None:
    assert shelf_codec.encode([Offer("noon", "x", is_active=True, shelf=Shelf(7))]) == ('{"noon":7}', None)


def test_nothing_kept_is_nothing_looked_at() -> None:
    assert shelf_codec.decode(bounds=None, escrow=None) == {}
