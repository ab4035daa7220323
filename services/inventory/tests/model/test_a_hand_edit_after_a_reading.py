"""A trace that shops at random once found: units put on sale by hand, after a reading that is told only later."""

import dataclasses as dc

import pytest
from inventory.testing import channel_events as events
from inventory.testing.channel_world import Channel, Word
from inventory.testing.simulated_shop import SimulatedShop

AMAZON = "amazon"


def hear(shop: SimulatedShop, word: Word) -> int:
    """What was said last of this kind arrives. Answers with the units of drift."""
    fact = [fact for fact in shop.channels[AMAZON].facts if fact.word is word][-1]
    shop.channels[AMAZON], drift = events.hear(shop.channels[AMAZON], fact, shop.now, shop.setting)
    shop.plan()
    return drift


def look(shop: SimulatedShop) -> None:
    shop.change(AMAZON, lambda channel: events.look(channel, shop.clock(AMAZON)))


def know_all_orders(shop: SimulatedShop) -> None:
    shop.pass_time(30)
    shop.publish(AMAZON)
    shop.consume(0)


def proven(channel: Channel, shop: SimulatedShop) -> Channel:
    """The first target is accepted, takes effect and counts as live by its ceiling."""
    channel = events.take_effect(events.accept(channel, 0))
    return events.pass_ceiling(channel, channel.unproven[0], shop.clock(AMAZON)) or channel


@pytest.fixture
def shop() -> SimulatedShop:
    """Its one unit stands on Amazon, was taken off by hand, read as 0, and put on sale by hand again."""
    shop = SimulatedShop(0)
    shop.restock(1)
    shop.change(AMAZON, lambda channel: proven(channel, shop))
    shop.edit(AMAZON, -1)
    shop.pass_time(30)
    look(shop)
    hear(shop, Word.LIVE)
    know_all_orders(shop)
    shop.edit(AMAZON, 1)
    assert shop.broken() is None
    return shop


def test_a_reading_from_before_a_hand_edit_lowers_the_bound_and_the_edit_stays_an_exception(
    shop: SimulatedShop,
) -> None:
    hear(shop, Word.OBSERVED)
    assert shop.channels[AMAZON].slack == -1
    assert shop.broken() is None


def test_the_exception_is_over_once_a_later_write_has_taken_the_edits_place(shop: SimulatedShop) -> None:
    hear(shop, Word.OBSERVED)
    shop.change(AMAZON, lambda channel: proven(channel, shop))
    hear(shop, Word.LIVE)
    know_all_orders(shop)
    assert shop.channels[AMAZON].slack == 0
    assert shop.broken() is None
    assert shop.excused[AMAZON] == 0


def test_more_on_sale_than_was_put_there_by_hand_is_no_exception(shop: SimulatedShop) -> None:
    hear(shop, Word.OBSERVED)
    shop.change(AMAZON, lambda channel: dc.replace(channel, shown=channel.shown + 1))
    assert "the bound of amazon is 2 too low" in str(shop.broken())
