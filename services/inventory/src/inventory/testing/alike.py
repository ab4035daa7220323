"""Which states of a channel are alike: those that it comes to by the same steps, as far as others notice them.

Whatever the others have done meanwhile, a channel may be in one of them exactly if it may be in all: a search needs to
look at one of each class. (In the words of the trade: the classes of a weak bisimulation, backward.)
"""

import dataclasses as dc
from collections.abc import Sequence

from inventory.testing.channel_graph import BEYOND, NOTHING, ChannelGraph, Effect
from inventory.testing.knots import knots


@dc.dataclass(frozen=True, slots=True)
class _Silence:
    """States between which nobody notices a step, as knots (each can be left for each) in the order of such steps."""

    knot: list[int]
    before: list[list[int]]
    noticed: list[tuple[Effect, int, int]]
    """Each other step: its effect, the state that it leaves, and the knot that it leads to."""


def classes(graph: ChannelGraph) -> list[int]:
    """By the number of a state its class; the start is in class 0.

    They are split for as long as states of one class can be come to from different classes. Two states in one class
    also look the same (`Sight`).
    """
    silence = _silence(graph)
    looks: dict[object, int] = {}
    groups = [looks.setdefault(each, len(looks)) for each in graph.sights]
    while True:
        origins = _origins(silence, groups)
        finer: dict[tuple[int, int], int] = {}
        split = [
            finer.setdefault((group, origins[knot]), len(finer))
            for group, knot in zip(groups, silence.knot, strict=True)
        ]
        if len(finer) == len(set(groups)):
            return groups
        groups = split


def _silence(graph: ChannelGraph) -> _Silence:
    """A step is noticed if it has an effect, or changes what is free or whether something is hidden."""
    silent: list[list[int]] = [[] for _ in graph.edges]
    noticed: list[tuple[Effect, int, int]] = []
    for number, edges in enumerate(graph.edges):
        here = graph.sights[number]
        for effect, to, _ in edges:
            if to == BEYOND:
                continue
            there = graph.sights[to]
            if effect == NOTHING and (here.bound, here.is_hiding) == (there.bound, there.is_hiding):
                silent[number].append(to)
            else:
                noticed.append((effect, number, to))
    knot = knots(silent)
    before: list[set[int]] = [set() for _ in range(max(knot) + 1)]
    for number, successors in enumerate(silent):
        for to in successors:
            if knot[to] != knot[number]:
                before[knot[to]].add(knot[number])
    return _Silence(knot, [sorted(each) for each in before], [(effect, at, knot[to]) for effect, at, to in noticed])


def _origins(silence: _Silence, groups: Sequence[int]) -> list[int]:
    """By knot: by which noticed steps, and from which groups, one comes to it; as the bits of a number.

    Bit 0: it may be come to from the start without any.
    """
    bits: dict[tuple[Effect, int], int] = {}
    origins = [0] * len(silence.before)
    origins[silence.knot[0]] = 1
    for effect, at, knot in silence.noticed:
        origins[knot] |= 1 << bits.setdefault((effect, groups[at]), len(bits) + 1)
    for knot, earlier in enumerate(silence.before):
        for other in earlier:
            origins[knot] |= origins[other]
    return origins
