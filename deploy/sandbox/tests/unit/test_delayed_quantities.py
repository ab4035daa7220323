from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sandbox.fault_settings import FaultSettings
from sandbox.faults import Faults
from sandbox.listing import Write
from sandbox.store import ConflictError, Store
from sandbox.testing.manual_clock import ManualClock

Sign = Callable[..., dict[str, Any]]
SECOND = timedelta(seconds=1)
EGYPT = "ARBP9OOSHTCHU"


@pytest.fixture
def store(clock: ManualClock) -> Store:
    store = Store(clock, str, restocks_on_cancel=True)
    store.put_listing("A", 5)
    return store


def test_accepted_write_is_live_only_after_its_delay(store: Store, clock: ManualClock) -> None:
    store.submit("A", Write(9, Decimal(120)), 2 * SECOND)
    listing = store.listing("A")
    assert (listing.quantity, listing.quantity_set) == (5, 9)
    assert (listing.price, listing.price_set) == (Decimal(100), Decimal(120))
    clock.advance(seconds=2)
    listing = store.listing("A")
    assert (listing.quantity, listing.price, listing.on_their_way) == (9, Decimal(120), 0)


def test_write_never_overtakes_an_earlier_one_of_its_listing(store: Store, clock: ManualClock) -> None:
    store.submit("A", Write(9), 3 * SECOND)
    store.submit("A", Write(1), SECOND)
    store.submit("A", Write(4))
    clock.advance(seconds=2)
    assert (store.listing("A").quantity, store.listing("A").on_their_way) == (5, 3)
    clock.advance(seconds=1)
    assert (store.listing("A").quantity, store.listing("A").on_their_way) == (4, 0)


def test_write_of_one_listing_does_not_wait_for_another_listing(store: Store) -> None:
    store.put_listing("B", 1)
    store.submit("A", Write(9), 3 * SECOND)
    store.submit("B", Write(7))
    assert (store.listing("A").quantity, store.listing("B").quantity) == (5, 7)


def test_sale_lowers_what_is_live_and_a_write_on_its_way_hides_it(store: Store, clock: ManualClock) -> None:
    store.submit("A", Write(9), 2 * SECOND)
    with pytest.raises(ConflictError, match="5 on sale, 6 were ordered"):
        store.place("A", 6)
    order = store.place("A", 3)
    assert store.listing("A").quantity == 2
    clock.advance(seconds=2)
    assert store.listing("A").quantity == 9
    store.cancel(order.external_order_id)
    assert store.listing("A").quantity == 12


def test_sale_after_the_moment_of_a_write_comes_out_of_the_new_quantity(store: Store, clock: ManualClock) -> None:
    store.submit("A", Write(9), 2 * SECOND)
    clock.advance(seconds=2)
    store.place("A", 6)
    assert store.listing("A").quantity == 3


def test_hand_edit_shows_at_once_and_a_write_on_its_way_overwrites_it(store: Store, clock: ManualClock) -> None:
    store.submit("A", Write(9), 2 * SECOND)
    assert store.overwrite("A", 50).quantity == 50
    clock.advance(seconds=2)
    assert store.listing("A").quantity == 9


def test_listing_put_anew_drops_what_was_on_its_way(store: Store, clock: ManualClock) -> None:
    store.submit("A", Write(9), 2 * SECOND)
    store.put_listing("A", 7)
    clock.advance(seconds=5)
    assert store.listing("A").quantity == 7


def test_delays_lie_in_their_range_and_shrink_with_the_time_scale(clock: ManualClock) -> None:
    faults = Faults(clock, seed=1)
    faults.put(FaultSettings(live_delay_s=(10, 20), order_lag_s=30, time_scale=10))
    delays = [faults.live_delay() for _ in range(100)]
    assert SECOND <= min(delays) < max(delays) <= 2 * SECOND
    assert faults.settings.order_lag == 3 * SECOND


async def test_amazon_shows_the_submitted_quantity_apart_from_the_live_one(
    amazon: httpx.AsyncClient, clock: ManualClock
) -> None:
    path = f"/listings/2021-08-01/items/SELLER1/A?marketplaceIds={EGYPT}"
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": 9}]
    patch = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": value}

    async def shown() -> tuple[int, int, int]:
        answer = (await amazon.get(f"{path}&includedData=attributes,fulfillmentAvailability")).json()
        state = (await amazon.get("/_sandbox/state")).json()
        submitted = answer["attributes"]["fulfillment_availability"][0]["quantity"]
        assert state["listings"]["A"]["quantity"] == answer["fulfillmentAvailability"][0]["quantity"]
        return submitted, state["listings"]["A"]["quantity"], state["on_their_way"]

    await amazon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 5})
    await amazon.put("/_sandbox/faults", json={"live_delay_s": [600, 600], "time_scale": 60})
    accepted = await amazon.patch(path, json={"productType": "PRODUCT", "patches": [patch]})
    assert accepted.json()["status"] == "ACCEPTED"
    assert await shown() == (9, 5, 1)
    clock.advance(seconds=10)
    assert await shown() == (9, 9, 0)


async def test_noons_update_is_delayed_too(noon: httpx.AsyncClient, signed: Sign, clock: ManualClock) -> None:
    await noon.post("/_sandbox/listings", json={"external_sku": "A", "quantity": 5})
    await noon.put("/_sandbox/faults", json={"live_delay_s": [1, 1]})
    assert (await noon.post("/inventory/update", json=signed(sku="A", quantity=9))).status_code == 200
    assert (await noon.get("/_sandbox/state")).json()["listings"] == {"A": {"quantity": 5}}
    clock.advance(seconds=1)
    assert (await noon.get("/_sandbox/state")).json()["listings"] == {"A": {"quantity": 9}}
