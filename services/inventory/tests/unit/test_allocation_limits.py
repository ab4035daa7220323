"""Minimums, caps, priority and the last units, each worked out by hand."""

import dataclasses as dc

import pytest
from inventory.domain.allocation import Limit, Policy, allocate

CHANNELS = ("saberstore", "amazon", "noon")
PLAIN = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore", buffer_percent=0)


def units(available: int, policy: Policy, active: tuple[str, ...] = CHANNELS) -> tuple[int, ...]:
    return tuple(allocate(available, active, policy).units.values())


@pytest.mark.parametrize(
    ("limits", "available", "expected"),
    [
        ({"noon": Limit(max=5)}, 100, (44, 51, 5)),  # 95 left: 43.8 / 51.2
        ({"noon": Limit(max=5), "amazon": Limit(max=10)}, 100, (85, 10, 5)),
        ({"noon": Limit(min=50)}, 100, (23, 27, 50)),  # 50 left: 23.1 / 26.9
        ({"noon": Limit(min=50)}, 20, (0, 0, 20)),
        ({"amazon": Limit(fixed=10)}, 100, (42, 10, 48)),  # 90 left: 41.5 / 48.5; a tie, the storefront is named first
        ({"amazon": Limit(fixed=0)}, 13, (6, 0, 7)),
        ({"amazon": Limit(min=6), "noon": Limit(min=6)}, 10, (0, 6, 4)),  # too few for both: in the order of priority
        ({"amazon": Limit(min=8), "noon": Limit(max=1)}, 10, (1, 8, 1)),
        ({"amazon": Limit(max=4, fixed=9)}, 100, (44, 4, 52)),  # the lowest cap wins
        ({"amazon": Limit(min=9, max=4)}, 100, (44, 4, 52)),
    ],
)
def test_what_a_channel_may_not_show_is_shared_again(
    limits: dict[str, Limit], available: int, expected: tuple[int, ...]
) -> None:
    assert units(available, dc.replace(PLAIN, limits=limits)) == expected


def test_a_marketplace_cap_holds_for_each_marketplace_and_not_for_the_storefront() -> None:
    policy = dc.replace(PLAIN, marketplace_cap=10, limits={"noon": Limit(max=3), "amazon": Limit(min=20)})
    assert units(100, policy) == (87, 10, 3)


def test_when_everybody_is_capped_the_storefront_takes_the_rest_even_without_a_weight() -> None:
    policy = dc.replace(PLAIN, weights={"saberstore": 0, "amazon": 50, "noon": 50}, marketplace_cap=10)
    assert units(50, policy) == (30, 10, 10)
    assert allocate(50, CHANNELS, policy).steps[-1].name == "surplus"


@pytest.mark.parametrize("active", [("amazon", "noon"), CHANNELS])
def test_what_nobody_may_show_stays_unallocated_and_is_stated(active: tuple[str, ...]) -> None:
    limits = {"saberstore": Limit(max=7)} if "saberstore" in active else {}
    allocation = allocate(50, active, dc.replace(PLAIN, marketplace_cap=10, limits=limits))
    assert allocation.unallocated == 50 - sum(allocation.units.values()) > 0
    assert allocation.steps[-1].figures == {"unallocated": allocation.unallocated}


def test_priority_decides_ties_and_who_is_served_first() -> None:
    policy = dc.replace(PLAIN, priority=("noon", "amazon"))
    assert units(1, policy) == (0, 0, 1)
    assert units(10, dc.replace(policy, limits={"amazon": Limit(min=6), "noon": Limit(min=6)})) == (0, 4, 6)


@pytest.mark.parametrize(
    ("active", "policy", "expected"),
    [
        (CHANNELS, PLAIN, (0, 0, 2)),
        (("saberstore", "amazon"), PLAIN, (2, 0, 0)),  # its channel is not active: the next by priority
        (("saberstore", "amazon"), dc.replace(PLAIN, priority=("amazon",)), (0, 2, 0)),
        (CHANNELS, dc.replace(PLAIN, limits={"noon": Limit(max=1)}), (2, 0, 0)),  # it may not show both
        (CHANNELS, dc.replace(PLAIN, limits=dict.fromkeys(CHANNELS, Limit(max=1))), (0, 1, 1)),  # nobody may
        ((), PLAIN, (0, 0, 0)),
    ],
)
def test_the_last_units_fall_to_the_next_one_that_may_show_them(
    active: tuple[str, ...], policy: Policy, expected: tuple[int, ...]
) -> None:
    assert units(2, dc.replace(policy, last_units=2, last_units_channel="noon"), active) == expected


def test_the_buffer_never_hides_the_last_units() -> None:
    policy = dc.replace(PLAIN, buffer_percent=50, buffer_units=3, last_units=4, last_units_channel="amazon")
    assert [allocate(available, CHANNELS, policy).sellable for available in range(16)] == [
        *(0, 1, 2, 3, 4, 4, 4, 4),
        *(4, 4, 4, 4, 4, 4, 4, 5),
    ]
    assert [sum(units(available, policy)) for available in range(5)] == [0, 1, 2, 3, 4]


def test_a_step_stays_as_it_was_when_later_steps_give_more() -> None:
    limits = {"saberstore": Limit(min=1), "noon": Limit(min=1)}
    policy = dc.replace(PLAIN, weights={"saberstore": 0, "amazon": 1, "noon": 1}, limits=limits)
    given = [(step.name, dict(step.figures)) for step in allocate(2, CHANNELS, policy).steps[2:]]
    assert given == [("minimum", {"saberstore": 1}), ("minimum", {"noon": 1}), ("share", {"amazon": 0})]
