"""What holds for every stock, every set of active channels and every policy."""

import itertools
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from inventory.domain.allocation import Limit, Mode, Policy, allocate
from inventory.domain.sharing import GIVING

CHANNELS = ("saberstore", "amazon", "noon", "fourth")
DEFAULT = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore")
few = st.none() | st.integers(0, 20)
limits = st.builds(Limit, min=st.integers(0, 20), max=few, fixed=few)
stocks = st.integers(-5, 300)
actives = st.sets(st.sampled_from(CHANNELS)).map(sorted)


def policies(*, least_weight: int = 0, last_units: int = 6, is_limited: bool = True) -> st.SearchStrategy[Policy]:
    return st.builds(
        Policy,
        weights=st.fixed_dictionaries(dict.fromkeys(CHANNELS, st.integers(least_weight, 100))),
        storefront=st.just("saberstore"),
        buffer_percent=st.integers(0, 100),
        buffer_units=st.integers(0, 6),
        last_units=st.integers(0, last_units),
        last_units_channel=st.none() | st.sampled_from(CHANNELS),
        limits=st.dictionaries(st.sampled_from(CHANNELS), limits) if is_limited else st.just({}),
        marketplace_cap=few if is_limited else st.none(),
        priority=st.lists(st.sampled_from(CHANNELS), unique=True).map(tuple),
        mode=st.sampled_from(Mode),
    )


def cap(channel: str, policy: Policy) -> int | None:
    limit = policy.limits.get(channel, Limit())
    shared = None if channel == policy.storefront else policy.marketplace_cap
    return min((most for most in (limit.max, limit.fixed, shared) if most is not None), default=None)


def test_every_sellable_unit_is_offered_somewhere_at_every_stock_level_from_0_to_200_under_the_default_rule() -> None:
    for size in (1, 2, 3):
        for active in itertools.combinations(DEFAULT.weights, size):
            for available in range(201):
                allocation = allocate(available, active, DEFAULT)
                assert sum(allocation.units.values()) == allocation.sellable == available - available * 5 // 100
                assert allocation.unallocated == 0
                assert available == 0 or max(allocation.units.values()) > 0


@given(stocks, actives, policies())
def test_the_sums_are_right_and_the_inactive_get_nothing(available: int, active: list[str], policy: Policy) -> None:
    allocation = allocate(available, active, policy)
    assert list(allocation.units) == list(policy.weights)
    assert min(*allocation.units.values(), allocation.buffer, allocation.sellable, allocation.unallocated) >= 0
    assert sum(allocation.units.values()) + allocation.unallocated == allocation.sellable
    assert allocation.sellable + allocation.buffer == max(available, 0)
    assert all(units == 0 for channel, units in allocation.units.items() if channel not in active)


@given(stocks, actives, policies())
def test_caps_are_kept_and_units_stay_behind_only_when_nobody_may_show_them(
    available: int, active: list[str], policy: Policy
) -> None:
    allocation = allocate(available, active, policy)
    if policy.mode is Mode.GUIDE:
        assert allocation.unallocated == 0 or not active
        return
    room = {channel: cap(channel, policy) for channel in active}
    assert all(most is None or allocation.units[channel] <= most for channel, most in room.items())
    if allocation.unallocated:
        sharers = [channel for channel in active if policy.weights[channel]] or active
        assert all(allocation.units[channel] == room[channel] for channel in sharers)
        assert "saberstore" not in active or room["saberstore"] is not None


@given(stocks, actives, policies(last_units=0))
def test_minimums_are_kept_where_there_is_enough(available: int, active: list[str], policy: Policy) -> None:
    allocation = allocate(available, active, policy)
    lows = {}
    for channel in active:
        limit, most = policy.limits.get(channel, Limit()), cap(channel, policy)
        low = limit.min if limit.fixed is None else limit.fixed
        lows[channel] = low if most is None else min(low, most)
    if policy.mode is Mode.DEFAULT and sum(lows.values()) <= allocation.sellable:
        assert all(allocation.units[channel] >= low for channel, low in lows.items())


@given(stocks, actives, policies(least_weight=1))
def test_more_stock_never_means_fewer_units_on_offer(available: int, active: list[str], policy: Policy) -> None:
    less, more = (allocate(stock, active, policy) for stock in (available, available + 1))
    assert less.sellable <= more.sellable <= less.sellable + 1
    assert sum(less.units.values()) <= sum(more.units.values())


@given(stocks, actives, policies(last_units=0, is_limited=False))
def test_one_unit_more_takes_at_most_one_from_any_channel(available: int, active: list[str], policy: Policy) -> None:
    less, more = (allocate(stock, active, policy).units for stock in (available, available + 1))
    assert all(more[channel] >= less[channel] - 1 for channel in CHANNELS)


@given(stocks, actives, policies())
def test_the_lines_of_arithmetic_add_up_to_the_allocation(available: int, active: list[str], policy: Policy) -> None:
    allocation = allocate(available, active, policy)
    added: Counter[str] = Counter()
    for step in allocation.steps:
        if step.name in GIVING:
            added.update(step.figures)
    assert {channel: added[channel] for channel in policy.weights} == allocation.units
    assert all(step.words for step in allocation.steps)
    assert allocation.steps[0].figures == {"available": available}
