"""Every state that a small shop can come to, whatever the planner asks for, and what none of them may be."""

import dataclasses as dc
from collections import deque
from collections.abc import Iterator

from inventory.domain.escrow import strict
from inventory.domain.shelf import Shelf
from inventory.domain.stock import Item, Offer
from inventory.testing import channel_events as events
from inventory.testing.channel_events import Setting
from inventory.testing.channel_steps import Manners, steps
from inventory.testing.channel_world import Channel
from inventory.testing.mechanics import PRODUCTION, Mechanics
from inventory.testing.normal_form import FIRST, FOR_EVER, NOW, normal
from inventory.testing.sight import Sight, flaw, sight, violation

State = tuple[tuple[int, ...], int, int, int]
"""The channels by number, on hand, cancellations that may still come, and units that no bound covered."""


@dc.dataclass(frozen=True, slots=True)
class Shop:
    """What to explore. `units`: in stock at the start; `cancels`: at most so many orders are cancelled.

    `is_crowded`: there are other channels, of which nothing is known but that they take from what is free and give to
    it at any time. `twins`: so many channels, from the first on, of which only the states count, not which of them is
    in which. `shown`: units that each channel shows at the start, not `is_read` if the inventory does not know of them.
    `most`: the search is given up after so many states.
    """

    units: int
    channels: tuple[Manners, ...] = (Manners(),)
    cancels: int = 0
    is_crowded: bool = False
    twins: int = 1
    shown: int = 0
    is_read: bool = True
    partitions: int = 1
    most: int | None = None


@dc.dataclass(frozen=True, slots=True)
class Report:
    """`violation`: the first found, None if there is none in all states; `path`: how to come to it."""

    states: int
    steps: int
    channel_states: int
    violation: str | None = None
    path: tuple[str, ...] = ()


@dc.dataclass(frozen=True, slots=True)
class _Next:
    name: str
    number: int
    on_hand: int
    cancels: int
    uncovered: int
    flaw: str | None


