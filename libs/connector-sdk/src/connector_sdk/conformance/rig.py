"""A connector and its sandbox on the bench: its loops go round by round, and what they tell is read from the outbox."""

import dataclasses as dc
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Self

import httpx
from contracts import (
    AppliedStatus,
    ChannelStatusChanged,
    MarketplaceOrderReceived,
    OrderShipped,
    OrdersWatermark,
    ShipmentApplied,
    StockApplied,
)
from runtime.records import Delivery

from connector_sdk.conformance.deviation import DeviationError
from connector_sdk.conformance.running import Running
from connector_sdk.conformance.sandbox import Sandbox
from connector_sdk.leader import Leader
from connector_sdk.marketplace import Marketplace
from connector_sdk.order_reader import OrderReader, ReadPolicy
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pusher import Pusher
from connector_sdk.pushes import Patience, Push
from connector_sdk.shipments import ShipmentPush
from connector_sdk.testing.database import ACCOUNT, ConnectorDatabase
from connector_sdk.testing.waiting import eventually

PUSH_POLICY = PushPolicy(
    rate=500,
    burst=50,
    concurrency=4,
    backoff_seconds=0.01,
    unauthorised_seconds=0.05,
    patience=Patience(dt.timedelta(hours=1), dt.timedelta(0)),
)
READ_POLICY = ReadPolicy(poll_seconds=0.0, overlap=dt.timedelta(minutes=10), unauthorised_seconds=0.05)
_EMPTY = "truncate pushes, listings, cursors, seen_orders, unreadable_orders, shipments, shipped_elsewhere, outbox"
_AS_NEW = """
update channel_state set paused = false, stock_refused = null, orders_refused = null, shipments_refused = null,
    stopped_since = null
"""
_AT_REST = """
select 1 from pushes where in_flight_revision is not null or state in ('pending', 'quarantined') and not closed
"""


@dc.dataclass(frozen=True, slots=True)
class Subject:
    """What a connector's tests hand over.

    `marketplace` is what its `main.py` builds, on `http`, which reaches its sandbox; `process` runs the whole connector
    against the same sandbox, with short intervals. `late_by`: the seconds after which
    an order is shown at the latest, as the connector is set up; the sandbox is told to be as late as that.
    """

    name: str
    marketplace: Marketplace
    http: httpx.AsyncClient
    sandbox: Sandbox
    process: Callable[[], AbstractAsyncContextManager[Running]]
    late_by: float = 1.0


@dc.dataclass(frozen=True, slots=True)
class Fault:
    """A fault planted in the connector, to see that its behaviour is missed. By default all is as it should be.

    `found` is in what the behaviour then says.
    """

    found: str = ""
    marketplace: Callable[[Marketplace], Marketplace] = lambda marketplace: marketplace
    take_in: "Callable[[Rig, Sequence[Delivery[Any]]], Awaitable[None]] | None" = None
    after_crash: Callable[[ConnectorDatabase], Awaitable[None]] | None = None


