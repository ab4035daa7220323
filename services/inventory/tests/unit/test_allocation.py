import dataclasses as dc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inventory.domain.allocation import Mode, Policy, allocate
from inventory.domain.sharing import largest_remainder

CHANNELS = ("saberstore", "amazon", "noon")
DEFAULT = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore")
GUIDE = dc.replace(DEFAULT, mode=Mode.GUIDE)


@pytest.mark.parametrize(("available", "units"), [(100, (30, 35, 35)), (10, (3, 3, 4)), (7, (2, 2, 3)), (1, (0, 0, 1))])
def test_guide_mode_is_the_guides_arithmetic(available: int, units: tuple[int, ...]) -> None:
    assert tuple(allocate(available, CHANNELS, GUIDE).units.values()) == units


@pytest.mark.parametrize(
    ("available", "units"),
    [
        (100, (29, 33, 33)),  # 5 kept back; 95 split 28.5 / 33.25 / 33.25, the largest remainder gets the last unit
        (20, (6, 7, 6)),  # 1 kept back; 19 split 5.7 / 6.65 / 6.65, two units left: storefront, then Amazon by order
        (1, (0, 1, 0)),  # 5 % of one unit is none; Amazon and Noon tie, the channels' order decides
        (0, (0, 0, 0)),
        (-3, (0, 0, 0)),
    ],
)
def test_default_mode_by_hand(available: int, units: tuple[int, ...]) -> None:
    assert tuple(allocate(available, CHANNELS, DEFAULT).units.values()) == units


@pytest.mark.parametrize("policy", [DEFAULT, GUIDE])
@pytest.mark.parametrize("active", [CHANNELS, ("saberstore", "noon"), ("amazon", "noon"), ("noon",), ("saberstore",)])
def test_every_sellable_unit_is_offered_somewhere(policy: Policy, active: tuple[str, ...]) -> None:
    for available in range(201):
        allocation = allocate(available, active, policy)
        assert sum(allocation.units.values()) == allocation.sellable
        assert allocation.sellable + allocation.buffer == available
        assert all(allocation.units[channel] == 0 for channel in CHANNELS if channel not in active)


@pytest.mark.parametrize("policy", [DEFAULT, GUIDE])
def test_without_an_active_channel_nothing_is_offered(policy: Policy) -> None:
    assert set(allocate(50, (), policy).units.values()) == {0}


def test_the_last_units_go_to_one_channel() -> None:
    policy = dc.replace(DEFAULT, last_units=2, last_units_channel="noon")
    assert allocate(2, CHANNELS, policy).units == {"saberstore": 0, "amazon": 0, "noon": 2}
    assert allocate(3, CHANNELS, policy).units == {"saberstore": 1, "amazon": 1, "noon": 1}
    assert allocate(2, ("saberstore", "amazon"), policy).units["noon"] == 0


def test_a_fixed_buffer_is_kept_back_too() -> None:
    allocation = allocate(10, CHANNELS, dc.replace(DEFAULT, buffer_units=4))
    assert (allocation.sellable, allocation.buffer) == (6, 4)
    assert allocate(3, CHANNELS, dc.replace(DEFAULT, buffer_units=4)).sellable == 0


@given(
    units=st.integers(0, 10**9),
    weights=st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 1000), min_size=1, max_size=8),
)
def test_largest_remainder_loses_no_unit_and_strays_less_than_one(units: int, weights: dict[str, int]) -> None:
    parts = largest_remainder(units, weights)
    assert sum(parts.values()) == units
    total = sum(weights.values())
    if total:
        for name, weight in weights.items():
            assert abs(parts[name] * total - units * weight) < total


@given(available=st.integers(-(10**6), 10**6), active=st.sets(st.sampled_from(CHANNELS)), mode=st.sampled_from(Mode))
def test_allocation_is_total_and_never_offers_more_than_there_is(available: int, active: set[str], mode: Mode) -> None:
    allocation = allocate(available, sorted(active), dc.replace(DEFAULT, mode=mode))
    assert all(units >= 0 for units in allocation.units.values())
    assert sum(allocation.units.values()) <= max(available, 0)
