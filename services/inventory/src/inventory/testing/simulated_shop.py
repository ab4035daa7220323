"""One SKU on two marketplaces and a storefront, with the real planner and ledger, and a true stock beside them."""

import dataclasses as dc
import datetime as dt
from collections.abc import Callable

from inventory.domain import ledger, planning
from inventory.domain.allocation import Policy
from inventory.domain.escrow import MEMORY
from inventory.domain.stock import Item, Movement, Offer, Reason
from inventory.domain.terms import Terms
from inventory.testing import channel_events as events
from inventory.testing.channel_events import Setting
from inventory.testing.channel_world import Channel, Mark, Placed, Told, Word
from inventory.testing.mechanics import PRODUCTION, Mechanics

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
STOREFRONT = "saberstore"
MARKETPLACES = ("amazon", "noon")
POLICY = Policy({STOREFRONT: 30, "amazon": 35, "noon": 35}, storefront=STOREFRONT, buffer_percent=0)
TERMS = Terms(STOREFRONT, shares=POLICY.weights)
_MARGIN = dt.timedelta(seconds=2)
_OWN_DELAY = dt.timedelta(seconds=3)


@dc.dataclass(frozen=True, slots=True)
class Record:
    """A sale, a cancellation or a watermark in the topic; `cancelled`: whether the unit is on sale again.

    `is_whole`: an order that was first seen cancelled, so both are told.
    """

    event_id: str
    channel: str
    entry: Placed | Mark | None = None
    cancelled: bool | None = None
    is_whole: bool = False


