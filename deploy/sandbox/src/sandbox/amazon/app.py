"""The Amazon stand-in as an application. A cancelled unit goes back on sale by itself."""

from pathlib import Path

from fastapi import FastAPI

from sandbox.amazon.auth import Tokens
from sandbox.amazon.feed_clock import FeedClock
from sandbox.amazon.feeds import Feeds
from sandbox.amazon.fees import Fees
from sandbox.amazon.listings import ListingsItems, describe
from sandbox.amazon.notifications import Publisher
from sandbox.amazon.operations import Gate
from sandbox.amazon.orders import Orders
from sandbox.amazon.record import ExchangeRecorder, Record
from sandbox.amazon.reports import Reports
from sandbox.amazon.sellers import Sellers
from sandbox.amazon.settings import AmazonSettings
from sandbox.amazon.shipments import Shipments
from sandbox.amazon.subscriptions import Subscriptions
from sandbox.amazon.wire import refuse
from sandbox.clock import Clock, system_clock
from sandbox.faults import Faults
from sandbox.limits import Limits
from sandbox.marketplace import Marketplace, assemble
from sandbox.store import Store


def build(settings: AmazonSettings, clock: Clock = system_clock, seed: int | None = None) -> FastAPI:
    """Make the application.

    With a `record_folder` in the settings whatever passes over the wire is recorded there.
    Order ids count up behind the time of the start, so a restarted stand-in does not give one out again.
    """
    started = int(clock().timestamp()) % 10**7
    store = Store(clock, lambda number: f"402-{started:07d}-{number:07d}", restocks_on_cancel=True)
    faults = Faults(clock, seed)
    record = Record(Path(settings.record_folder), clock) if settings.record_folder else None
    if settings.sqs_queue_url:
        store.on_order = Publisher(settings, faults, store.now, record).publish
    tokens = Tokens(settings, clock)
    gate = Gate(tokens, Limits(faults, clock))
    listings, orders = ListingsItems(settings, store, faults), Orders(settings, store, faults)
    feeds = Feeds(settings, listings, faults, clock)
    store.on_clear(feeds.clear)
    reports = Reports(store, faults, clock)
    store.on_clear(reports.clear)
    parts = (
        *(listings, orders, feeds, reports, Sellers(faults)),
        *(Shipments(store), Fees(settings, store), Subscriptions()),
    )
    routers = [tokens.router(), *(part.router(gate) for part in parts)]
    assembled = assemble(Marketplace("Amazon stand-in", describe, refuse), routers, store, faults, clock)
    assembled.add_middleware(FeedClock, advance=feeds.advance)
    if record:
        assembled.add_middleware(ExchangeRecorder, record=record)
    return assembled
