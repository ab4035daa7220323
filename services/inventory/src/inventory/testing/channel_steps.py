"""Everything that may happen next to a channel, but for a new target, which needs the whole item."""

import dataclasses as dc
from collections.abc import Iterator

from inventory.testing import channel_events as events
from inventory.testing.channel_events import Heard, Setting
from inventory.testing.channel_world import Channel, Fact, Placed
from inventory.testing.normal_form import NOW


@dc.dataclass(frozen=True, slots=True)
class Manners:
    """What a channel may do.

    `writes`: at most so many told or on their way; `moves`: at most so many unsettled; `entries`: at most so many sales
    and watermarks that the inventory does not know.
    """

    writes: int = 2
    moves: int = 3
    entries: int = 4
    doubts: bool = True
    refusals: bool = True
    cancels: bool = True
    proofs: bool = True
    readings: bool = False


STOREFRONT = Manners(writes=1, moves=2, doubts=False, refusals=False, cancels=False, proofs=False)


@dc.dataclass(frozen=True, slots=True)
class Step:
    """`cancels`: whether it is a new cancellation."""

    name: str
    after: Channel
    on_hand: int = 0
    cancels: int = 0
    uncovered: int = 0
    drift: int = 0


def steps(channel: Channel, manners: Manners, setting: Setting, *, can_cancel: bool) -> Iterator[Step]:
    yield from _submissions(channel, manners)
    yield from _sales(channel, manners)
    if can_cancel and manners.cancels:
        yield from _cancellations(channel, setting)
    yield from _answers(channel, manners, setting)
    yield from _arrivals(channel, setting)
    settled = events.settle(channel, setting)
    if settled is not channel:
        yield Step("settle", settled)


def _submissions(channel: Channel, manners: Manners) -> Iterator[Step]:
    for index, told in enumerate(channel.told):
        yield Step(f"accept {told.quantity}", events.accept(channel, index))
        if manners.doubts:
            yield Step(f"time out, reached {told.quantity}", events.time_out(channel, index, reached=True))
            yield Step(f"time out, lost {told.quantity}", events.time_out(channel, index, reached=False))
            if not told.quantity and len(channel.told) + len(channel.on_way) <= manners.writes:
                yield Step("repeat 0", events.repeat_zero(channel, index))
        if manners.refusals:
            yield Step(f"refuse {told.quantity}", events.refuse(channel, index))


def _sales(channel: Channel, manners: Manners) -> Iterator[Step]:
    if channel.on_way:
        yield Step(f"take effect {channel.on_way[0].quantity}", events.take_effect(channel))
    if channel.shown and len(channel.stream) < manners.entries:
        yield Step("order", events.order(channel, NOW))
    if channel.offer.shelf.moves or channel.offer.shelf.reading:
        yield Step("watermark", events.mark(channel, NOW))


def _cancellations(channel: Channel, setting: Setting) -> Iterator[Step]:
    for restocks in (True, False):
        if channel.open_orders:
            yield Step(f"cancel, on sale {restocks}", events.cancel_known(channel, restocks=restocks), cancels=1)
        for index, entry in enumerate(channel.stream):
            if isinstance(entry, Placed) and not entry.is_cancelled:
                after = events.cancel_unseen(channel, index, restocks=restocks)
                yield Step(f"cancel unseen {index}, on sale {restocks}", after, cancels=1)
    for is_there, restocked in ((channel.put_backs, True), (channel.lost, False)):
        if is_there:
            heard = events.learn_cancellation(channel, NOW, setting, restocked=restocked)
            yield Step("learn cancellation", heard.channel, heard.on_hand)


def _answers(channel: Channel, manners: Manners, setting: Setting) -> Iterator[Step]:
    for told in channel.unproven:
        read = events.prove(channel, told, NOW, setting) if manners.proofs else None
        if read is not None:
            yield Step(f"read {channel.shown} as proof of {told.quantity}", read)
        passed = events.pass_ceiling(channel, told, NOW)
        if passed is not None:
            yield Step(f"ceiling of {told.quantity}", passed)
    if manners.readings:
        yield Step(f"look at {channel.shown}", events.look(channel, NOW))


def _arrivals(channel: Channel, setting: Setting) -> Iterator[Step]:
    for fact in channel.facts:
        after, drift = events.hear(channel, fact, NOW, setting)
        if after is not channel:
            yield Step(f"hear {_named(fact)}", after, drift=drift)
    for index in setting.mechanics.deliverable(channel.stream):
        heard: Heard = events.learn(channel, index, NOW, setting)
        entry = channel.stream[index]
        yield Step(f"learn {type(entry).__name__}", heard.channel, heard.on_hand, 0, heard.uncovered)
        if isinstance(entry, Placed) and entry.is_cancelled:
            whole = events.learn_cancelled(channel, index, NOW, setting)
            yield Step("learn cancelled order", whole.channel, whole.on_hand, 0, whole.uncovered)
    if setting.partitions > 1:
        yield Step("watermark elsewhere", events.learn_elsewhere(channel, setting))
        yield Step("old watermark elsewhere", events.learn_elsewhere(channel, setting, again=True))


def _named(fact: Fact) -> str:
    return f"{fact.word} of revision {fact.revision}, {fact.quantity}"
