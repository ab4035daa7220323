"""Nodes that follow each other both ways are one knot."""

from hypothesis import given
from hypothesis import strategies as st
from inventory.testing.knots import Graph, knots

SIZE = 7
graphs = st.lists(st.lists(st.integers(0, SIZE - 1), max_size=3), min_size=SIZE, max_size=SIZE)


def followers(graph: Graph, node: int) -> set[int]:
    found, waiting = {node}, [node]
    while waiting:
        new = set(graph[waiting.pop()]) - found
        found |= new
        waiting += new
    return found


@given(graph=graphs)
def test_two_nodes_are_in_one_knot_exactly_if_each_follows_the_other(graph: Graph) -> None:
    knot = knots(graph)
    for one in range(SIZE):
        for other in range(SIZE):
            follow_each_other = other in followers(graph, one) and one in followers(graph, other)
            assert (knot[one] == knot[other]) is follow_each_other


@given(graph=graphs)
def test_no_edge_leads_to_a_lower_knot(graph: Graph) -> None:
    knot = knots(graph)
    assert set(knot) == set(range(max(knot) + 1))
    assert all(knot[node] <= knot[after] for node in range(SIZE) for after in graph[node])
