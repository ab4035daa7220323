"""The same search as `model_check`, but of classes of states that are alike: it ends where that would take years.

It counts the states and steps that its classes stand for, one by one what `ModelCheck` would find.
"""

import dataclasses as dc
import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from inventory.testing.channel_classes import Alike, Kind, kind
from inventory.testing.channel_events import Setting
from inventory.testing.channel_graph import BEYOND, Start
from inventory.testing.mechanics import PRODUCTION, Mechanics
from inventory.testing.model_check import Shop
from inventory.testing.normal_form import FOR_EVER
from inventory.testing.room import LawError, Room
from inventory.testing.sight import violation

_Tuple = tuple[tuple[int, ...], int, int, int]
"""The classes that the channels are in, on hand, cancellations that may still come, units that no bound covered."""


@dc.dataclass(frozen=True, slots=True)
class ClassReport:
    """`states` and `steps`: what the `walked` tuples of classes stand for. `channel_states`: of each kind of channel.

    `path`: how to come to a violation. Where only channels together come to it, from class to class: what no other
    channel notices is left out.
    """

    states: int
    steps: int
    walked: int
    channel_states: tuple[int, ...]
    classes: tuple[int, ...]
    violation: str | None = None
    path: tuple[str, ...] = ()


class ClassCheck:
    """One search through all tuples of classes. A `LawError` is a violation too: it would not be sound."""

    def __init__(self, shop: Shop, mechanics: Mechanics = PRODUCTION) -> None:
        self._shop = shop
        self._mechanics = mechanics
        self._kinds: list[Kind] = []
        self._places: list[int] = []
        self._parents: dict[_Tuple, tuple[_Tuple | None, str]] = {}
        self._states = self._steps = 0

    def run(self) -> ClassReport:
        try:
            self._look_at_channels()
            found = self._walk()
        except LawError as error:
            return self._report(error.law, error.path)
        return self._report() if found is None else self._report(*found)

    def _report(self, violation: str | None = None, path: tuple[str, ...] = ()) -> ClassReport:
        return ClassReport(
            self._states,
            self._steps,
            len(self._parents),
            tuple(kind.states for kind in self._kinds),
            tuple(len(kind.classes) for kind in self._kinds),
            violation,
            path,
        )

    def _look_at_channels(self) -> None:
        shop = self._shop
        has_readings = any(manners.readings for manners in shop.channels)
        start = Start(shop.units, shop.cancels, shop.shown, shop.is_read, has_readings)
        setting = Setting(self._mechanics, FOR_EVER, partitions=shop.partitions)
        room = Room(self._mechanics, shop.units, len(shop.channels) - 1 + shop.is_crowded, has_readings=has_readings)
        different = list(dict.fromkeys(shop.channels))
        self._places = [different.index(manners) for manners in shop.channels]
        self._kinds = [kind(start, manners, setting, room) for manners in different]

    def _walk(self) -> tuple[str, tuple[str, ...]] | None:
        start: _Tuple = ((0,) * len(self._places), self._shop.units, self._shop.cancels, 0)
        self._parents[start] = (None, "")
        waiting = [start]
        while waiting:
            state = waiting.pop()
            found = self._violation(state)
            if found:
                return found, self._path(state)
            self._states += math.prod(self._ways(state, 0))
            self._steps += self._leaving(state)
            for name, after in self._successors(state):
                if after not in self._parents:
                    self._parents[after] = (state, name)
                    waiting.append(after)
        return None

    def _class(self, place: int, number: int) -> Alike:
        return self._kinds[self._places[place]].classes[number]

    def _successors(self, state: _Tuple) -> Iterator[tuple[str, _Tuple]]:
        numbers, on_hand, cancels, excused = state
        here = [self._class(place, number) for place, number in enumerate(numbers)]
        free = on_hand - sum(each.sight.bound for each in here)
        for place, each in enumerate(here):
            if 0 < place < self._shop.twins and numbers[place] == numbers[place - 1]:
                continue
            may_raise = not any(other.sight.is_hiding for at, other in enumerate(here) if at != place)
            for effect, to, name in each.edges:
                if not effect.is_possible(free, cancels, may_raise=may_raise):
                    continue
                if to == BEYOND:
                    raise LawError(f"beside others channel {place} comes to what it can't come to alone: {name}")
                after = (
                    self._placed(numbers, place, to),
                    on_hand + effect.on_hand,
                    cancels - effect.cancels,
                    excused + effect.uncovered,
                )
                yield f"{place}: {name}", after

    def _placed(self, numbers: tuple[int, ...], place: int, number: int) -> tuple[int, ...]:
        changed = (*numbers[:place], number, *numbers[place + 1 :])
        twins = self._shop.twins
        return (*sorted(changed[:twins]), *changed[twins:])

    def _groups(self, numbers: Sequence[int]) -> Iterator[tuple[int, int, int]]:
        """Twins in one class together: the place of the first, their class, how many they are."""
        twins, place = self._shop.twins, 0
        for number, alike in groupby(numbers[:twins]):
            count = len(list(alike))
            yield place, number, count
            place += count
        for place in range(twins, len(numbers)):
            yield place, numbers[place], 1

    def _ways(self, state: _Tuple, less: int) -> list[int]:
        """By group how many states its class stands for; of twins only counts how many are in which state."""
        return [
            math.comb(self._class(place, number).size + count - 1 - less, count - less)
            for place, number, count in self._groups(state[0])
        ]

    def _leaving(self, state: _Tuple) -> int:
        """How many steps leave the states that it stands for: one of a group takes a step, whatever the rest is in."""
        numbers, on_hand, cancels, _ = state
        ways = self._ways(state, 0)
        here = [self._class(place, number) for place, number in enumerate(numbers)]
        free = on_hand - sum(each.sight.bound for each in here)
        total = 0
        for index, (place, number, count) in enumerate(self._groups(numbers)):
            each = self._class(place, number)
            may_raise = not any(other.sight.is_hiding for at, other in enumerate(here) if at != place)
            steps = sum(many for effect, many in each.leaving if effect.is_possible(free, cancels, may_raise=may_raise))
            rest = math.comb(each.size + count - 2, count - 1)
            total += steps * rest * math.prod(ways[:index] + ways[index + 1 :])
        return total

    def _violation(self, state: _Tuple) -> str | None:
        numbers, on_hand, _, excused = state
        sights = [self._class(place, number).sight for place, number in enumerate(numbers)]
        return violation(sights, on_hand, excused, is_read=self._shop.is_read)

    def _path(self, state: _Tuple) -> tuple[str, ...]:
        names: list[str] = []
        at: _Tuple | None = state
        while at is not None:
            at, name = self._parents[at]
            names.append(name)
        return tuple(reversed(names[:-1]))
