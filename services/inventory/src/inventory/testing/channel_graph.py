"""All that one channel can come to, beside any others: its states, and each step with what the others notice of it."""

import dataclasses as dc
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from inventory.domain.shelf import Shelf
from inventory.domain.stock import Offer
from inventory.testing import channel_events as events
from inventory.testing.channel_events import Setting
from inventory.testing.channel_steps import Manners, steps
from inventory.testing.channel_world import Channel
from inventory.testing.normal_form import FIRST, NOW, normal
from inventory.testing.room import ALWAYS, NEVER, LawError, Room
from inventory.testing.sight import Sight, flaw, sight


class Effect(NamedTuple):
    """What a step does beyond its channel. `need`: the free units without which it can't be taken."""

    on_hand: int = 0
    cancels: int = 0
    uncovered: int = 0
    need: int = ALWAYS

    def is_possible(self, free: int, cancels: int, *, may_raise: bool) -> bool:
        return self.need <= free and self.cancels <= cancels and (may_raise or self.need == ALWAYS)


NOTHING = Effect()
BEYOND = -1
"""In place of a state: one that the channel does not come to when it is alone."""


class Edge(NamedTuple):
    effect: Effect
    to: int
    name: str


@dc.dataclass(frozen=True, slots=True)
class Start:
    """A channel before anything has happened. `shown`: units on sale, not `is_read` if the inventory knows nothing."""

    units: int
    cancels: int = 0
    shown: int = 0
    is_read: bool = True
    has_readings: bool = False

    def channel(self, partitions: int) -> Channel:
        shelf = Shelf(bound=self.shown if self.is_read else 0, is_read=self.is_read)
        seen = tuple((partition, FIRST) for partition in range(partitions))
        return Channel(Offer("channel", "SKU", is_active=True, shelf=shelf), shown=self.shown, seen=seen)


@dc.dataclass(frozen=True, slots=True)
class ChannelGraph:
    """By the number of a state what counts of it, and its steps. Number 0 is the start."""

    sights: tuple[Sight, ...]
    edges: tuple[tuple[Edge, ...], ...]


class Explorer:
    """Looks at one channel that has all units for itself, and keeps to the laws for looking at channels one by one.

    Beside others it comes to no more: what others hold or have sold is missing from what is free, and a channel notices
    nothing else of them (`Room`). The other laws: no bound is ever too low, no step but a new target takes free units,
    and a new target takes no more than it asks for. From them it follows that channels together never hold more than
    there is.
    """

    def __init__(self, start: Start, manners: Manners, setting: Setting, room: Room) -> None:
        self._start = start
        self._manners = manners
        self._setting = setting
        self._room = room
        self._channels: list[Channel] = []
        self._numbers: dict[Channel, int] = {}
        self._edges: dict[int, list[Edge]] = {}
        self._parents: dict[int, tuple[int, str]] = {}

    def run(self) -> ChannelGraph:
        """Every state and step. Raises LawError."""
        first = (self._number(self._start.channel(self._setting.partitions)), self._start.units, self._start.cancels)
        seen, waiting = {first}, deque([first])
        while waiting:
            number, on_hand, cancels = waiting.popleft()
            free = on_hand - self._channels[number].offer.shelf.bound
            for effect, to, name in self._out(number):
                after = (to, on_hand + effect.on_hand, cancels - effect.cancels)
                if after not in seen and effect.is_possible(free, cancels, may_raise=True):
                    self._parents.setdefault(to, (number, name))
                    seen.add(after)
                    waiting.append(after)
        return self._graph()

    def _graph(self) -> ChannelGraph:
        new = {number: place for place, number in enumerate(sorted(self._edges))}
        edges = (
            tuple(edge._replace(to=new.get(edge.to, BEYOND)) for edge in self._edges.pop(number)) for number in new
        )
        return ChannelGraph(tuple(sight(self._channels[number]) for number in new), tuple(edges))

    def _number(self, channel: Channel) -> int:
        known = normal(channel, self._start.cancels, has_readings=self._start.has_readings)
        number = self._numbers.setdefault(known, len(self._channels))
        if number == len(self._channels):
            self._channels.append(known)
        return number

    def _out(self, number: int) -> list[Edge]:
        """Its steps, also those that only other channels' states could allow. Each state's laws are looked at once."""
        if number not in self._edges:
            channel = self._channels[number]
            try:
                self._edges[number] = [*self._happening(channel), *self._issued(channel)]
            except LawError as error:
                raise LawError(error.law, (*self._path(number), *error.path)) from error
        return self._edges[number]

    def _happening(self, channel: Channel) -> Iterator[Edge]:
        if channel.slack < 0 and channel.offer.shelf.is_read:
            raise LawError(f"the bound of a channel is {-channel.slack} too low")
        for step in steps(channel, self._manners, self._setting, can_cancel=self._start.cancels > 0):
            broken = flaw(channel, step)
            taken = _rise(channel, step.after) - step.on_hand - step.uncovered
            if taken > 0 and self._start.is_read:
                broken = broken or f"{taken} free units are taken, though not for a new target"
            if broken:
                raise LawError(broken, (step.name,))
            yield Edge(Effect(step.on_hand, step.cancels, step.uncovered), self._number(step.after), step.name)

    def _issued(self, channel: Channel) -> Iterator[Edge]:
        manners, bound = self._manners, channel.offer.shelf.bound
        if len(channel.offer.shelf.moves) >= manners.moves or len(channel.told) + len(channel.on_way) >= manners.writes:
            return
        for quantity in range(self._start.units + 1):
            need, name = self._room.need(channel.offer, quantity), f"issue {quantity}"
            if need == NEVER:
                continue
            after = events.issue(channel, quantity, bound, NOW, self._setting)  # strict: the whole bound may sell
            if _rise(channel, after) > max(0, need):
                raise LawError(f"a new target takes more than the {max(0, need)} free units that it asks for", (name,))
            yield Edge(Effect(need=need), self._number(after), name)

    def _path(self, number: int) -> tuple[str, ...]:
        names: list[str] = []
        while number in self._parents and number:
            number, name = self._parents[number]
            names.append(name)
        return tuple(reversed(names))


def _rise(before: Channel, after: Channel) -> int:
    return after.offer.shelf.bound - before.offer.shelf.bound
