"""What may happen to one channel, outside and inside: each function answers with the channel after it."""

import dataclasses as dc
import datetime as dt

from inventory.domain.escrow import Memory
from inventory.testing.channel_world import Channel, Fact, Mark, Placed, Told, Word
from inventory.testing.mechanics import Mechanics


@dc.dataclass(frozen=True, slots=True)
class Setting:
    """`margin`: what the inventory takes the clocks to differ by at most. `partitions`: of the topic of sales."""

    mechanics: Mechanics
    memory: Memory
    margin: dt.timedelta = dt.timedelta()
    partitions: int = 1


@dc.dataclass(frozen=True, slots=True)
class Heard:
    """`on_hand`: by how much it changes. `uncovered`: units of a sale that the bound did not cover."""

    channel: Channel
    on_hand: int = 0
    uncovered: int = 0


def issue(channel: Channel, quantity: int, allowance: int, now: dt.datetime, setting: Setting) -> Channel:
    """Ask `can_issue` before."""
    above = setting.mechanics.live_above(channel.offer, now, setting.memory)
    offer, move = setting.mechanics.issue(channel.offer, quantity, allowance, now, setting.memory)
    return dc.replace(channel, offer=offer, told=(*channel.told, Told(move.revision, quantity, above)))


def accept(channel: Channel, index: int) -> Channel:
    """The marketplace takes a target. Older ones that were not submitted never will be."""
    told = channel.told[index]
    return dc.replace(_on_way(channel, index), unproven=(*channel.unproven, told))


def time_out(channel: Channel, index: int, *, reached: bool) -> Channel:
    """Nobody knows whether a target was taken."""
    unknown = Fact(Word.UNKNOWN, channel.told[index].revision)
    after = _on_way(channel, index) if reached else _passed_over(channel, index)
    return dc.replace(after, facts=(*after.facts, unknown))


def repeat_zero(channel: Channel, index: int) -> Channel:
    """A zero whose outcome is unknown is submitted again under the same revision."""
    after = _on_way(channel, index)
    return dc.replace(after, told=channel.told[index:])


def refuse(channel: Channel, index: int) -> Channel:
    """The marketplace rejects a target, or it is withdrawn before it was submitted: it is never applied."""
    closed = Fact(Word.CLOSED, channel.told[index].revision)
    told = channel.told[:index] + channel.told[index + 1 :]
    return dc.replace(channel, told=told, facts=(*channel.facts, closed))


def _on_way(channel: Channel, index: int) -> Channel:
    after = _passed_over(channel, index)
    return dc.replace(after, on_way=(*after.on_way, channel.told[index]))


def _passed_over(channel: Channel, index: int) -> Channel:
    closed = tuple(Fact(Word.CLOSED, told.revision) for told in channel.told[:index])
    return dc.replace(channel, told=channel.told[index + 1 :], facts=(*channel.facts, *closed))


def take_effect(channel: Channel) -> Channel:
    """The oldest write on its way overwrites what was shown."""
    write, *later = channel.on_way
    return dc.replace(channel, shown=write.quantity, on_way=tuple(later))


def order(channel: Channel, now: dt.datetime) -> Channel:
    """Somebody buys a unit."""
    return dc.replace(channel, shown=channel.shown - 1, stream=(*channel.stream, Placed(now)))


def cancel_known(channel: Channel, *, restocks: bool) -> Channel:
    return dc.replace(
        channel,
        shown=channel.shown + restocks,
        open_orders=channel.open_orders - 1,
        put_backs=channel.put_backs + restocks,
        lost=channel.lost + (not restocks),
    )


def cancel_unseen(channel: Channel, index: int, *, restocks: bool) -> Channel:
    entry = channel.stream[index]
    cancelled = dc.replace(entry, is_cancelled=True, is_restocked=restocks) if isinstance(entry, Placed) else entry
    stream = (*channel.stream[:index], cancelled, *channel.stream[index + 1 :])
    return dc.replace(channel, shown=channel.shown + restocks, stream=stream)


def mark(channel: Channel, now: dt.datetime) -> Channel:
    """The channel's orders were read completely: a watermark goes to every partition, after the sales."""
    return dc.replace(channel, stream=(*channel.stream, Mark(now)), elsewhere=now)


def learn(channel: Channel, index: int, now: dt.datetime, setting: Setting) -> Heard:
    """The inventory gets a sale or a watermark."""
    entry = channel.stream[index]
    rest = _heard(channel, index)
    if isinstance(entry, Mark):
        return Heard(dc.replace(rest, seen=setting.mechanics.note_watermark(rest.seen, 0, entry.at)))
    offer, uncovered = setting.mechanics.sell(channel.offer, 1, entry.at, now, setting.memory)
    is_put_back = entry.is_cancelled and entry.is_restocked
    after = dc.replace(
        rest,
        offer=offer,
        open_orders=rest.open_orders + (not entry.is_cancelled),
        put_backs=rest.put_backs + is_put_back,
        lost=rest.lost + (entry.is_cancelled and not is_put_back),
    )
    return Heard(after, -1, uncovered)


