"""Where the last units of a SKU should stand when the storefront asks before it sells, and whose are fetched first.

A small decision problem, solved exactly: buyers come one by one, each to a channel by its share. Who finds nothing on a
marketplace is lost; a buyer of the storefront waits until a marketplace has been lowered. Moves take no time here.
"""

import dataclasses as dc
import functools
import itertools

Units = tuple[int, ...]
"""On each marketplace of `Stakes`, in its order. Whatever else there is is the storefront's."""


@dc.dataclass(frozen=True, slots=True)
class Stakes:
    """What counts, in buyers turned away. `own`: the storefront's share of the buyers; 0 where it is not active.

    By marketplace: `shares` of the buyers, and `waits`: what it costs that a buyer waits for its unit. `call`: what a
    call costs. `again`: how likely one more buyer comes.
    """

    own: int
    shares: tuple[int, ...]
    waits: tuple[float, ...]
    call: float
    again: float


def best(stakes: Stakes, held: Units, own: int, missed: tuple[float, ...]) -> Units:
    """What each marketplace should hold if it holds `held` now, and the storefront `own` units.

    `missed`: by marketplace, the buyers who come while it is empty because it is lowered.
    """
    total = own + sum(held)

    def cost(units: Units) -> float:
        empty = sum(each for each, before, after in zip(missed, held, units, strict=True) if after < before)
        return empty + stakes.call * _calls(held, own, units) + _value(stakes, units, total - sum(units))

    return min(_splits(total, len(held)), key=cost)


def donor_of(stakes: Stakes, held: Units) -> int:
    """The place of the marketplace to lower for a buyer of the storefront who waits: all its units are fetched.

    Raises:
        ValueError: no marketplace holds a unit.
    """
    return min(_donors(held), key=lambda place: _fetched(stakes, held, place))


@functools.lru_cache(maxsize=100_000)
def _value(stakes: Stakes, held: Units, own: int) -> float:
    """What is expected to be lost from now on, if nothing is moved until the next buyer has come."""
    finding = [share if units else 0 for share, units in zip(stakes.shares, held, strict=True)]
    everybody = stakes.own + sum(stakes.shares)
    if not own + sum(held) or not everybody:
        return 0.0
    away = (sum(stakes.shares) - sum(finding)) / everybody
    lost = away
    for place, share in enumerate(finding):
        lost += share / everybody * (_moved(stakes, _less(held, place, 1), own) if share else 0.0)
    if stakes.own and own:
        lost += stakes.own / everybody * _moved(stakes, held, own - 1)
    elif stakes.own:
        lost += stakes.own / everybody * min(_fetched(stakes, held, place) for place in _donors(held))
    return stakes.again * lost / (1 - stakes.again * away)


@functools.lru_cache(maxsize=100_000)
def _moved(stakes: Stakes, held: Units, own: int) -> float:
    """The same, if units are moved now as is best."""
    total = own + sum(held)
    return min(
        stakes.call * _calls(held, own, units) + _value(stakes, units, total - sum(units))
        for units in _splits(total, len(held))
    )


def _fetched(stakes: Stakes, held: Units, place: int) -> float:
    """The same, if the storefront holds nothing and a marketplace is emptied for its buyer."""
    return stakes.waits[place] + stakes.call + _moved(stakes, _less(held, place, held[place]), held[place] - 1)


def _donors(held: Units) -> list[int]:
    return [place for place, units in enumerate(held) if units]


def _less(held: Units, place: int, units: int) -> Units:
    return (*held[:place], held[place] - units, *held[place + 1 :])


def _calls(held: Units, own: int, units: Units) -> int:
    """A shelf that is not empty is changed by way of zero, unless all of its new quantity is there beside the old."""
    calls = 0
    for before, after in zip(held, units, strict=True):
        is_one_step = not before or not after or before < after <= own
        calls += 0 if before == after else 1 if is_one_step else 2
    return calls


@functools.lru_cache(maxsize=1000)
def _splits(total: int, places: int) -> tuple[Units, ...]:
    """All ways to put up to `total` units on so many marketplaces."""
    return tuple(units for units in itertools.product(range(total + 1), repeat=places) if sum(units) <= total)
