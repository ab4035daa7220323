"""Plugging a marketplace into a service: what every connector's main.py calls."""

import dataclasses as dc
import datetime as dt
from collections.abc import Sequence
from typing import Any

from contracts import ChannelState, ListingChanged, PriceTarget, StockTarget, SyncRequested
from runtime.health import Check
from runtime.loops import Loop
from runtime.metrics import (
    CHANNEL_PAUSED,
    CHANNEL_UNAUTHORISED,
    ORDERS_UNREADABLE,
    PRICES_FAILED,
    PRICES_PENDING,
    PUSH_RATE,
    PUSHES_OLDEST_SECONDS,
    PUSHES_PENDING,
    PUSHES_QUARANTINED,
    SHIPMENTS_FAILED,
    SHIPMENTS_PENDING,
)
from runtime.processor import Route
from runtime.records import Delivery
from runtime.service import Service
from runtime.work import Work

from connector_sdk import channel_state, status
from connector_sdk.account import Account
from connector_sdk.account_check import AccountCheck
from connector_sdk.attempts.plugging import plug_in_attempts
from connector_sdk.channel_state import Switches
from connector_sdk.closing_loop import ClosingLoop
from connector_sdk.credentials.account_credentials import Credentials
from connector_sdk.credentials.plugging import plug_in_credentials
from connector_sdk.desire import Desire
from connector_sdk.fees.plugging import plug_in_fees
from connector_sdk.inspection_routes import InspectionRoutes
from connector_sdk.lead import Lead
from connector_sdk.leader import Leader
from connector_sdk.listing_reads import ListingReads
from connector_sdk.marketplace import Marketplace
from connector_sdk.observer import Observer
from connector_sdk.order_reader import OrderReader, ReadPolicy
from connector_sdk.price_desire import PriceDesire
from connector_sdk.price_queue import PriceQueue
from connector_sdk.price_verifier import PriceVerifier
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pusher import Pusher
from connector_sdk.pushes import Push
from connector_sdk.reading_requests import ReadingRequests
from connector_sdk.reconciler import Reconciler
from connector_sdk.registrar import Registrar
from connector_sdk.routes import Routes
from connector_sdk.settings import ConnectorSettings
from connector_sdk.shipping import plug_in_shipments
from connector_sdk.status import Figures
from connector_sdk.stock_queue import StockQueue
from connector_sdk.sync_routes import SyncRoutes
from connector_sdk.token_bucket import TokenBucket
from connector_sdk.verifier import Verifier
from connector_sdk.withdrawal import Withdrawal


def plug_in(
    service: Service,
    settings: ConnectorSettings,
    account: Account,
    marketplace: Marketplace,
    credentials: Credentials,
) -> Lead:
    """Consume targets and requests, push stock and prices, read listings and orders, and show how it goes."""
    leader = Leader(str(settings.database_url), service.schema, f"{account.channel}:{account.name}")
    policy = PushPolicy.of(settings)
    bucket = TokenBucket(policy.rate, policy.burst)
    reader = OrderReader(account, marketplace, service.worker, leader, ReadPolicy.of(settings))
    check = AccountCheck(account, marketplace, service.worker, leader)
    reads = ListingReads(marketplace, service.telemetry, settings.read_rate_per_second, settings.search_rate_per_second)

    requests = ReadingRequests(account.channel, can_read=reads.can_read)
    desire = Desire(account.channel, settings.patience)
    prices = PriceDesire(account.channel, can_write=marketplace.capabilities().prices)

    async def note_requests(deliveries: Sequence[Delivery[SyncRequested]], work: Work) -> None:
        await requests.note_requests(deliveries, work)
        await prices.write_again(deliveries, work)

    service.consume(
        Route("channel.stock.target", StockTarget, desire.handle),
        Route("listing.changed", ListingChanged, requests.note_listings),
        Route("channel.sync.requested", SyncRequested, note_requests),
        Route("channel.price.target", PriceTarget, prices.handle),
        plug_in_shipments(service, settings, account, marketplace, leader),
    )
    plug_in_fees(service, settings, account.channel, marketplace, leader)
    plug_in_attempts(service, settings, account.channel, leader)
    pusher = _push(service, marketplace, check, policy, bucket)
    _follow_up(service, settings, marketplace, check, reads)
    _know_what_stands(service, settings, marketplace, check, reads)
    reading = Loop("order-reader", reader.step, stale_after=90.0)
    service.repeat(reading)
    leader.on_desire("orders", reading.wake, by_name_only=True)
    plug_in_credentials(service, settings, credentials, check, reading.wake)
    service.serve(Routes(account, service.worker, reader).router())
    service.serve(SyncRoutes(account.channel, service.worker).router())
    service.probe("channel", ChannelProbe(service, leader, pusher).check)
    service.probe("orders", reader.check)
    return Lead(leader, bucket)