class SimulatedShop:
    """`skews`: by marketplace, the seconds by which its clock is ahead of ours: at most half the margin.

    The topic of sales is read by two replicas over one database, which knows the ids of the events that it has.
    `excused`: by channel, units that somebody put on sale by hand and the inventory may not know of yet; `edited`: when
    that was, by the channel's clock. `missing`: units that may be sold too much for that, or since they were lost.
    """

    def __init__(self, units: int, skews: tuple[float, float] = (0.0, 0.0), mechanics: Mechanics = PRODUCTION) -> None:
        self.now = START
        self.setting = Setting(mechanics, MEMORY, _MARGIN)
        self.channels = {name: Channel(Offer(name, "SKU", is_active=True)) for name in POLICY.weights}
        self.excused = dict.fromkeys(POLICY.weights, 0)
        self.edited = dict.fromkeys(POLICY.weights, START)
        self.missing = 0
        self.log: list[Record] = []
        self.positions = [0, 0]
        self.targets = 0
        self._known: set[str] = set()
        self._published = dict.fromkeys(MARKETPLACES, 0)
        self._skews = dict(zip(MARKETPLACES, skews, strict=True))
        self._item = Item("SKU", is_active=True, on_hand=units, reserved=0, counted_at=None, changed_at=START)
        self._own_since = START
        self._count = 0
        self.plan()

    @property
    def item(self) -> Item:
        return dc.replace(self._item, offers=tuple(channel.offer for channel in self.channels.values()))

    def clock(self, channel: str) -> dt.datetime:
        """What the channel's clock shows."""
        return self.now + dt.timedelta(seconds=self._skews.get(channel, 0.0))

    def change(self, name: str, act: Callable[[Channel], Channel]) -> None:
        self.channels[name] = act(self.channels[name])

    def plan(self) -> None:
        """What the inventory does after each event."""
        known = {name: self.setting.mechanics.known_until(channel.seen, 1) for name, channel in self.channels.items()}
        until = {name: moment for name, moment in known.items() if moment is not None}
        plan = planning.rebalance(self.item, POLICY, TERMS, until, self.now)
        self._item = dc.replace(plan.item, offers=())
        for offer in plan.item.offers:
            self.channels[offer.channel] = dc.replace(self.channels[offer.channel], offer=offer)
        self.targets += len(plan.targets)
        for target in plan.targets:
            told = Told(target.revision, target.quantity, target.live_above or 0)
            channel = self.channels[target.offer.channel]
            self.channels[target.offer.channel] = dc.replace(channel, told=(*channel.told, told))

    def pass_time(self, seconds: int) -> None:
        """The storefront does and tells everything within its lag."""
        if self.now + dt.timedelta(seconds=seconds) - self._own_since > _OWN_DELAY:
            self._storefront_catches_up()
        self.now += dt.timedelta(seconds=seconds)
        self.plan()

    def _storefront_catches_up(self) -> None:
        while self.channels[STOREFRONT].stream:
            self._learn(STOREFRONT, f"own-{self._next()}")
        self.plan()
        channel = self.channels[STOREFRONT]
        while channel.told:
            channel = events.take_effect(events.accept(channel, 0))
        self.channels[STOREFRONT] = dc.replace(channel, unproven=(), facts=())
        self._own_since = self.now

    def _next(self) -> int:
        self._count += 1
        return self._count

    def buy(self, name: str) -> None:
        self.change(name, lambda channel: events.order(channel, self.clock(name)))

    def publish(self, name: str) -> None:
        """The importer writes the next sale, or else a watermark, into the topic."""
        channel = self.channels[name]
        if len(channel.stream) <= self._published[name]:
            self.change(name, lambda channel: events.mark(channel, self.clock(name)))
        entry = self.channels[name].stream[self._published[name]]
        self._published[name] += 1
        is_whole = isinstance(entry, Placed) and entry.is_cancelled
        self.log.append(Record(f"event-{self._next()}", name, entry, is_whole=is_whole))

    def unpublished(self, name: str) -> tuple[Placed | Mark, ...]:
        return self.channels[name].stream[self._published[name] :]

    def publish_cancellation(self, name: str, *, restocked: bool) -> None:
        self.log.append(Record(f"event-{self._next()}", name, None, restocked))

    def unpublished_cancellations(self, name: str, *, restocked: bool) -> int:
        channel = self.channels[name]
        waiting = sum(
            record.channel == name and record.cancelled is restocked and record.event_id not in self._known
            for record in self.log[min(self.positions) :]
        )
        return (channel.put_backs if restocked else channel.lost) - waiting

    def consume(self, replica: int) -> None:
        """A replica applies its next record, whether the other one has or not."""
        record = self.log[self.positions[replica]]
        self.positions[replica] += 1
        self._apply(record)
        self.plan()

    def _apply(self, record: Record) -> None:
        is_known = self.setting.mechanics.is_known(record.event_id, self._known)
        if isinstance(record.entry, Mark) and is_known:
            at, note = record.entry.at, self.setting.mechanics.note_watermark
            self.change(record.channel, lambda channel: dc.replace(channel, seen=note(channel.seen, 0, at)))
        elif record.cancelled is not None and not is_known:
            if record.event_id not in self._known:
                heard = events.learn_cancellation(
                    self.channels[record.channel], self.now, self.setting, restocked=record.cancelled
                )
                self.channels[record.channel] = heard.channel
            self._known.add(record.event_id)
            self._move(record.event_id, Reason.CANCELLATION, self.now, 1)
        elif record.event_id in self._known and not is_known:
            self._move(record.event_id, Reason.SALE, self.now, -1)
        elif not is_known:
            self._published[record.channel] -= 1
            self._learn(record.channel, record.event_id, is_whole=record.is_whole)

    def _learn(self, name: str, event_id: str, *, is_whole: bool = False) -> None:
        """Of a whole order that a stocktake has left out as sold nothing is told that could bring the unit back."""
        entry = self.channels[name].stream[0]
        self._known.add(event_id)
        learn = events.learn_cancelled if is_whole else events.learn
        counted_out = self.counted_out
        self.channels[name] = learn(self.channels[name], 0, self.now, self.setting).channel
        if is_whole:
            self.missing += counted_out - self.counted_out
            self._move(f"{event_id}, back", Reason.CANCELLATION, entry.at, 1)
        if isinstance(entry, Placed):
            self._move(event_id, Reason.SALE, entry.at, -1)

    def _move(self, event_id: str, reason: Reason, at: dt.datetime, change: int) -> None:
        self._item, _ = ledger.apply(self._item, Movement(event_id, "SKU", reason, at, change))
        self._item = dc.replace(self._item, changed_at=self.now)

    def restock(self, units: int) -> None:
        self._move(f"restock-{self._next()}", Reason.RESTOCK, self.now, units)
        self.plan()

    def count(self, lost: int) -> None:
        """A stocktake while nobody buys, which finds `lost` units less than it should."""
        self.pass_time(30)
        self._storefront_catches_up()
        unseen = sum(channel.unseen_orders for channel in self.channels.values()) - self.counted_out
        counted = max(0, self._item.on_hand - unseen - lost)
        self.missing += lost
        movement = Movement(f"count-{self._next()}", "SKU", Reason.STOCKTAKE, self.now, counted=counted)
        self._item, _ = ledger.apply(self._item, movement)
        self._item = dc.replace(self._item, changed_at=self.now)
        self.plan()
        self.pass_time(30)

    def edit(self, name: str, units: int) -> None:
        """Somebody puts units on sale, or takes them off, by hand."""
        self.change(name, lambda channel: dc.replace(channel, shown=max(0, channel.shown + units)))
        if units > 0:
            self.excused[name] += units
            self.missing += units
            self.edited[name] = self.clock(name)

    def _is_older_reading_to_come(self, name: str) -> bool:
        """Whether a reading from before the last hand edit was not heard yet, or may be heard again, or must settle."""
        shelf, edited = self.channels[name].offer.shelf, self.edited[name]
        settling = (shelf.reading.observed_at,) if shelf.reading else ()
        told = (fact.at for fact in self.channels[name].facts if fact.word is Word.OBSERVED and fact.at is not None)
        counting = (moment for moment in told if shelf.seen_at is None or moment > shelf.seen_at)
        return any(moment <= edited for moment in (*settling, *counting))

    @property
    def counted_out(self) -> int:
        """Orders that the inventory does not know yet, but that a stocktake has already taken off."""
        counted_at = self._item.counted_at
        return sum(
            isinstance(entry, Placed) and counted_at is not None and entry.at < counted_at
            for channel in self.channels.values()
            for entry in channel.stream
        )

    @property
    def physical(self) -> int:
        """Units that are there and not sold; below zero: sold too much."""
        unseen = sum(channel.unseen_cancellations - channel.unseen_orders for channel in self.channels.values())
        return self._item.on_hand + unseen + self.counted_out

    def broken(self) -> str | None:
        """What must never be.

        A hand edit's exception is over once its channel rests, its bound covers what it shows, and no reading from
        before the edit is still to count: such a one lowers the bound to less than the edit put on sale.
        """
        for name, channel in self.channels.items():
            if channel.slack < -self.excused[name]:
                return f"the bound of {name} is {-channel.slack} too low: {channel}"
            rests = not channel.offer.shelf.moves and not channel.told
            if channel.slack >= 0 and rests and not self._is_older_reading_to_come(name):
                self.excused[name] = 0
        if self.physical < -self.missing:
            return f"{-self.physical} units were sold that do not exist"
        return None
