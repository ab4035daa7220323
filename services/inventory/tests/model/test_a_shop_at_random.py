"""With the real planner and ledger: late, lost, doubled, reordered events, crashes, replays, hand edits, at random."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from inventory.testing import channel_events as events
from inventory.testing.channel_world import Placed
from inventory.testing.mechanics import PRODUCTION, Mechanics
from inventory.testing.mutants import IN_A_SHOP
from inventory.testing.simulated_shop import MARKETPLACES, POLICY, SimulatedShop

STEPS = 100_000
LONG = 200
taken: Counter[str] = Counter()
marketplaces = st.sampled_from(MARKETPLACES)
replicas = st.sampled_from((0, 1))
picks = st.integers(0, 7)
skews = st.sampled_from((-1.0, 0.0, 1.0))


def profile(examples: int) -> settings:
    """The same examples each time; to look further: derandomize=False and --hypothesis-seed=N."""
    return settings(
        derandomize=True,
        max_examples=examples,
        stateful_step_count=LONG,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )


class AShop(RuleBasedStateMachine):
    mechanics: Mechanics = PRODUCTION
    shop: SimulatedShop

    @initialize(units=st.integers(0, 12), one=skews, other=skews)
    def open(self, units: int, one: float, other: float) -> None:
        self.shop = SimulatedShop(units, (one, other), self.mechanics)

    @rule(seconds=st.sampled_from((1, 5, 30, 120, 600)))
    def wait(self, seconds: int) -> None:
        self.shop.pass_time(seconds)

    @rule(name=st.sampled_from(tuple(POLICY.weights)), units=st.integers(1, 3))
    def buy(self, name: str, units: int) -> None:
        for _ in range(min(units, self.shop.channels[name].shown)):
            self.shop.buy(name)

    @rule(name=marketplaces, how=st.sampled_from(("accept", "accept", "reach", "lose", "repeat", "refuse")), pick=picks)
    def submit(self, name: str, how: str, pick: int) -> None:
        told = self.shop.channels[name].told
        if not told:
            return
        index = pick % len(told)
        if how == "accept" or (how == "repeat" and told[index].quantity):
            self.shop.change(name, lambda channel: events.accept(channel, index))
        elif how == "repeat":
            self.shop.change(name, lambda channel: events.repeat_zero(channel, index))
        elif how == "refuse":
            self.shop.change(name, lambda channel: events.refuse(channel, index))
        else:
            self.shop.change(name, lambda channel: events.time_out(channel, index, reached=how == "reach"))

    @rule(name=marketplaces)
    def take_effect(self, name: str) -> None:
        if self.shop.channels[name].on_way:
            self.shop.change(name, events.take_effect)

    @rule(name=marketplaces, by_reading=st.booleans())
    def prove(self, name: str, by_reading: bool) -> None:  # noqa: FBT001 - Hypothesis calls it by name
        channel, shop = self.shop.channels[name], self.shop
        for told in channel.unproven:
            if by_reading:
                after = events.prove(channel, told, shop.clock(name), shop.setting)
            else:
                after = events.pass_ceiling(channel, told, shop.clock(name))
            if after is not None:
                shop.channels[name] = after
                return

    @rule(name=marketplaces, pick=picks)
    def hear(self, name: str, pick: int) -> None:
        """Anything that the connector ever said, the newest most often."""
        channel, shop = self.shop.channels[name], self.shop
        if not channel.facts:
            return
        fact = channel.facts[-1 - pick * pick % len(channel.facts)]
        shop.channels[name], _ = events.hear(channel, fact, shop.now, shop.setting)
        shop.plan()

    @rule(name=marketplaces)
    def look(self, name: str) -> None:
        self.shop.change(name, lambda channel: events.look(channel, self.shop.clock(name)))

    @rule(name=marketplaces)
    def publish(self, name: str) -> None:
        self.shop.publish(name)

    @rule(replica=replicas, records=st.integers(1, 4))
    def consume(self, replica: int, records: int) -> None:
        for _ in range(min(records, len(self.shop.log) - self.shop.positions[replica])):
            self.shop.consume(replica)

    @precondition(lambda self: self.shop.log)
    @rule(replica=replicas, back=st.integers(1, 10))
    def crash_or_replay(self, replica: int, back: int) -> None:
        self.shop.positions[replica] = max(0, self.shop.positions[replica] - back)

    @rule(name=marketplaces, restocks=st.booleans())
    def cancel(self, name: str, restocks: bool) -> None:  # noqa: FBT001 - Hypothesis calls it by name
        channel = self.shop.channels[name]
        if channel.open_orders:
            self.shop.change(name, lambda channel: events.cancel_known(channel, restocks=restocks))
            return
        for index, entry in enumerate(channel.stream):
            if isinstance(entry, Placed) and not entry.is_cancelled:
                self.shop.channels[name] = events.cancel_unseen(channel, index, restocks=restocks)
                return

    @rule(name=marketplaces, restocked=st.booleans())
    def publish_cancellation(self, name: str, restocked: bool) -> None:  # noqa: FBT001 - Hypothesis calls it by name
        if self.shop.unpublished_cancellations(name, restocked=restocked) > 0:
            self.shop.publish_cancellation(name, restocked=restocked)

    @rule(
        what=st.sampled_from(("restock", "count", "lose", "edit", "none", "none")),
        name=marketplaces,
        units=st.integers(-2, 3),
    )
    def seldom(self, what: str, name: str, units: int) -> None:
        if what == "restock":
            self.shop.restock(max(1, units))
        elif what in ("count", "lose"):
            self.shop.count(1 if what == "lose" else 0)
        elif what == "edit":
            self.shop.edit(name, units)

    @invariant()
    def holds(self) -> None:
        taken["steps"] += 1
        assert self.shop.broken() is None


@pytest.mark.timeout(900)
def test_a_shop_at_random_never_oversells(capsys: pytest.CaptureFixture[str]) -> None:
    run_state_machine_as_test(AShop, settings=profile(STEPS // LONG * 6 // 5))
    with capsys.disabled():
        print(f"\n  {taken['steps']:,} steps", end="")  # noqa: T201 - it is the result
    assert taken["steps"] >= STEPS


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", IN_A_SHOP)
def test_a_shop_at_random_finds(name: str) -> None:
    class Mistaken(AShop):
        mechanics = IN_A_SHOP[name]

    with pytest.raises(AssertionError, match=r"too low|do not exist"):
        run_state_machine_as_test(
            Mistaken, settings=settings(profile(2000), phases=(Phase.generate,), derandomize=True)
        )
