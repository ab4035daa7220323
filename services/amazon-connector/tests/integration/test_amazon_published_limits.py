"""The connector against a sandbox that enforces Amazon's published limits, with faster seconds."""

import asyncio
import datetime as dt
import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from amazon_connector.marketplace import AmazonMarketplace
from connector_sdk.marketplace import LineResult, StockLine
from connector_sdk.order_reader import OrderReader, ReadPolicy
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pusher import Pusher
from connector_sdk.pushes import Patience, Push
from connector_sdk.testing.database import ACCOUNT, ConnectorDatabase
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waiting import eventually
from contracts import Urgency

pytestmark = pytest.mark.integration

TIME_SCALE = 12
"""So many of Amazon's seconds pass in one."""
PUBLISHED_RATE, PUBLISHED_BURST = 5.0, 5
CONCURRENCY = 8
PATIENCE = Patience(dt.timedelta(seconds=300), dt.timedelta(seconds=60))
POLICY = PushPolicy(
    rate=PUBLISHED_RATE * TIME_SCALE,
    burst=PUBLISHED_BURST - 1,
    concurrency=CONCURRENCY,
    backoff_seconds=1 / TIME_SCALE,
    patience=PATIENCE,
)


class _Amazon:
    """The stand-in's own record of what it was asked."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_sandbox"

    async def set_up(self, skus: Sequence[str], **faults: object) -> None:
        async with httpx.AsyncClient() as http:
            listings = [{"external_sku": f"X-{sku}", "quantity": 50} for sku in skus]
            (await http.post(f"{self._url}/listings", json=listings)).raise_for_status()
        await self.put_faults(**faults)

    async def put_faults(self, **faults: object) -> None:
        async with httpx.AsyncClient() as http:
            (await http.put(f"{self._url}/faults", json={"time_scale": TIME_SCALE, **faults})).raise_for_status()

    async def writes(self) -> list[dict[str, Any]]:
        async with httpx.AsyncClient(timeout=60) as http:
            calls = (await http.get(f"{self._url}/calls")).json()
        return [call for call in calls if call["method"] == "PATCH"]

    async def state(self) -> dict[str, Any]:
        async with httpx.AsyncClient(timeout=60) as http:
            state: dict[str, Any] = (await http.get(f"{self._url}/state")).json()
        return state


async def _work(pusher: Pusher[Push], database: ConnectorDatabase, *, until_left: int = 0) -> None:
    """Push until no more than so many listings wait."""
    async with asyncio.timeout(50):
        while True:
            await pusher.step()
            (left,) = await database.rows("select count(*) from pushes where state = 'pending' and not closed")
            if left[0] <= until_left:
                return


class _Replica:
    """A process that pushes. Once killed it sends nothing more, and records and gives back nothing."""

    def __init__(self, marketplace: AmazonMarketplace, database: ConnectorDatabase) -> None:
        self._marketplace = marketplace
        self._is_killed = False
        self.capabilities = marketplace.capabilities
        self.push_prices, self.read_listings = marketplace.push_prices, marketplace.read_listings
        self.fetch_orders, self.fetch_order = marketplace.fetch_orders, marketplace.fetch_order
        self.search_listings, self.check_account = marketplace.search_listings, marketplace.check_account
        self.dry_run, self.estimate_fees = marketplace.dry_run, marketplace.estimate_fees
        self.confirm_shipment = marketplace.confirm_shipment
        self._leader = database.leader()
        self.pusher = database.pusher(self, POLICY, self._leader)

    async def push_stock(self, lines: Sequence[StockLine]) -> Sequence[LineResult]:
        return [] if self._is_killed else await self._marketplace.push_stock(lines)

    async def kill(self) -> None:
        self._is_killed = True
        await self._leader.close()


def _targets(skus: Sequence[str], revision: int = 1) -> list[Any]:
    """The last third goes to zero and the middle one down: the most urgent must not be found first by their names."""
    third = len(skus) // 3
    increases = [delivery(sku, revision, 60, urgency=Urgency.INCREASE) for sku in skus[:third]]
    decreases = [delivery(sku, revision, 40, urgency=Urgency.DECREASE) for sku in skus[third : 2 * third]]
    zeros = [delivery(sku, revision, 0, urgency=Urgency.DECREASE) for sku in skus[2 * third :]]
    return [*increases, *decreases, *zeros]


_RANKS = {0: 0, 40: 1, 60: 2}


def _misplaced(writes: Sequence[dict[str, Any]]) -> int:
    """How far at most a call stood from its place in the order of urgency."""
    ranks = [_RANKS[call["quantity"]] for call in writes]
    places = sorted(range(len(ranks)), key=lambda place: (ranks[place], place))
    return max(abs(place - should) for should, place in enumerate(places))


def _allowed_share(writes: Sequence[dict[str, Any]]) -> float:
    """The time that the calls took by Amazon's clock, against the shortest that its limit allows."""
    times = [dt.datetime.fromisoformat(call["at"]) for call in writes]
    taken = (max(times) - min(times)).total_seconds() * TIME_SCALE
    return taken / ((len(writes) - PUBLISHED_BURST) / PUBLISHED_RATE)


