"""A listing that comes back from zero waits for its price; nothing else does."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inventory.domain import planning
from inventory.domain.allocation import Policy, allocate
from inventory.domain.price_waits import NO_WAITS, PriceGate, PriceWaits, Reason, Wait
from inventory.domain.shelf import Shelf
from inventory.domain.stock import Item, Offer
from inventory.domain.targets import Target
from inventory.domain.terms import Terms

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
WEIGHTS = {"saberstore": 30, "amazon": 35, "noon": 35}
POLICY = Policy(weights=WEIGHTS, storefront="saberstore", buffer_percent=0)
PATIENCE = dt.timedelta(minutes=15)
COMPUTED = Wait(Reason.COMPUTED)
FRESH = Wait(Reason.UNCONFIRMED, NOW - dt.timedelta(minutes=1))
OLD = Wait(Reason.UNCONFIRMED, NOW - PATIENCE)
REFUSED = Wait(Reason.REFUSED, NOW)


def item(on_hand: int = 100, **bounds: int) -> Item:
    offers = tuple(
        Offer(name, name, is_active=True, quantity=bounds.get(name, 0), shelf=Shelf(bounds.get(name, 0)))
        for name in WEIGHTS
    )
    return Item("A", True, on_hand, 0, None, offers, changed_at=NOW - dt.timedelta(days=1))  # noqa: FBT003 - as it stands in the row


def plan(before: Item, **waits: Wait) -> tuple[Item, list[Target]]:
    gate = PriceGate(waits, NOW, PATIENCE)
    terms = Terms(storefront="saberstore", shares=WEIGHTS)
    found = planning.rebalance(gate.closed(before), gate.policy(POLICY), terms, {}, NOW)
    return gate.reopened(found.item, before), [*found.targets]


def told(targets: list[Target]) -> dict[str, int]:
    return {target.offer.channel: target.quantity for target in targets}


@pytest.mark.parametrize("wait", [COMPUTED, FRESH])
def test_its_share_is_kept_for_a_while(wait: Wait) -> None:
    planned, targets = plan(item(), amazon=wait)
    assert told(targets) == {"saberstore": 30, "noon": 35}
    assert planned.free == 35
    assert all(offer.shelf.retry_at is None for offer in planned.offers)


@pytest.mark.parametrize("wait", [OLD, REFUSED])
def test_then_its_share_goes_to_the_others_and_the_target_says_why(wait: Wait) -> None:
    planned, targets = plan(item(), amazon=wait)
    assert told(targets) == {"saberstore": 46, "noon": 54}
    assert planned.free == 0
    [step] = [step for step in targets[0].allocation.steps if step.name == "held"]
    assert wait.reason in step.words


def test_a_channel_that_was_refused_a_raise_keeps_its_own_back_off() -> None:
    before = item()
    amazon = before.offers[1]
    later = NOW + dt.timedelta(hours=1)
    before = before.having(amazon.having(Shelf(retry_at=later)))
    assert plan(before, amazon=FRESH)[0].offers[1].shelf.retry_at == later


def test_when_to_look_again() -> None:
    def seconds(**waits: Wait) -> float | None:
        moment = PriceGate(waits, NOW, PATIENCE).look_at()
        return (moment - NOW).total_seconds() if moment else None

    assert seconds() is None
    assert seconds(amazon=COMPUTED) == 1
    assert seconds(amazon=FRESH, noon=REFUSED) == 15
    assert seconds(amazon=OLD) == 300


def test_only_what_is_pending_waits() -> None:
    waits = PriceWaits({("A", "noon"): FRESH, ("B", "amazon"): FRESH})
    assert waits.of(item()) == {"noon": FRESH}
    assert NO_WAITS.of(item()) == {}


@given(
    st.integers(-5, 200),
    st.fixed_dictionaries({name: st.integers(0, 40) for name in WEIGHTS}),
    st.dictionaries(st.sampled_from(["amazon", "noon"]), st.sampled_from([COMPUTED, FRESH, OLD, REFUSED])),
)
def test_whatever_waits_is_never_raised_and_the_others_stay_within_what_there_is(
    on_hand: int, bounds: dict[str, int], waits: dict[str, Wait]
) -> None:
    """As the book asks only of what is empty."""
    before = item(on_hand, **(bounds | dict.fromkeys(waits, 0)))
    planned, targets = plan(before, **waits)
    assert {target.offer.channel for target in targets if target.quantity} & waits.keys() == set()
    assert all(planned.offer(channel) == before.offer(channel) for channel in waits)
    held = sum(offer.shelf.bound for offer in planned.offers)
    assert held <= max(sum(offer.shelf.bound for offer in before.offers), on_hand)


@given(st.integers(0, 500), st.sets(st.sampled_from(sorted(WEIGHTS))))
def test_what_is_held_back_gets_nothing_and_nothing_is_lost(available: int, held: set[str]) -> None:
    policy = Policy(WEIGHTS, "saberstore", held=dict.fromkeys(held, "it waits"))
    found = allocate(available, [*WEIGHTS], policy)
    assert all(found.units[channel] == 0 for channel in held)
    assert sum(found.units.values()) + found.unallocated == found.sellable
    plain = allocate(available, [channel for channel in WEIGHTS if channel not in held], POLICY_WITH_BUFFER)
    assert dict(found.units) == dict(plain.units)


POLICY_WITH_BUFFER = Policy(WEIGHTS, "saberstore")