class ModelCheck:
    """One search, breadth first: the path to a violation is among the shortest."""

    def __init__(self, shop: Shop, mechanics: Mechanics = PRODUCTION) -> None:
        self._shop = shop
        self._setting = Setting(mechanics, FOR_EVER, partitions=shop.partitions)
        self._has_readings = any(manners.readings for manners in shop.channels)
        self._channels: list[Channel] = []
        self._sights: list[Sight] = []
        self._numbers: dict[Channel, int] = {}
        self._steps: dict[tuple[Manners, int], list[_Next]] = {}
        self._issued: dict[tuple[int, int], int] = {}
        self._may: dict[tuple[object, ...], bool] = {}
        self._parents: dict[State, tuple[State | None, str]] = {}

    def run(self) -> Report:
        start = self._start()
        self._parents[start] = (None, "")
        waiting, taken = deque([start]), 0
        while waiting:
            state = waiting.popleft()
            for name, after, broken in self._successors(state):
                taken += 1
                violation = broken
                if after not in self._parents:
                    self._parents[after] = (state, name)
                    violation = broken or self._violation(after)
                    waiting.append(after)
                if violation:
                    return self._report(taken, violation, (*self._path(state), name))
            if self._shop.most and len(self._parents) > self._shop.most:
                break
        return self._report(taken)

    def _report(self, taken: int, violation: str | None = None, path: tuple[str, ...] = ()) -> Report:
        return Report(len(self._parents), taken, len(self._channels), violation, path)

    def _start(self) -> State:
        shop = self._shop
        shelf = Shelf(bound=shop.shown if shop.is_read else 0, is_read=shop.is_read)
        offer = Offer("channel", "SKU", is_active=True, shelf=shelf)
        seen = tuple((partition, FIRST) for partition in range(shop.partitions))
        channel = self._number(Channel(offer, shown=shop.shown, seen=seen))
        return (channel,) * len(shop.channels), shop.units, shop.cancels, 0

    def _number(self, channel: Channel) -> int:
        known = normal(channel, self._shop.cancels, has_readings=self._has_readings)
        number = self._numbers.setdefault(known, len(self._channels))
        if number == len(self._channels):
            self._channels.append(known)
            self._sights.append(sight(known))
        return number

    def _successors(self, state: State) -> Iterator[tuple[str, State, str | None]]:
        numbers, on_hand, cancels, excused = state
        for place, manners in enumerate(self._shop.channels):
            if place and place < self._shop.twins and numbers[place] == numbers[place - 1]:
                continue
            for step in self._next(manners, numbers[place]):
                if step.cancels <= cancels:
                    after = (
                        self._placed(numbers, place, step.number),
                        on_hand + step.on_hand,
                        cancels - step.cancels,
                        excused + step.uncovered,
                    )
                    yield f"{place}: {step.name}", after, step.flaw
            for quantity in range(self._shop.units + 1):
                if self._may_issue(state, place, manners, quantity):
                    number = self._issue(numbers[place], quantity)
                    after = (self._placed(numbers, place, number), on_hand, cancels, excused)
                    yield f"{place}: issue {quantity}", after, None

    def _placed(self, numbers: tuple[int, ...], place: int, number: int) -> tuple[int, ...]:
        changed = (*numbers[:place], number, *numbers[place + 1 :])
        twins = self._shop.twins
        return (*sorted(changed[:twins]), *changed[twins:])

    def _next(self, manners: Manners, number: int) -> list[_Next]:
        key = (manners, number)
        if key not in self._steps:
            channel, can_cancel = self._channels[number], self._shop.cancels > 0
            self._steps[key] = [
                _Next(s.name, self._number(s.after), s.on_hand, s.cancels, s.uncovered, flaw(channel, s))
                for s in steps(channel, manners, self._setting, can_cancel=can_cancel)
            ]
        return self._steps[key]

    def _may_issue(self, state: State, place: int, manners: Manners, quantity: int) -> bool:
        numbers, on_hand, _, _ = state
        channel = self._channels[numbers[place]]
        shelf = channel.offer.shelf
        if len(shelf.moves) >= manners.moves or len(channel.told) + len(channel.on_way) >= manners.writes:
            return False
        key = (numbers, on_hand, place, quantity)
        if key not in self._may:
            self._may[key] = any(
                self._setting.mechanics.can_issue(item, channel.offer, quantity, strict(item, channel.offer, NOW))
                for item in self._items(numbers, on_hand)
            )
        return self._may[key]

    def _items(self, numbers: tuple[int, ...], on_hand: int) -> Iterator[Item]:
        """What the inventory may take the stock for: where the others are not known, any part of it may be theirs."""
        offers = tuple(self._channels[number].offer for number in numbers)
        theirs = max(0, on_hand - sum(offer.shelf.bound for offer in offers)) if self._shop.is_crowded else 0
        for units in range(theirs + 1):
            yield Item("SKU", is_active=True, on_hand=on_hand, reserved=units, counted_at=None, offers=offers)

    def _issue(self, number: int, quantity: int) -> int:
        key = (number, quantity)
        if key not in self._issued:
            channel = self._channels[number]
            allowance = channel.offer.shelf.bound  # strict: all that it allows
            self._issued[key] = self._number(events.issue(channel, quantity, allowance, NOW, self._setting))
        return self._issued[key]

    def _violation(self, state: State) -> str | None:
        numbers, on_hand, _, excused = state
        sights = [self._sights[number] for number in numbers]
        return violation(sights, on_hand, excused, is_read=self._shop.is_read)

    def _path(self, state: State) -> tuple[str, ...]:
        names: list[str] = []
        at: State | None = state
        while at is not None:
            at, name = self._parents[at]
            names.append(name)
        return tuple(reversed(names[:-1]))
