"""A connector with feeds on the bench: its loops go round by round."""

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable

from contracts import AppliedStatus, StockApplied

from connector_sdk.feeds.bulk_writer import BulkWriter
from connector_sdk.feeds.feed_policy import FeedPolicy
from connector_sdk.feeds.feed_runner import FeedRunner
from connector_sdk.leader import Leader
from connector_sdk.marketplace import Marketplace
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pusher import Pusher
from connector_sdk.pushes import Push
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.targets import delivery

FAST = PushPolicy(rate=1000, burst=100, concurrency=4, backoff_seconds=0.01)
SOON = FeedPolicy(
    threshold=3,
    stuck=dt.timedelta(hours=1),
    pause=dt.timedelta(0),
    poll=dt.timedelta(0),
    gather=dt.timedelta(0),
    search=dt.timedelta(0),
)
IMPATIENT = FeedPolicy(
    threshold=3, stuck=dt.timedelta(seconds=0.2), poll=dt.timedelta(0), gather=dt.timedelta(0), pause=dt.timedelta(0)
)


class FeedBench:
    """A connector without its pusher's loop running by itself."""

    def __init__(self, database: ConnectorDatabase, leader: Leader, bulk: BulkWriter, marketplace: Marketplace) -> None:
        self.database = database
        self.leader = leader
        self._bulk = bulk
        self._marketplace = marketplace

    def runner(self, policy: FeedPolicy = SOON) -> FeedRunner:
        return self.database.feed_runner(self._bulk, self._marketplace, (FAST, policy), self.leader)

    def pusher(self) -> Pusher[Push]:
        return self.database.pusher(self._marketplace, FAST, self.leader)

    async def restock(self, count: int = 5, revision: int = 1, quantity: int = 9) -> None:
        await self.database.take_in(*(delivery(f"sku-{n}", revision, quantity) for n in range(count)))

    async def told(self, sku: str | None = None) -> list[StockApplied]:
        events = await self.database.published("channel.stock.applied")
        applied = [event.data for event in events if isinstance(event.data, StockApplied)]
        return [each for each in applied if sku in (None, each.sku)]

    async def statuses(self) -> Counter[AppliedStatus]:
        return Counter(each.status for each in await self.told())

    async def has_told(self, status: AppliedStatus, count: int) -> bool:
        return (await self.statuses())[status] >= count

    async def feed(self) -> tuple[str, str | None]:
        """State and fate of the newest."""
        (row,) = await self.database.rows("select state, fate from feeds order by opened_at desc limit 1")
        return row.state, row.fate

    async def in_flight(self) -> int:
        (row,) = await self.database.rows("select count(in_flight_revision) from pushes")
        return int(row[0])

    async def has_feed(self) -> bool:
        return bool(await self.database.rows("select key from feeds"))

    async def has_state(self, state: str) -> bool:
        """Whether a feed that is not closed is in it."""
        rows = await self.database.rows("select state from feeds where closed_at is null")
        return [row.state for row in rows] == [state]

    async def until_submitted(self, runner: FeedRunner) -> None:
        await go_on(runner.step, lambda: self.has_state("open"))

    async def until_closed(self, runner: FeedRunner, fate: str) -> None:
        async def is_closed() -> bool:
            return await self.has_feed() and (await self.feed())[1] == fate

        await go_on(runner.step, is_closed)


async def go_on(step: Callable[[], Awaitable[float]], is_done: Callable[[], Awaitable[bool]]) -> None:
    """Step until the condition holds.

    Raises:
        TimeoutError: it did not in time.
    """
    async with asyncio.timeout(20):
        while not await is_done():
            await step()
            await asyncio.sleep(0)
