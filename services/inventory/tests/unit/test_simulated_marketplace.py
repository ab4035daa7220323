"""A simulated marketplace: writes go live late and in order, orders are seen late."""

import random

from inventory.simulation.marketplace import Manners, Marketplace

SLOW = Manners(live=(30, 300), visible=120, poll=180, ceiling=600)


def market(seed: int = 1) -> Marketplace:
    return Marketplace(SLOW, random.Random(seed))  # noqa: S311 - a repeatable simulation, nothing secret


def test_a_write_is_live_after_its_time_and_not_before() -> None:
    amazon = market()
    amazon.write("MUG", 5, at=0)
    assert amazon.shown("MUG", 29) == 0
    assert amazon.shown("MUG", 300) == 5
    assert (amazon.calls, amazon.reads) == (1, 0)


def test_writes_to_a_listing_go_live_in_their_order() -> None:
    for seed in range(50):
        amazon = market(seed)
        for quantity in range(1, 6):
            amazon.write("MUG", quantity, at=quantity)
        seen = [amazon.shown("MUG", at) for at in range(400)]
        assert seen == sorted(seen)
        assert seen[-1] == 5


def test_a_purchase_takes_a_unit_and_nobody_buys_what_is_not_shown() -> None:
    amazon = market()
    amazon.write("MUG", 1, at=0)
    assert [amazon.buy("MUG", at) for at in (1, 301, 302)] == [False, True, False]


def test_a_write_overwrites_what_was_sold_meanwhile() -> None:
    amazon = market()
    amazon.write("MUG", 2, at=0)
    amazon.buy("MUG", 301)
    amazon.write("MUG", 2, at=302)
    assert amazon.shown("MUG", 303) == 1
    assert amazon.shown("MUG", 700) == 2


def test_an_order_is_told_once_when_it_has_become_visible() -> None:
    amazon = market()
    amazon.write("MUG", 2, at=0)
    amazon.buy("MUG", 400)
    assert amazon.orders(519) == ([], 399)
    assert amazon.unseen("MUG") == 1
    assert amazon.orders(520) == ([(400, "MUG")], 400)
    assert amazon.unseen("MUG") == 0
    assert amazon.orders(700) == ([], 580)


def test_a_reading_is_a_call_of_its_own() -> None:
    amazon = market()
    amazon.write("MUG", 2, at=0)
    assert amazon.read("MUG", 300) == 2
    assert (amazon.calls, amazon.reads) == (1, 1)
