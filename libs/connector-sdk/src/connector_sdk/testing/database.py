"""A connector's database, with what its outbox holds."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from contracts import AnyEvent, parse, partition_counts
from runtime.clock import system_clock
from runtime.database import create_engine
from runtime.migrations import upgrade
from runtime.outbox import Outbox
from runtime.records import Delivery
from runtime.telemetry import Telemetry
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from connector_sdk.account import Account
from connector_sdk.account_check import AccountCheck
from connector_sdk.desire import Desire
from connector_sdk.feeds.bulk_writer import BulkWriter
from connector_sdk.feeds.feed_outcomes import FeedOutcomes
from connector_sdk.feeds.feed_policy import FeedPolicy
from connector_sdk.feeds.feed_runner import FeedRunner
from connector_sdk.leader import Leader
from connector_sdk.listing_reads import ListingReads
from connector_sdk.marketplace import Marketplace
from connector_sdk.observer import Observer
from connector_sdk.price_desire import PriceDesire
from connector_sdk.price_pushes import PricePush
from connector_sdk.price_queue import PriceQueue
from connector_sdk.price_verifier import PriceVerifier
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pusher import Pusher
from connector_sdk.pushes import Patience, Push
from connector_sdk.reading_requests import ReadingRequests
from connector_sdk.reconciler import Reconciler
from connector_sdk.registrar import Registrar
from connector_sdk.registry import Pace
from connector_sdk.reports.listing_report import ListingReporter
from connector_sdk.reports.report_policy import ReportPolicy
from connector_sdk.reports.report_runner import ReportRunner
from connector_sdk.rhythm import Rhythm
from connector_sdk.shipment_desire import ShipmentDesire
from connector_sdk.shipment_queue import ShipmentQueue
from connector_sdk.shipments import ShipmentPush
from connector_sdk.stock_queue import StockQueue
from connector_sdk.testing.targets import CHANNEL, delivery
from connector_sdk.token_bucket import TokenBucket
from connector_sdk.verifier import Verifier

SCHEMA = "test_connector"
ACCOUNT = Account(CHANNEL, "seller-1", ("TESTMART_KEY", "TESTMART_SECRET"))


class ConnectorDatabase:
    """Opened by `open_database`."""

    def __init__(self, url: str, engine: AsyncEngine, telemetry: Telemetry) -> None:
        self.url = url
        self._engine = engine
        self.telemetry = telemetry
        self.worker = Worker(
            engine,
            Outbox(SCHEMA, partition_counts()),
            group="test-connector",
            clock=system_clock,
            telemetry=telemetry,
        )

    async def take_in(self, *deliveries: Delivery[Any]) -> None:
        """Handle one batch of targets."""
        async with self.worker.begin() as work:
            await Desire(CHANNEL, Patience()).handle(deliveries, work)

    async def note_listings(self, *deliveries: Delivery[Any]) -> None:
        """Handle one batch of listings."""
        async with self.worker.begin() as work:
            await ReadingRequests(CHANNEL, can_read=True).note_listings(deliveries, work)

    async def take_in_prices(self, *deliveries: Delivery[Any], can_write: bool = True) -> None:
        """Handle one batch of price targets."""
        async with self.worker.begin() as work:
            await PriceDesire(CHANNEL, can_write=can_write).handle(deliveries, work)

    async def take_in_shipments(self, *deliveries: Delivery[Any], can_confirm: bool = True) -> None:
        """Handle one batch of what was shipped."""
        async with self.worker.begin() as work:
            await ShipmentDesire(CHANNEL, can_confirm=can_confirm).handle(deliveries, work)

    async def follow_up(self) -> None:
        """What the inventory does about unknown outcomes: a new revision of the same quantity for each."""
        closed = await self.rows("select sku, revision, quantity from pushes where closed order by sku")
        await self.take_in(*(delivery(row.sku, row.revision + 1, row.quantity) for row in closed))

    def leader(self) -> Leader:
        return Leader(self.url, SCHEMA, ACCOUNT.name)

    def pusher(
        self,
        marketplace: Marketplace,
        policy: PushPolicy,
        leader: Leader | None = None,
        *,
        registered_only: bool = False,
    ) -> Pusher[Push]:
        queue = StockQueue(CHANNEL, marketplace, policy, registered_only=registered_only)
        bucket = TokenBucket(policy.rate, policy.burst)
        return Pusher(ACCOUNT, queue, self.worker, leader or self.leader(), bucket)

    def price_pusher(
        self, marketplace: Marketplace, policy: PushPolicy, leader: Leader | None = None
    ) -> Pusher[PricePush]:
        queue, bucket = PriceQueue(CHANNEL, marketplace, policy), TokenBucket(policy.rate, policy.burst)
        return Pusher(ACCOUNT, queue, self.worker, leader or self.leader(), bucket)

    def feed_runner(
        self, bulk: BulkWriter, marketplace: Marketplace, policies: tuple[PushPolicy, FeedPolicy], leader: Leader
    ) -> FeedRunner:
        outcomes = FeedOutcomes(CHANNEL, marketplace, self.worker, leader, policies)
        return FeedRunner(ACCOUNT, bulk, outcomes, self.worker, leader, policies[1])

    def report_runner(self, reporter: ListingReporter, leader: Leader, policy: ReportPolicy) -> ReportRunner:
        return ReportRunner(ACCOUNT, reporter, self.worker, leader, policy)

    def shipment_pusher(
        self, marketplace: Marketplace, policy: PushPolicy, leader: Leader | None = None
    ) -> Pusher[ShipmentPush]:
        queue, bucket = ShipmentQueue(CHANNEL, marketplace, policy), TokenBucket(policy.rate, policy.burst)
        return Pusher(ACCOUNT, queue, self.worker, leader or self.leader(), bucket)

    def price_verifier(self, marketplace: Marketplace, policy: PushPolicy, leader: Leader) -> PriceVerifier:
        return PriceVerifier(ACCOUNT, self._reads(marketplace), self.worker, leader, policy)

    def verifier(self, marketplace: Marketplace, patience: Patience, leader: Leader) -> Verifier:
        return Verifier(ACCOUNT, self._reads(marketplace), self.worker, leader, patience)

    def observer(self, marketplace: Marketplace, leader: Leader, *, registers: bool = False) -> Observer:
        return Observer(ACCOUNT, self._reads(marketplace), self.worker, leader, registers=registers)

    def registrar(self, marketplace: Marketplace, leader: Leader, pace: Pace) -> Registrar:
        return Registrar(ACCOUNT, self._reads(marketplace), self.worker, leader, pace)

    def reconciler(self, marketplace: Marketplace, leader: Leader, rhythm: Rhythm) -> Reconciler:
        return Reconciler(ACCOUNT, self._reads(marketplace), self.worker, leader, rhythm)

    def account_check(self, marketplace: Marketplace, leader: Leader) -> AccountCheck:
        return AccountCheck(ACCOUNT, marketplace, self.worker, leader)

    def _reads(self, marketplace: Marketplace) -> ListingReads:
        return ListingReads(marketplace, self.telemetry, rate=1000)

    async def rows(self, sql: str) -> Sequence[Any]:
        async with self._engine.begin() as connection:
            return (await connection.execute(text(sql))).all()

    async def run(self, sql: str) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(text(sql))

    async def published(self, topic: str) -> list[AnyEvent]:
        """The events in the outbox, in their order."""
        rows = await self.rows("select topic, value from outbox order by id")
        return [parse(row.topic, row.value) for row in rows if row.topic == topic]


@contextlib.asynccontextmanager
async def open_database(
    url: str, migrations: Path, telemetry: Telemetry | None = None
) -> AsyncIterator[ConnectorDatabase]:
    """Migrate the empty database at `url`."""
    engine = create_engine(url, SCHEMA)
    try:
        await upgrade(engine, SCHEMA, migrations)
        yield ConnectorDatabase(url, engine, telemetry or Telemetry())
    finally:
        await engine.dispose()
