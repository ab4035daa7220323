"""Left alone, every channel comes to hold its plain allocation, in finitely many steps."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inventory.domain.allocation import allocate
from inventory.testing import channel_events as events
from inventory.testing.obedience import obey
from inventory.testing.simulated_shop import MARKETPLACES, POLICY, TERMS, SimulatedShop

pytestmark = pytest.mark.timeout(400)
ROUNDS = 30
"""Each channel may have to be told zero and then its quantity, one after the other, each within a few rounds."""


def live_a_while(shop: SimulatedShop, chance: random.Random, steps: int) -> None:
    """Sales, refusals, unknown outcomes and cancellations; much stays on its way."""
    for _ in range(steps):
        name = chance.choice(tuple(POLICY.weights))
        channel = shop.channels[name]
        what = chance.choice(("buy", "buy", "obey", "wait", "restock", "time out", "refuse", "cancel"))
        if what == "buy" and channel.shown:
            shop.buy(name)
        elif what == "obey":
            obey(shop)
        elif what == "wait":
            shop.pass_time(chance.choice((1, 30, 600)))
        elif what == "restock":
            shop.restock(chance.randint(1, 5))
        elif name in MARKETPLACES:
            disobey(shop, name, what, chance)


def disobey(shop: SimulatedShop, name: str, what: str, chance: random.Random) -> None:
    channel, coin = shop.channels[name], chance.random() < 0.5
    if what == "time out" and channel.told:
        shop.channels[name] = events.time_out(channel, 0, reached=coin)
    elif what == "refuse" and channel.told:
        shop.channels[name] = events.refuse(channel, 0)
    elif what == "cancel" and channel.open_orders:
        shop.channels[name] = events.cancel_known(channel, restocks=coin)


def bounds(shop: SimulatedShop) -> dict[str, int]:
    return {name: channel.offer.shelf.bound for name, channel in shop.channels.items()}


@settings(max_examples=200, deadline=None)
@given(units=st.integers(0, 40), steps=st.integers(0, 60), seed=st.integers(0, 2**32))
def test_a_shop_left_alone_comes_to_its_plain_allocation_and_stays_there(units: int, steps: int, seed: int) -> None:
    shop = SimulatedShop(units)
    live_a_while(shop, random.Random(seed), steps)  # noqa: S311 - repeatable, nothing secret
    obey(shop)
    shop.pass_time(int(TERMS.converge_after.total_seconds()))
    for _ in range(ROUNDS):
        obey(shop)
    plain = allocate(shop.item.available, tuple(POLICY.weights), POLICY).units
    assert bounds(shop) == plain
    assert shop.broken() is None
    told = shop.targets
    for _ in range(ROUNDS):
        obey(shop)
    assert shop.targets == told


@settings(max_examples=100, deadline=None)
@given(units=st.integers(0, 40), steps=st.integers(0, 60), seed=st.integers(0, 2**32))
def test_no_move_goes_on_for_ever(units: int, steps: int, seed: int) -> None:
    shop = SimulatedShop(units)
    live_a_while(shop, random.Random(seed), steps)  # noqa: S311 - repeatable, nothing secret
    before = shop.targets
    for _ in range(2 * ROUNDS):
        obey(shop)
    assert shop.targets - before <= 4 * len(POLICY.weights)
    assert all(not channel.offer.shelf.moves for channel in shop.channels.values())
