import pytest
from sandbox.listing import Write
from sandbox.store import ConflictError, NotFoundError, Status, Store
from sandbox.testing.manual_clock import ManualClock


def store_with(quantity: int, *, restocks: bool = False) -> Store:
    store = Store(ManualClock(), lambda number: f"O-{number}", restocks_on_cancel=restocks)
    store.put_listing("A", quantity)
    return store


def test_sale_takes_its_units_off_sale() -> None:
    store = store_with(5)
    order = store.place("A", 2)
    assert (order.external_order_id, order.status, store.listing("A").quantity) == ("O-1", Status.UNSHIPPED, 3)
    assert store.listing("A").quantity_set == 5


def test_sale_of_more_than_is_there_changes_nothing() -> None:
    store = store_with(1)
    with pytest.raises(ConflictError, match="1 on sale, 2 were ordered"):
        store.place("A", 2)
    assert store.listing("A").quantity == 1
    assert list(store.orders()) == []


def test_unknown_sku_and_order_are_not_found() -> None:
    store = store_with(1)
    with pytest.raises(NotFoundError):
        store.place("B", 1)
    with pytest.raises(NotFoundError):
        store.submit("B", Write(1))
    with pytest.raises(NotFoundError):
        store.cancel("O-1")


def test_written_quantity_overwrites_what_sales_left() -> None:
    store = store_with(5)
    store.place("A", 2)
    store.submit("A", Write(5))
    assert store.listing("A").quantity == 5


@pytest.mark.parametrize(("restocks", "left"), [(True, 5), (False, 2)])
def test_cancelled_units_return_only_where_the_marketplace_restocks(*, restocks: bool, left: int) -> None:
    store = store_with(5, restocks=restocks)
    store.place("A", 3)
    assert store.cancel("O-1").status is Status.CANCELLED
    assert store.listing("A").quantity == left


def test_partial_cancellation_leaves_the_rest_open() -> None:
    store = store_with(5, restocks=True)
    order = store.place("A", 3)
    store.cancel("O-1", 1)
    assert (order.status, order.open, order.cancelled, store.listing("A").quantity) == (Status.UNSHIPPED, 2, 1, 3)
    store.cancel("O-1")
    assert order.status is Status.CANCELLED


def test_units_beyond_the_open_ones_cannot_be_cancelled_or_shipped() -> None:
    store = store_with(5)
    store.place("A", 3)
    assert store.ship("O-1", 2).status is Status.PARTIALLY_SHIPPED
    with pytest.raises(ConflictError):
        store.cancel("O-1", 2)
    assert store.cancel("O-1", 1).status is Status.SHIPPED
    with pytest.raises(ConflictError):
        store.cancel("O-1")
    with pytest.raises(ConflictError):
        store.ship("O-1")


@pytest.mark.parametrize("status", [Status.PENDING, Status.UNSHIPPED, Status.SHIPPED, Status.CANCELLED])
def test_order_can_be_placed_in_a_status(status: Status) -> None:
    assert store_with(5).place("A", 1, status).status is status


def test_time_never_goes_back() -> None:
    clock = ManualClock()
    store = Store(clock, str, restocks_on_cancel=False)
    before = store.now()
    clock.advance(seconds=-10)
    assert store.now() == before


def test_cleared_store_gives_no_order_id_twice() -> None:
    store = store_with(5)
    store.place("A", 1)
    store.clear()
    store.put_listing("A", 5)
    assert store.place("A", 1).external_order_id == "O-2"
