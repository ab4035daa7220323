"""What must be true of a shop, told by what counts of each of its channels: both model checks go by it."""

from collections.abc import Sequence
from typing import NamedTuple

from inventory.testing.channel_steps import Step
from inventory.testing.channel_world import Channel


class Sight(NamedTuple):
    """What a channel is to the others and to the rules.

    `unseen`: units sold less units given back, of which the inventory does not know. `lacking`: what its bound is too
    low by. `is_hiding`: a reading set its bound, so that no channel is raised.
    """

    bound: int
    unseen: int
    lacking: int
    is_read: bool
    is_hiding: bool


def sight(channel: Channel) -> Sight:
    shelf = channel.offer.shelf
    is_hiding = shelf.reading is not None and shelf.reading.sets_bound
    unseen = channel.unseen_orders - channel.unseen_cancellations
    return Sight(shelf.bound, unseen, max(0, -channel.slack), shelf.is_read, is_hiding)


def flaw(before: Channel, step: Step) -> str | None:
    """What no step may do."""
    if not before.offer.shelf.is_read:
        return None
    if step.drift:
        return f"{step.drift} units of drift though nobody edited the listing"
    if step.uncovered and not before.unseen_put_backs:
        return "an order that no bound covers"
    return None


def violation(channels: Sequence[Sight], on_hand: int, excused: int, *, is_read: bool) -> str | None:
    """What no state may be. `excused`: units of orders that no bound covered; `is_read`: the shop was, at the start."""
    if not all(channel.is_read for channel in channels):
        return None
    for place, channel in enumerate(channels):
        if channel.lacking:
            return f"the bound of channel {place} is {channel.lacking} too low"
    missing = sum(channel.unseen for channel in channels) - on_hand
    if missing > 0:
        return f"{missing} units were sold that do not exist"
    held = sum(channel.bound for channel in channels)
    if held > on_hand + excused and is_read:
        return f"the bounds hold {held - on_hand} units more than there are"
    return None
