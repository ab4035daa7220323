"""Strongly connected parts of a graph (Kosaraju's algorithm), without recursion, since graphs may be deep."""

from collections.abc import Iterator, Sequence

Graph = Sequence[Sequence[int]]
"""By node the nodes that follow it."""


def knots(graph: Graph) -> list[int]:
    """By node the number of its knot: nodes that follow each other both ways. An edge never leads to a lower number."""
    backward: list[list[int]] = [[] for _ in graph]
    for node, successors in enumerate(graph):
        for after in successors:
            backward[after].append(node)
    knot = [-1] * len(graph)
    count = 0
    for root in reversed(list(_left(graph))):
        if knot[root] >= 0:
            continue
        knot[root] = count
        waiting = [root]
        while waiting:
            for before in backward[waiting.pop()]:
                if knot[before] < 0:
                    knot[before] = count
                    waiting.append(before)
        count += 1
    return knot


def _left(graph: Graph) -> Iterator[int]:
    """All nodes, depth first, in the order in which they are left for good."""
    is_seen = [False] * len(graph)
    for root in range(len(graph)):
        if is_seen[root]:
            continue
        is_seen[root] = True
        path = [(root, iter(graph[root]))]
        while path:
            node, successors = path[-1]
            after = next((each for each in successors if not is_seen[each]), None)
            if after is None:
                path.pop()
                yield node
            else:
                is_seen[after] = True
                path.append((after, iter(graph[after])))
