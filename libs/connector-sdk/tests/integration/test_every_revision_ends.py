"""Whatever happens, each revision that a connector takes in is reported to have ended, and in one way only."""

import asyncio
import dataclasses as dc
import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

import pytest
from connector_sdk import leases, pushes
from connector_sdk.marketplace import LineResult, Outcome, StockLine
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pusher import Pusher
from connector_sdk.pushes import Patience, Push
from connector_sdk.testing.database import ACCOUNT, ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waiting import eventually
from connector_sdk.withdrawal import Withdrawal
from contracts import AppliedStatus, StockApplied, StockTarget
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from runtime.records import Delivery

pytestmark = pytest.mark.integration

PATIENCE = Patience(ceiling=dt.timedelta(hours=1), read_after=dt.timedelta(0))
POLICY = PushPolicy(
    rate=5000, burst=500, backoff_seconds=0.001, quarantine_after=2, unauthorised_seconds=0.001, patience=PATIENCE
)
ENDS = {AppliedStatus.LIVE, AppliedStatus.REJECTED, AppliedStatus.SUPERSEDED, AppliedStatus.UNKNOWN}
SKUS = ("A", "B")

TARGETS = st.tuples(
    st.just("targets"), st.lists(st.tuples(st.sampled_from(SKUS), st.integers(0, 2)), min_size=1, max_size=3)
)
ANSWERS = st.tuples(st.just("answer"), st.sampled_from([o for o in Outcome if o is not Outcome.UNSUPPORTED]))
HOLDS = st.tuples(st.just("hold"), st.sampled_from(SKUS))
EVENTS = st.tuples(
    st.sampled_from(["push", "push", "submit and die", "claim and die", "replay", "pause", "ceiling", "withdraw"]),
    st.none(),
)


class _Marketplace(FakeMarketplace):
    """Knows which revisions have, or may have, changed something."""

    def __init__(self) -> None:
        super().__init__()
        self.reached: set[tuple[str, int]] = set()

    async def push_stock(self, lines: Sequence[StockLine]) -> Sequence[LineResult]:
        results = await super().push_stock(lines)
        for line, result in zip(lines, results, strict=True):
            if result.outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN):
                self.reached.add((line.sku, line.revision))
        return results