def learn_cancelled(channel: Channel, index: int, now: dt.datetime, setting: Setting) -> Heard:
    """The inventory gets an order that the importer first saw cancelled: what comes back, then the sale."""
    entry, mechanics = channel.stream[index], setting.mechanics
    rest = _heard(channel, index)
    if not mechanics.tells_cancelled:
        return Heard(rest)
    offer = mechanics.put_back(channel.offer, 1, now, setting.memory)
    offer, uncovered = mechanics.sell(offer, 1, entry.at, now, setting.memory)
    return Heard(dc.replace(rest, offer=offer), uncovered=uncovered)


def _heard(channel: Channel, index: int) -> Channel:
    """With an entry of its stream less."""
    return dc.replace(channel, stream=channel.stream[:index] + channel.stream[index + 1 :])


def learn_elsewhere(channel: Channel, setting: Setting, *, again: bool = False) -> Channel:
    """The other partition's watermark comes, or comes again."""
    moment = channel.had if again else channel.elsewhere
    if moment is None:
        return channel
    seen = setting.mechanics.note_watermark(channel.seen, 1, moment)
    return channel if again and seen == channel.seen else dc.replace(channel, seen=seen, elsewhere=None, had=moment)


def learn_cancellation(channel: Channel, now: dt.datetime, setting: Setting, *, restocked: bool) -> Heard:
    """Production does not know whether the unit was put back."""
    offer = setting.mechanics.put_back(channel.offer, 1, now, setting.memory)
    after = dc.replace(
        channel, offer=offer, put_backs=channel.put_backs - restocked, lost=channel.lost - (not restocked)
    )
    return Heard(after, 1)


def prove(channel: Channel, told: Told, now: dt.datetime, setting: Setting) -> Channel | None:
    """The connector reads the listing back. None: that proves nothing."""
    on_way = [write.revision for write in channel.on_way]
    is_earlier_on_way = bool(on_way) and on_way[0] != told.revision and told.revision in on_way
    if not setting.mechanics.proves(told.quantity, told.live_above, channel.shown, is_earlier_on_way=is_earlier_on_way):
        return None
    return _live(channel, told, now)


def pass_ceiling(channel: Channel, told: Told, now: dt.datetime) -> Channel | None:
    """So long after it was accepted a write counts as live; None while it is on its way, since ceilings hold."""
    is_on_way = any(write.revision == told.revision for write in channel.on_way)
    return None if is_on_way else _live(channel, told, now)


def _live(channel: Channel, told: Told, now: dt.datetime) -> Channel:
    unproven = tuple(other for other in channel.unproven if other is not told)
    live = Fact(Word.LIVE, told.revision, told.quantity, now)
    return dc.replace(channel, unproven=unproven, facts=(*channel.facts, live))


def look(channel: Channel, now: dt.datetime) -> Channel:
    """The connector reads the listing for no target; the newest reading takes the place of the one before."""
    others = tuple(fact for fact in channel.facts if fact.word is not Word.OBSERVED)
    return dc.replace(channel, facts=(*others, Fact(Word.OBSERVED, 0, channel.shown, now)))


def hear(channel: Channel, fact: Fact, now: dt.datetime, setting: Setting) -> tuple[Channel, int]:
    """What the connector says arrives, perhaps again. Answers also with the units of drift."""
    mechanics, offer, drift = setting.mechanics, channel.offer, 0
    if fact.word is Word.UNKNOWN:
        offer = mechanics.doubt(offer, fact.revision)
    elif fact.word is Word.CLOSED:
        offer = mechanics.close(offer, fact.revision)
    elif fact.at is not None and fact.word is Word.LIVE:
        offer = mechanics.go_live(offer, fact.revision, fact.at, setting.margin)
    elif fact.at is not None:
        offer, drift = mechanics.read(offer, fact.quantity, fact.at, setting.margin, now, setting.memory)
    return (channel if offer is channel.offer else dc.replace(channel, offer=offer)), drift


def settle(channel: Channel, setting: Setting) -> Channel:
    known = setting.mechanics.known_until(channel.seen, setting.partitions)
    offer = setting.mechanics.settle_reading(setting.mechanics.settle(channel.offer, known), known)
    return channel if offer is channel.offer else dc.replace(channel, offer=offer)
