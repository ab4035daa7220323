"""What one kind of channel can come to, class by class."""

import dataclasses as dc
from collections import Counter
from collections.abc import Iterator

from inventory.testing.alike import classes
from inventory.testing.channel_events import Setting
from inventory.testing.channel_graph import BEYOND, ChannelGraph, Edge, Effect, Explorer, Start
from inventory.testing.channel_steps import Manners
from inventory.testing.room import Room
from inventory.testing.sight import Sight


@dc.dataclass(frozen=True, slots=True)
class Alike:
    """A class of states. `edges` lead to other classes; `leaving`: how many steps leave its states, by their effect."""

    sight: Sight
    size: int
    edges: tuple[Edge, ...]
    leaving: tuple[tuple[Effect, int], ...]


@dc.dataclass(frozen=True, slots=True)
class Kind:
    """`states`: in all classes together. A channel starts in class 0."""

    states: int
    classes: tuple[Alike, ...]


def kind(start: Start, manners: Manners, setting: Setting, room: Room) -> Kind:
    """Raises LawError."""
    graph = Explorer(start, manners, setting, room).run()
    return Kind(len(graph.sights), tuple(_classes(graph)))


def _classes(graph: ChannelGraph) -> Iterator[Alike]:
    """The classes with the steps between them: one between any two of their states is one between all."""
    of_state = classes(graph)
    sizes = Counter(of_state)
    sights: dict[int, Sight] = {}
    names: dict[int, dict[tuple[Effect, int], str]] = {own: {} for own in sizes}
    leaving: dict[int, Counter[Effect]] = {own: Counter() for own in sizes}
    for number, own in enumerate(of_state):
        sights[own] = graph.sights[number]
        for effect, to, name in graph.edges[number]:
            leaving[own][effect] += 1
            names[own].setdefault((effect, BEYOND if to == BEYOND else of_state[to]), name)
    for own in range(len(sizes)):
        edges = tuple(Edge(effect, to, name) for (effect, to), name in names[own].items())
        yield Alike(sights[own], sizes[own], edges, tuple(leaving[own].items()))