@dc.dataclass
class _World:
    """A connector, and what is true of it whoever asks."""

    database: ConnectorDatabase
    marketplace: _Marketplace = dc.field(default_factory=_Marketplace)
    history: list[Delivery[StockTarget]] = dc.field(default_factory=list)
    revisions: dict[str, int] = dc.field(default_factory=lambda: dict.fromkeys(SKUS, 0))
    pusher: Pusher[Push] | None = None

    async def targets(self, wanted: list[tuple[str, int]]) -> None:
        batch = []
        for sku, quantity in wanted:
            self.revisions[sku] += 1
            batch.append(delivery(sku, self.revisions[sku], quantity))
        self.history += batch
        await self.database.take_in(*batch)

    async def answer(self, outcome: Outcome) -> None:
        self.marketplace.default = outcome

    async def push(self, _: None = None) -> None:
        self.pusher = self.pusher or self.database.pusher(self.marketplace, POLICY)
        for _round in range(3):
            await self.pusher.step()

    async def submit_and_die(self, _: None) -> None:
        """Calls go out, and nobody records what became of them."""
        await self.stop()
        leader = self.database.leader()
        pusher = self.database.pusher(self.marketplace, POLICY, leader)
        for _round in range(2):
            await pusher.step()
        await leader.close()

    async def claim_and_die(self, _: None) -> None:
        await self.stop()
        async with self.database.worker.begin() as work:
            await pushes.claim(work.connection, 1, "a leader that died", work.now)

    async def replay(self, _: None) -> None:
        await self.database.take_in(*self.history)

    async def pause(self, _: None) -> None:
        await self.database.run(
            "update channel_state set paused = not paused, stopped_since = case when not paused then now() end"
        )

    async def ceiling(self, _: None = None) -> None:
        """An hour goes by."""
        await self.stop()
        hour = "interval '61 minutes'"
        await self.database.run(
            f"update pushes set accepted_at = accepted_at - {hour}, earlier_until = earlier_until - {hour}"  # noqa: S608 - a constant
        )
        leader = self.database.leader()
        await self.database.verifier(self.marketplace, PATIENCE, leader).step()
        await leader.close()

    async def withdraw(self, _: None) -> None:
        await self.stop()
        leader = self.database.leader()
        await Withdrawal(ACCOUNT, self.database.worker, leader, dt.timedelta(0)).step()
        await leader.close()

    async def hold(self, sku: str) -> None:
        """From now on calls for this listing stay under way, until the pusher stops."""
        self.marketplace.held.setdefault(f"X-{sku}", asyncio.Event())

    async def stop(self) -> None:
        for event in self.marketplace.held.values():
            event.set()
        self.marketplace.held.clear()
        if self.pusher:
            await self.pusher.close()
        self.pusher = None

    async def come_to_rest(self) -> None:
        await self.stop()
        self.marketplace.default = Outcome.ACCEPTED
        await self.database.run("update channel_state set paused = false, stopped_since = null")

        async def is_at_rest() -> bool:
            await self.push()
            await self.database.run("update pushes set next_attempt_at = now() where next_attempt_at > now()")
            return not await self.database.rows(
                "select 1 from pushes where in_flight_revision is not null"
                " or state in ('pending', 'quarantined') and not closed"
            )

        await eventually(is_at_rest)
        await self.ceiling()

    async def ends(self) -> dict[tuple[str, int], list[AppliedStatus]]:
        ends: dict[tuple[str, int], list[AppliedStatus]] = defaultdict(list)
        for event in await self.database.published("channel.stock.applied"):
            told = event.data
            if isinstance(told, StockApplied) and told.revision is not None and told.status in ENDS:
                assert (told.may_go_live_until is not None) == (told.status is AppliedStatus.UNKNOWN)
                ends[told.sku, told.revision].append(told.status)
        return ends


@given(steps=st.lists(st.one_of(TARGETS, TARGETS, ANSWERS, HOLDS, EVENTS), min_size=4, max_size=20))
@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_every_revision_ends_once_and_is_superseded_only_if_it_was_never_submitted(
    database: ConnectorDatabase, steps: list[tuple[str, object]]
) -> None:
    await database.run("truncate pushes, outbox")
    await database.run("update channel_state set paused = false, stock_refused = null, stopped_since = null")
    world = _World(database)
    try:
        for name, argument in steps:
            await getattr(world, name.replace(" ", "_"))(argument)
        await world.come_to_rest()
    finally:
        await world.stop()

    ends = await world.ends()
    taken_in = {(each.data.sku, each.data.revision) for each in world.history}
    assert {key: len(found) for key, found in ends.items()} == dict.fromkeys(taken_in, 1)
    superseded = {key for key, found in ends.items() if found == [AppliedStatus.SUPERSEDED]}
    assert not superseded & world.marketplace.reached
    live = {key for key, found in ends.items() if found == [AppliedStatus.LIVE]}
    assert live <= world.marketplace.reached


async def test_a_revision_between_one_in_flight_and_the_newest_is_not_forgotten(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("A", 1, 5))
    async with database.worker.begin() as work:
        await pushes.claim(work.connection, 5, "a leader that died", work.now)
    await database.take_in(delivery("A", 2, 4))
    await database.take_in(delivery("A", 3, 3))
    async with database.worker.begin() as work:
        (call,) = await leases.clear(work.connection, "the next", work.now, PATIENCE)

    assert (call.revision, call.has_ended) == (1, True)
    told = [event.data for event in await database.published("channel.stock.applied")]
    assert [(e.revision, e.status) for e in told if isinstance(e, StockApplied)] == [(2, AppliedStatus.SUPERSEDED)]
