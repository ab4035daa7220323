import dataclasses as dc

from hypothesis import given
from hypothesis import strategies as st
from inventory.domain.demand import SCALE, GuardRails, Sold, weigh

FIXED = {"saberstore": 30, "amazon": 35, "noon": 35}
RAILS = GuardRails()
AT_ONCE = dc.replace(RAILS, largest_step=SCALE)


def settled(sold: list[Sold], rails: GuardRails = AT_ONCE) -> dict[str, int]:
    return dict(weigh(sold, FIXED, None, rails).weights)


def test_with_too_few_sales_the_fixed_weights_hold() -> None:
    assert settled([Sold("noon", 0, 9)]) == {"saberstore": 300, "amazon": 350, "noon": 350}
    assert settled([]) == settled([Sold("ebay", 0, 50)]) == {"saberstore": 300, "amazon": 350, "noon": 350}


def test_with_enough_sales_weights_are_their_shares() -> None:
    sold = [Sold("saberstore", 0, 20), Sold("amazon", 0, 50), Sold("noon", 0, 30)]
    assert settled(sold) == {"saberstore": 200, "amazon": 500, "noon": 300}


def test_an_old_sale_counts_half_after_a_half_life_and_nothing_after_the_window() -> None:
    sold = [Sold("saberstore", 7, 40), Sold("amazon", 14, 80), Sold("noon", 0, 40), Sold("noon", 28, 900)]
    assert settled(sold) == {"saberstore": 250, "amazon": 250, "noon": 500}
    assert weigh([Sold("noon", 3, 100)], FIXED, None, RAILS).counted == 78  # 100 x (14 - 3) / 14


def test_cancellations_take_sales_back() -> None:
    sold = [Sold("amazon", 0, 40), Sold("amazon", 0, -20), Sold("noon", 0, 20), Sold("saberstore", 0, -5)]
    assert settled(sold) == {"saberstore": 100, "amazon": 450, "noon": 450}


def test_nobody_falls_below_the_floor_nor_rises_above_the_ceiling() -> None:
    assert settled([Sold("noon", 0, 100)]) == {"saberstore": 138, "amazon": 162, "noon": 700}
    assert settled([Sold("noon", 0, 100)], dc.replace(AT_ONCE, ceiling=900, floor=150)) == {
        "saberstore": 150,
        "amazon": 150,
        "noon": 700,
    }


def test_one_step_is_never_larger_than_allowed_and_steps_arrive() -> None:
    sold = [Sold("amazon", 0, 100), Sold("noon", 0, 100)]
    first = weigh(sold, FIXED, None, RAILS)
    assert first.weights == {"saberstore": 250, "amazon": 375, "noon": 375}
    weights = dict(first.weights)
    for _ in range(4):
        weights = dict(weigh(sold, FIXED, weights, RAILS).weights)
    assert weights == first.aim == {"saberstore": 100, "amazon": 450, "noon": 450}


def test_when_sales_dry_up_the_weights_go_back_in_steps() -> None:
    again = weigh([], FIXED, {"saberstore": 100, "amazon": 450, "noon": 450}, RAILS)
    assert again.weights == {"saberstore": 150, "amazon": 425, "noon": 425}
    assert "towards the fixed weights" in again.words


names = st.sampled_from(["saberstore", "amazon", "noon", "ebay"])
sales = st.lists(st.builds(Sold, names, st.integers(-1, 40), st.integers(-20, 200)), max_size=12)
thousandths = st.integers(0, SCALE)
rails = st.builds(
    GuardRails,
    window_days=st.integers(1, 40),
    half_life_days=st.integers(1, 20),
    enough_units=st.integers(0, 50),
    floor=thousandths,
    ceiling=thousandths,
    largest_step=thousandths,
)
weights = st.fixed_dictionaries({name: st.integers(0, 100) for name in FIXED})


@given(sales, weights, st.none() | weights, rails)
def test_weights_always_add_up_and_keep_to_the_step(
    sold: list[Sold], fixed: dict[str, int], previous: dict[str, int] | None, guard: GuardRails
) -> None:
    last = fixed if previous is None else {name: previous[name] for name in fixed}
    before = weigh([], last, None, dc.replace(guard, largest_step=0)).weights
    found = weigh(sold, fixed, previous, guard)
    assert sum(found.weights.values()) == sum(found.aim.values()) == SCALE
    assert all(abs(weight - before[name]) <= guard.largest_step for name, weight in found.weights.items())
    assert all(min(before[n], found.aim[n]) <= w <= max(before[n], found.aim[n]) for n, w in found.weights.items())
    assert weigh(list(reversed(sold)), fixed, previous, guard) == found


@given(sales, weights, rails)
def test_a_constant_world_comes_to_rest_at_its_aim(sold: list[Sold], fixed: dict[str, int], guard: GuardRails) -> None:
    guard = dc.replace(guard, largest_step=max(guard.largest_step, 50))
    found = weigh(sold, fixed, None, guard)
    for _ in range(2 * SCALE // 50):
        found = weigh(sold, fixed, found.weights, guard)
    assert found.weights == found.aim
