"""The measured allowance: enough for a rare tail, never more than the bound."""

import datetime as dt

import pytest
from inventory.domain.escrow import quantile
from inventory.domain.measured import Lags, measured
from inventory.domain.shelf import Recent, Shelf
from inventory.domain.stock import Item, Offer
from inventory.domain.terms import Channel, Terms

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
TERMS = Terms(
    "saberstore",
    channels={"amazon": Channel(dt.timedelta(minutes=10)), "saberstore": Channel(dt.timedelta(0))},
    shares={"saberstore": 40, "amazon": 40, "noon": 20},
)


def allowance(offer: Offer, lags: Lags | None = None, own: float = 0.0) -> int:
    storefront = Offer("saberstore", "MUG", is_active=True, shelf=Shelf(recent=Recent(own, NOW)))
    item = Item("MUG", is_active=True, on_hand=100, reserved=0, counted_at=None, offers=(storefront, offer))
    return measured(TERMS, 0.001, lags).allowance(item, offer, NOW)


def amazon(bound: int, recent: float = 0.0) -> Offer:
    return Offer("amazon", "MUG", is_active=True, shelf=Shelf(bound=bound, recent=Recent(recent, NOW)))


def test_a_channel_that_sells_nothing_may_still_sell_one() -> None:
    assert allowance(amazon(50)) == 1


def test_it_grows_with_the_pace_and_is_a_high_quantile_of_it() -> None:
    slow, fast = allowance(amazon(500, 5.0)), allowance(amazon(500, 50.0))
    assert 5.0 * 2 * 0.69 < slow < fast < 500


def test_the_storefronts_sales_tell_of_the_others_before_their_orders_are_seen() -> None:
    assert allowance(amazon(500), own=40.0) > 20


@pytest.mark.parametrize("bound", [0, 1, 7])
def test_it_is_never_more_than_the_bound(bound: int) -> None:
    assert allowance(amazon(bound, 1000.0)) == bound


def test_without_any_lag_nothing_sells_unseen() -> None:
    storefront = Offer("saberstore", "MUG", is_active=True, shelf=Shelf(bound=9, recent=Recent(5.0, NOW)))
    item = Item("MUG", is_active=True, on_hand=9, reserved=0, counted_at=None, offers=(storefront,))
    assert measured(TERMS, 0.001).allowance(item, storefront, NOW) == 0


def test_a_measured_lag_takes_the_place_of_the_usual_one() -> None:
    lags = Lags()
    for seconds in range(40, 60):
        lags.went_live(amazon(9), NOW, NOW + dt.timedelta(seconds=seconds))
    assert lags(amazon(9)) is None
    lags.saw_orders_until("amazon", NOW - dt.timedelta(seconds=10), NOW, 30)
    assert lags(amazon(9)) == dt.timedelta(seconds=59 + 10 + 30)
    assert allowance(amazon(500, 20.0), lags) < allowance(amazon(500, 20.0))


def test_a_sku_that_was_slower_than_its_channel_counts_with_its_own_lag() -> None:
    lags = Lags()
    slow = Offer("amazon", "SLOW", is_active=True)
    lags.went_live(slow, NOW, NOW + dt.timedelta(seconds=900))
    for _ in range(300):
        lags.went_live(amazon(9), NOW, NOW + dt.timedelta(seconds=50))
    lags.saw_orders_until("amazon", NOW, NOW, 0)
    assert lags(amazon(9)) == dt.timedelta(seconds=50)
    assert lags(slow) == dt.timedelta(seconds=900)


@pytest.mark.parametrize("mean", [0.01, 0.5, 3.0, 40.0])
def test_a_quantile_is_exceeded_only_as_often_as_its_tail(mean: float) -> None:
    assert quantile(mean, 0.001) >= quantile(mean, 0.01) >= mean // 1