async def test_two_thousand_changes_at_once_arrive_in_order_and_at_the_speed_that_amazon_allows(
    amazon_url: str, marketplace: AmazonMarketplace, database: ConnectorDatabase
) -> None:
    skus, amazon = [f"sku-{number:04d}" for number in range(2000)], _Amazon(amazon_url)
    await amazon.set_up(skus, limit_scale=1, live_delay_s=[5, 60])
    targets = _targets(skus)
    await database.take_in(*targets)
    leader = database.leader()
    pusher = database.pusher(marketplace, POLICY, leader)
    await _work(pusher, database)
    await pusher.close()

    writes = await amazon.writes()
    accepted = [call for call in writes if call["status"] == 200]
    print(len(writes) - len(accepted), "throttled,", f"{_allowed_share(accepted):.3f} of the time allowed")  # noqa: T201 - the figure
    assert Counter(call["external_sku"] for call in accepted) == dict.fromkeys((f"X-{sku}" for sku in skus), 1)
    assert len(writes) - len(accepted) <= 20
    assert _misplaced(accepted) <= 3 * CONCURRENCY
    assert _allowed_share(accepted) <= 1.15

    async def all_live() -> bool:
        return int((await amazon.state())["on_their_way"]) == 0

    await eventually(all_live, within_seconds=PATIENCE.ceiling.total_seconds() / TIME_SCALE)
    assert (await amazon.state())["listings"] == {
        target.data.external_sku: {"quantity": target.data.quantity} for target in targets
    }


async def test_a_new_leader_keeps_the_order_and_repeats_nothing_and_has_no_burst_of_its_own(
    amazon_url: str, marketplace: AmazonMarketplace, database: ConnectorDatabase
) -> None:
    skus, amazon = [f"sku-{number:04d}" for number in range(450)], _Amazon(amazon_url)
    await amazon.set_up(skus, limit_scale=1)
    await database.take_in(*_targets(skus))
    replicas = [_Replica(marketplace, database) for _ in range(4)]
    for left, (dying, heir) in zip((350, 225, 100), itertools.pairwise(replicas), strict=True):
        await dying.pusher.step()
        assert await heir.pusher.step() > 0, "one leads, the other stands by"
        await _work(dying.pusher, database, until_left=left)
        await dying.kill()
    last = replicas[-1].pusher
    await _work(last, database)
    unknown = await database.rows("select sku from pushes where closed")
    await database.follow_up()
    await _work(last, database)
    for replica in replicas:
        await replica.pusher.close()

    writes = await amazon.writes()
    accepted = [call for call in writes if call["status"] == 200]
    again = sum(Counter(call["external_sku"] for call in accepted).values()) - len(skus)
    print(len(writes) - len(accepted), "throttled,", again, "again,", len(unknown), "unknown")  # noqa: T201
    assert len(writes) - len(accepted) <= 9
    assert again <= 3 * CONCURRENCY, "what was under way at a death"
    assert _misplaced(accepted[: len(accepted) - len(unknown)]) <= 5 * CONCURRENCY
    state = await amazon.state()
    assert {sku: listing["quantity"] for sku, listing in state["listings"].items()} == {
        target.data.external_sku: target.data.quantity for target in _targets(skus)
    }


async def test_a_rate_far_below_the_published_one_is_found_and_left_again(
    amazon_url: str, marketplace: AmazonMarketplace, database: ConnectorDatabase
) -> None:
    skus, amazon = [f"sku-{number:04d}" for number in range(400)], _Amazon(amazon_url)
    await amazon.set_up(skus, limit_scale=0.1)
    await database.take_in(*_targets(skus))
    pusher = database.pusher(marketplace, POLICY, database.leader())
    await _work(pusher, database, until_left=340)
    slow = await amazon.writes()
    assert pusher.rate <= 0.2 * POLICY.rate
    assert sum(call["status"] == 429 for call in slow) <= 15

    await amazon.put_faults(limit_scale=1)
    await _work(pusher, database)
    await pusher.close()
    later = (await amazon.writes())[len(slow) :]
    print(sum(c["status"] == 429 for c in slow), "throttled of", len(slow), "then", len(later), "at", pusher.rate)  # noqa: T201
    assert pusher.rate >= 0.8 * POLICY.rate
    assert sum(call["status"] == 429 for call in later) <= 5


async def test_a_restart_loop_and_a_second_replica_share_one_allowance_of_searches(
    amazon_url: str, marketplace: AmazonMarketplace, database: ConnectorDatabase
) -> None:
    amazon = _Amazon(amazon_url)
    await amazon.set_up(["A"], limit_scale=1)
    for _ in range(25):
        leader, standby = database.leader(), database.leader()
        pauses = [
            await OrderReader(ACCOUNT, marketplace, database.worker, each, ReadPolicy()).step()
            for each in (leader, standby)
        ]
        assert min(pauses) > 0
        await leader.close()
        await standby.close()

    async with httpx.AsyncClient() as http:
        calls = (await http.get(f"{amazon_url}/_sandbox/calls")).json()
    searches = [call["status"] for call in calls if call["path"] == "/orders/2026-01-01/orders"]
    assert searches == [200]
