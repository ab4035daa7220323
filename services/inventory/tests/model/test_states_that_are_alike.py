"""Looking at one of each class of states counts what looking at every state counts, and ends in far larger shops."""

import dataclasses as dc

import pytest
from inventory.testing.channel_steps import STOREFRONT, Manners
from inventory.testing.class_check import ClassCheck
from inventory.testing.model_check import ModelCheck, Shop

pytestmark = pytest.mark.timeout(400)

PLAIN = Manners(moves=2, doubts=False, refusals=False)
CALM = dc.replace(PLAIN, moves=1, writes=1)
CALM_STOREFRONT = dc.replace(STOREFRONT, moves=1)
REFUSING = dc.replace(PLAIN, refusals=True)
WALKED = {
    "one unit, two marketplaces and a storefront": Shop(1, (CALM, CALM, CALM_STOREFRONT), twins=2),
    "two units, two marketplaces and a storefront": Shop(2, (CALM, CALM, CALM_STOREFRONT), twins=2),
    "one unit, two moves each": Shop(1, (dc.replace(PLAIN, writes=1),) * 2, twins=2),
    "one unit, three that no one tells apart": Shop(1, (CALM,) * 3, twins=3),
    "one unit, three each by itself": Shop(1, (CALM,) * 3),
    "one unit, a cancellation on either": Shop(1, (CALM, CALM_STOREFRONT), cancels=1),
    "two units, refused": Shop(2, (REFUSING,), is_crowded=True),
    "one unit, unknown": Shop(1, (Manners(moves=2),), is_crowded=True),
    "one unit, two partitions": Shop(1, (PLAIN,), partitions=2, is_crowded=True),
    "one unit, readings": Shop(1, (dc.replace(CALM, readings=True, entries=2),), is_crowded=True),
}
UNTOLD = 6
"""With three units no channel ever has more sales and watermarks that the inventory does not know: no limit at all."""
MARKETPLACE = dc.replace(REFUSING, entries=UNTOLD)
THREE_UNITS = Shop(3, (MARKETPLACE, MARKETPLACE, dc.replace(STOREFRONT, entries=UNTOLD)), twins=2)


def say(result: str, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n  {result}", end="")  # noqa: T201 - it is the result


@pytest.mark.parametrize("name", WALKED)
def test_classes_stand_for_every_state_and_step(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    one_by_one, by_classes = ModelCheck(WALKED[name]).run(), ClassCheck(WALKED[name]).run()
    say(f"{name}: {one_by_one.states:,} states, {one_by_one.steps:,} steps", capsys)
    assert (by_classes.states, by_classes.steps) == (one_by_one.states, one_by_one.steps)
    assert by_classes.violation is one_by_one.violation is None
    assert by_classes.walked < one_by_one.states


def test_three_units_on_two_marketplaces_and_a_storefront_are_never_oversold(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every interleaving of at most two writes on their way to each, follow-ups, refusals and watermarks."""
    report = ClassCheck(THREE_UNITS).run()
    say(f"{report.states:,} states, {report.steps:,} steps in {report.walked:,} tuples of classes", capsys)
    assert report.violation is None, "\n".join((report.violation, *report.path))
    assert report.states > 20_000_000_000
