"""What a channel needs of the others to be told a quantity: so many free units, and nothing else."""

import dataclasses as dc
from collections.abc import Iterator
from itertools import combinations_with_replacement
from typing import cast

from inventory.domain.escrow import strict
from inventory.domain.stock import Item, Offer
from inventory.testing.mechanics import Mechanics
from inventory.testing.normal_form import NOW

ALWAYS, NEVER = -(10**6), 10**6
"""What is needed where it may be told in any case, and where in none."""


class LawError(Exception):
    """One of the laws is broken by which channels may be looked at one by one. `path`: how to come to that."""

    def __init__(self, law: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(law)
        self.law = law
        self.path = path


@dc.dataclass(frozen=True, slots=True)
class _VeiledReading:
    sets_bound: bool


@dc.dataclass(frozen=True, slots=True)
class _VeiledShelf:
    bound: int
    reading: _VeiledReading | None


@dc.dataclass(frozen=True, slots=True)
class _Veiled:
    """Another channel, of which nothing can be seen but its bound and whether a reading set that."""

    shelf: _VeiledShelf


class Room:
    """Asks `can_issue` with every number of free units, whoever else holds whatever.

    `others`: so many channels at most. They are veiled: what `can_issue` answers without seeing more of them it answers
    for every state that they may be in. `has_readings`: they may have been read.
    """

    def __init__(self, mechanics: Mechanics, units: int, others: int, *, has_readings: bool) -> None:
        self._can_issue = mechanics.can_issue
        self._frees = range(-units - 1, units + 1)
        self._needs: dict[tuple[Offer, int], int] = {}
        self._open = tuple(_crowds(units, others, hiding=False))
        self._hiding = tuple(_crowds(units, others, hiding=True)) if has_readings else ()

    def need(self, offer: Offer, quantity: int) -> int:
        """The fewest free units with which it may be told `quantity`."""
        key = (offer, quantity)
        if key not in self._needs:
            try:
                self._needs[key] = self._asked(offer, quantity)
            except AttributeError as error:
                raise LawError(f"can_issue looks into another channel: {error}") from error
        return self._needs[key]

    def _asked(self, offer: Offer, quantity: int) -> int:
        fitting = [free for free in self._frees if self._answer(offer, quantity, free, self._open)]
        if fitting != list(self._frees)[len(self._frees) - len(fitting) :]:
            raise LawError(f"{quantity} may be told with {fitting} free units, but not with more")
        in_any_case = len(fitting) == len(self._frees)
        for free in self._frees if self._hiding else ():
            if self._answer(offer, quantity, free, self._hiding) != in_any_case:
                raise LawError(f"{quantity} may be told though a reading may hide sales of another channel")
        if in_any_case:
            return ALWAYS
        return fitting[0] if fitting else NEVER

    def _answer(self, offer: Offer, quantity: int, free: int, crowds: tuple[tuple[Offer, ...], ...]) -> bool:
        answers = set()
        for crowd in crowds:
            on_hand = free + offer.shelf.bound + sum(other.shelf.bound for other in crowd)
            item = Item("SKU", is_active=True, on_hand=on_hand, reserved=0, counted_at=None, offers=(offer, *crowd))
            answers.add(self._can_issue(item, offer, quantity, strict(item, offer, NOW)))
        if len(answers) > 1:
            raise LawError(f"whether {quantity} may be told depends on who holds what, not on what is free")
        return answers.pop()


def _crowds(units: int, others: int, *, hiding: bool) -> Iterator[tuple[Offer, ...]]:
    """Other channels that hold whatever they may; with `hiding` a reading set the bound of one of them."""
    for number in range(1 if hiding else 0, others + 1):
        for bounds in combinations_with_replacement(range(units + 1), number):
            for is_read_late in (False, True):
                readings = [_VeiledReading(sets_bound=False) if is_read_late else None] * number
                if hiding:
                    readings[0] = _VeiledReading(sets_bound=True)
                shelves = (_VeiledShelf(bound, reading) for bound, reading in zip(bounds, readings, strict=True))
                yield tuple(cast("Offer", _Veiled(shelf)) for shelf in shelves)