def _push(
    service: Service, marketplace: Marketplace, check: AccountCheck, policy: PushPolicy, bucket: TokenBucket
) -> Pusher[Push]:
    """Write quantities and prices, in two loops that share one bucket. Answers with the pusher of quantities."""
    account, leader = check.account, check.leader
    registers = marketplace.capabilities().accepts_unknown_listings
    stock = StockQueue(account.channel, marketplace, policy, registered_only=registers)
    prices = PriceQueue(account.channel, marketplace, policy, registered_only=registers)
    pusher = Pusher(account, stock, service.worker, leader, bucket)
    price_pusher = Pusher(account, prices, service.worker, leader, bucket)
    pushing = ClosingLoop("pusher", check.first(pusher.step), pusher.close, stale_after=60.0)
    pricing = ClosingLoop("price-pusher", check.first(price_pusher.step), price_pusher.close, stale_after=60.0)
    leader.on_desire("stock", pushing.wake)
    leader.on_desire("prices", pricing.wake)
    service.repeat(pushing)
    service.repeat(pricing)
    return pusher


def _follow_up(
    service: Service, settings: ConnectorSettings, marketplace: Marketplace, check: AccountCheck, reads: ListingReads
) -> None:
    """Find out what became of what was accepted, read what somebody waits for, withdraw what can't be submitted."""
    account, leader, worker = check.account, check.leader, service.worker
    verifier = Verifier(account, reads, worker, leader, settings.patience)
    price_verifier = PriceVerifier(account, reads, worker, leader, PushPolicy.of(settings))
    registers = marketplace.capabilities().accepts_unknown_listings
    observer = Observer(account, reads, worker, leader, registers=registers)
    withdrawal = Withdrawal(account, worker, leader, dt.timedelta(seconds=settings.withdraw_after_seconds))
    service.repeat(Loop("verifier", verifier.step, stale_after=120.0))
    service.repeat(Loop("price-verifier", price_verifier.step, stale_after=120.0))
    service.repeat(Loop("observer", observer.step, stale_after=120.0))
    service.repeat(Loop("withdrawal", withdrawal.step, stale_after=60.0))


def _know_what_stands(
    service: Service, settings: ConnectorSettings, marketplace: Marketplace, check: AccountCheck, reads: ListingReads
) -> None:
    """Ask whether the account may sell, look listings up, compare them with what is live, and show all that."""
    account, leader, capabilities = check.account, check.leader, marketplace.capabilities()
    if capabilities.account_check:
        service.repeat(Loop("account-check", check.step, stale_after=7200.0))
    if capabilities.accepts_unknown_listings:
        registrar = Registrar(account, reads, service.worker, leader)
        service.repeat(Loop("registrar", registrar.step, stale_after=120.0))
    if reads.can_read:
        reconciler = Reconciler(account, reads, service.worker, leader, settings.rhythm)
        service.repeat(Loop("reconciler", reconciler.step, stale_after=300.0))
    service.serve(InspectionRoutes(account, service.worker, marketplace, check).router())


class ChannelProbe:
    """The connector's figures for `/readyz`; not ok while the marketplace refuses the credentials."""

    def __init__(self, service: Service, leader: Leader, pusher: Pusher[Push]) -> None:
        self._service = service
        self._leader = leader
        self._pusher = pusher

    async def check(self) -> Check:
        async with self._service.engine.connect() as connection:
            switches = await channel_state.read(connection)
            figures = await status.read(connection, self._service.clock())
        self._measure(switches, figures)
        facts: dict[str, Any] = dc.asdict(figures) | {
            "state": switches.state,
            "leading": self._leader.term is not None,
            "push_rate": round(self._pusher.rate, 2),
        }
        is_ok = switches.state is not ChannelState.UNAUTHORISED
        return Check(ok=is_ok, detail=switches.refused or str(switches.state), facts=facts)

    def _measure(self, switches: Switches, figures: Figures) -> None:
        measurements = self._service.telemetry.measurements
        measurements.set(CHANNEL_UNAUTHORISED, switches.refused is not None)
        measurements.set(CHANNEL_PAUSED, switches.paused)
        measurements.set(PUSHES_PENDING, figures.pending)
        measurements.set(PUSHES_OLDEST_SECONDS, figures.oldest_pending_seconds)
        measurements.set(PUSHES_QUARANTINED, figures.quarantined)
        measurements.set(PRICES_PENDING, figures.prices_pending)
        measurements.set(PRICES_FAILED, figures.prices_failed)
        measurements.set(SHIPMENTS_PENDING, figures.shipments_pending)
        measurements.set(SHIPMENTS_FAILED, figures.shipments_failed)
        measurements.set(ORDERS_UNREADABLE, figures.unreadable_orders)
        measurements.set(PUSH_RATE, self._pusher.rate)
