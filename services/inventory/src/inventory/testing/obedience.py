"""Marketplaces that do at once what they are told, and say so: what is left is what the planner wants."""

import dataclasses as dc

from inventory.testing import channel_events as events
from inventory.testing.channel_world import Channel, Placed
from inventory.testing.simulated_shop import MARKETPLACES, SimulatedShop


def obey(shop: SimulatedShop) -> None:
    """Everything that is on its way arrives, outside and inside."""
    for name in MARKETPLACES:
        shop.channels[name] = _effective(shop.channels[name])
        for told in shop.channels[name].unproven:
            live = events.pass_ceiling(shop.channels[name], told, shop.clock(name))
            shop.channels[name] = live or shop.channels[name]
        for fact in shop.channels[name].facts:
            shop.channels[name], _ = events.hear(shop.channels[name], fact, shop.now, shop.setting)
        shop.change(name, lambda channel: dc.replace(channel, unproven=(), facts=()))
    shop.pass_time(60)
    for name in MARKETPLACES:
        _tell(shop, name)
    for replica in range(len(shop.positions)):
        while shop.positions[replica] < len(shop.log):
            shop.consume(replica)


def _effective(channel: Channel) -> Channel:
    if channel.told:
        channel = events.accept(channel, len(channel.told) - 1)
    while channel.on_way:
        channel = events.take_effect(channel)
    return channel


def _tell(shop: SimulatedShop, name: str) -> None:
    """All orders, a watermark after them, and all cancellations."""
    while any(isinstance(entry, Placed) for entry in shop.unpublished(name)):
        shop.publish(name)
    shop.change(name, lambda channel: events.mark(channel, shop.clock(name)))
    while shop.unpublished(name):
        shop.publish(name)
    for restocked in (True, False):
        while shop.unpublished_cancellations(name, restocked=restocked) > 0:
            shop.publish_cancellation(name, restocked=restocked)