class Rig:
    """Use as a context, which empties the database first.

    `patience` is how long a behaviour waits for what must come, in seconds.
    """

    def __init__(
        self, subject: Subject, database: ConnectorDatabase, fault: Fault | None = None, patience: float = 20.0
    ) -> None:
        self.subject = subject
        self.sandbox = subject.sandbox
        self.database = database
        self._fault = fault or Fault()
        self._patience = patience
        self.marketplace = self._fault.marketplace(subject.marketplace)
        self.policy = PUSH_POLICY
        self._leader: Leader | None = None
        self._pusher: Pusher[Push] | None = None
        self._reader: OrderReader | None = None
        self._shipper: Pusher[ShipmentPush] | None = None
        self._dead: list[Pusher[Push]] = []

    async def __aenter__(self) -> Self:
        await self.database.run(_EMPTY)
        await self.database.run(_AS_NEW)
        return self

    async def __aexit__(self, *_: object) -> None:
        for pusher in (*self._dead, *([self._pusher] if self._pusher else [])):
            await pusher.close()
        if self._shipper:
            await self._shipper.close()
        if self._leader:
            await self._leader.close()

    @property
    def leader(self) -> Leader:
        self._leader = self._leader or self.database.leader()
        return self._leader

    @property
    def rate(self) -> float:
        """Calls a second that the connector allows itself at present."""
        return self._pusher.rate if self._pusher else self.policy.rate

    async def take_in(self, *deliveries: Delivery[Any]) -> None:
        """Handle one batch of targets as it would come from Kafka."""
        if self._fault.take_in:
            await self._fault.take_in(self, deliveries)
        else:
            await self.database.take_in(*deliveries)

    async def push(self, rounds: int = 1) -> None:
        self._pusher = self._pusher or self.database.pusher(self.marketplace, self.policy, self.leader)
        for _ in range(rounds):
            await self._pusher.step()

    async def push_to_rest(self) -> None:
        """Push until every revision has its answer; one whose outcome is unknown has ended."""

        async def is_at_rest() -> bool:
            await self.push()
            return not await self.database.rows(_AT_REST)

        await self.until(is_at_rest, "not every target is pushed to its end")

    async def read(self, pages: int = 1) -> None:
        """Read pages of orders."""
        self._reader = self._reader or OrderReader(
            ACCOUNT, self.marketplace, self.database.worker, self.leader, READ_POLICY
        )
        for _ in range(pages):
            await self._reader.step()

    async def take_in_shipments(self, *deliveries: Delivery[OrderShipped]) -> None:
        """Handle one batch of what was shipped as it would come from Kafka."""
        can_confirm = self.marketplace.capabilities().shipments
        await self.database.take_in_shipments(*deliveries, can_confirm=can_confirm)

    async def ship(self, rounds: int = 1) -> None:
        """Confirm parcels."""
        self._shipper = self._shipper or self.database.shipment_pusher(self.marketplace, self.policy, self.leader)
        for _ in range(rounds):
            await self._shipper.step()

    async def shipments_told(self) -> list[str]:
        """What was told of parcels, in order."""
        events = [event.data for event in await self.database.published("channel.shipment.applied")]
        return [each.status.value for each in events if isinstance(each, ShipmentApplied)]

    async def die(self) -> None:
        """End without a record, as a killed process does: the lead is gone, and nobody hears of what is under way."""
        if self._pusher:
            self._dead.append(self._pusher)
        if self._leader:
            await self._leader.close()
        self._leader = self._pusher = self._reader = None
        if self._fault.after_crash:
            await self._fault.after_crash(self.database)

    async def until(self, is_so: Callable[[], Awaitable[bool]], otherwise: str) -> None:
        """Wait for what must come.

        Raises:
            DeviationError: it did not come in time.
        """
        try:
            await eventually(is_so, within_seconds=self._patience)
        except TimeoutError:
            raise DeviationError(otherwise) from None

    async def applied(self, sku: str | None = None) -> list[StockApplied]:
        """What was told of targets, in order; of one SKU, if given."""
        events = [event.data for event in await self.database.published("channel.stock.applied")]
        return [each for each in events if isinstance(each, StockApplied) and sku in (None, each.sku)]

    async def ends(self, sku: str) -> list[tuple[int | None, AppliedStatus]]:
        """Each revision of a SKU with what was told of it."""
        return [(each.revision, each.status) for each in await self.applied(sku)]

    async def orders_told(self) -> list[MarketplaceOrderReceived | OrdersWatermark]:
        """Orders and watermarks, in the sequence in which they will be sent."""
        events = [event.data for event in await self.database.published("marketplace.order.received")]
        return [each for each in events if isinstance(each, MarketplaceOrderReceived | OrdersWatermark)]

    async def orders(self) -> list[MarketplaceOrderReceived]:
        return [each for each in await self.orders_told() if isinstance(each, MarketplaceOrderReceived)]

    async def watermarks(self) -> list[dt.datetime]:
        return [each.known_until for each in await self.orders_told() if isinstance(each, OrdersWatermark)]

    async def channel_states(self) -> list[ChannelStatusChanged]:
        """What was told of the channel. That a connector has begun to work is told too."""
        events = [event.data for event in await self.database.published("channel.status.changed")]
        return [each for each in events if isinstance(each, ChannelStatusChanged)]
