"""Where the last units of a SKU stand when the storefront asks before it sells."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inventory.domain.allocation import Limit, Policy
from inventory.domain.last_units import Stakes, best, donor_of
from inventory.domain.planning import rebalance
from inventory.domain.shelf import Shelf
from inventory.domain.stock import Item, Offer
from inventory.domain.terms import Channel, Terms

NOW = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
SHARES = {"saberstore": 40, "amazon": 40, "noon": 20}
POLICY = Policy(weights=SHARES, storefront="saberstore", buffer_percent=0)
TERMS = Terms(
    "saberstore",
    channels={"amazon": Channel(dt.timedelta(minutes=10)), "noon": Channel(dt.timedelta(seconds=90))},
    shares=SHARES,
    reclaim=True,
)
NOTHING_MISSED = (0.0, 0.0)


def stakes(*, waits: tuple[float, float] = (0.3, 0.2), call: float = 0.01, again: float = 0.95) -> Stakes:
    """Of Amazon and Noon, in this order."""
    return Stakes(own=40, shares=(40, 20), waits=waits, call=call, again=again)


def item_with(own: int, amazon: int, noon: int, *, waiting: int = 0) -> Item:
    offers = tuple(
        Offer(channel, "MUG", is_active=True, quantity=units, shelf=Shelf(bound=units))
        for channel, units in (("saberstore", own), ("amazon", amazon), ("noon", noon))
    )
    return Item("MUG", True, own + amazon + noon, 0, None, offers, waiting=waiting, changed_at=NOW)  # noqa: FBT003 - is_active


def told(item: Item, policy: Policy = POLICY, terms: Terms = TERMS) -> dict[str, int]:
    plan = rebalance(item, policy, terms, {}, NOW)
    return {target.offer.channel: target.quantity for target in plan.targets}


def test_the_last_unit_stands_where_most_buyers_come_who_cannot_wait() -> None:
    assert best(stakes(), (0, 0), 1, NOTHING_MISSED) == (1, 0)


def test_the_last_unit_stays_where_a_wait_is_short_if_a_long_wait_costs_much() -> None:
    assert best(stakes(waits=(2.0, 0.1)), (0, 1), 0, NOTHING_MISSED) == (0, 1)


def test_a_unit_is_not_moved_for_buyers_who_may_never_come() -> None:
    assert best(stakes(call=0.1), (0, 1), 0, NOTHING_MISSED) == (1, 0)
    assert best(stakes(call=0.1, again=0.3), (0, 1), 0, NOTHING_MISSED) == (0, 1)


def test_a_marketplace_is_not_emptied_while_many_buyers_come_to_it() -> None:
    assert best(stakes(), (2, 0), 0, NOTHING_MISSED) != (2, 0)
    assert best(stakes(), (2, 0), 0, (5.0, 0.0)) == (2, 0)


def test_who_waits_gets_the_unit_that_is_missed_least() -> None:
    assert donor_of(stakes(), (1, 1)) == 1
    assert donor_of(stakes(), (1, 0)) == 0


def test_there_is_no_donor_where_nothing_is_held() -> None:
    with pytest.raises(ValueError, match="empty"):
        donor_of(stakes(), (0, 0))


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    st.integers(0, 3),
    st.sampled_from([0.0, 0.02, 0.1, 0.3]),
    st.sampled_from([0.3, 0.7, 0.95]),
)
def test_what_was_moved_as_is_best_is_not_moved_again(
    held: tuple[int, int], own: int, call: float, again: float
) -> None:
    aim = best(stakes(call=call, again=again), held, own, NOTHING_MISSED)
    left = own + sum(held) - sum(aim)
    assert left >= 0
    assert best(stakes(call=call, again=again), aim, left, NOTHING_MISSED) == aim


def test_the_storefronts_last_unit_is_lent_to_a_marketplace() -> None:
    assert told(item_with(1, 0, 0)) == {"saberstore": 0, "amazon": 1}


def test_a_unit_comes_home_before_anybody_of_the_storefront_has_to_wait() -> None:
    assert told(item_with(0, 3, 1)) == {"amazon": 0}


def test_only_one_marketplace_is_lowered_for_one_who_waits() -> None:
    assert told(item_with(0, 1, 1, waiting=1)) == {"noon": 0}
    assert told(item_with(0, 1, 1, waiting=2)) == {"noon": 0, "amazon": 0}


def test_a_rule_that_limits_a_channel_is_kept_to_with_the_last_units() -> None:
    limited = Policy(weights=SHARES, storefront="saberstore", buffer_percent=0, limits={"amazon": Limit(max=0)})
    assert "amazon" not in told(item_with(1, 0, 0), limited)


def test_a_storefront_that_only_reports_keeps_its_share_of_the_last_units() -> None:
    assert told(item_with(1, 1, 0), terms=Terms("saberstore", shares=SHARES)) == {}
