"""Exhaustive: every state that small shops can come to, with any planner that asks `can_issue`, holds the rules.

One channel beside any number of others (`is_crowded`) proves that no bound is ever too low, whatever the rest does.
What is at most how many stands in each shop below. Several channels together: `test_states_that_are_alike`.
"""

import dataclasses as dc

import pytest
from inventory.testing.channel_steps import Manners
from inventory.testing.model_check import ModelCheck, Shop

pytestmark = pytest.mark.timeout(400)

PLAIN = Manners(moves=2, doubts=False, refusals=False)
CALM = dc.replace(PLAIN, moves=1, writes=1)
SMALL = {
    "two units, refused": Shop(2, (dc.replace(PLAIN, refusals=True),), is_crowded=True),
    "one unit, refused or unknown": Shop(1, (Manners(moves=2),), is_crowded=True),
    "one unit, three moves": Shop(1, (dc.replace(PLAIN, moves=3),), is_crowded=True),
    "one unit, two partitions": Shop(1, (PLAIN,), partitions=2, is_crowded=True),
    "one unit, a cancellation": Shop(1, (CALM,), cancels=1, is_crowded=True),
    "one unit, readings": Shop(1, (dc.replace(CALM, readings=True),), is_crowded=True),
    "one unit, found on sale": Shop(
        1, (dc.replace(CALM, readings=True, entries=2),), shown=1, is_read=False, is_crowded=True
    ),
}


@pytest.mark.parametrize("name", SMALL)
def test_no_state_of_a_small_shop_oversells(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = ModelCheck(SMALL[name]).run()
    with capsys.disabled():
        print(f"\n  {name}: {report.states:,} states, {report.steps:,} steps", end="")  # noqa: T201 - it is the result
    assert report.violation is None, "\n".join((report.violation, *report.path))
    assert report.states > 1000
