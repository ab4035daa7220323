"""Plugging notifications in: the loops, and what is done about each topic."""

import datetime as dt
from collections.abc import Sequence

from runtime.loops import Loop
from runtime.service import Service
from runtime.work import Work
from sqlalchemy import text

from connector_sdk.account import Account
from connector_sdk.closing_loop import ClosingLoop
from connector_sdk.lead import Lead
from connector_sdk.marketplace import Marketplace
from connector_sdk.notifications import notified_orders
from connector_sdk.notifications.completeness import Completeness
from connector_sdk.notifications.notification_queue import Notification, NotificationQueue, Topic
from connector_sdk.notifications.notification_reader import NotificationReader
from connector_sdk.notifications.order_fetcher import OrderFetcher
from connector_sdk.order_reader import OrderReader, ReadPolicy
from connector_sdk.settings import ConnectorSettings
from connector_sdk.token_bucket import TokenBucket

_READ_SOON = text("""
with told as (
    select sku from pushes
    where external_sku = any(cast(:external_skus as text[])) and state = 'accepted' and next_read_at > :now
    order by sku for update
)
update pushes p set next_read_at = :now from told where p.sku = told.sku
returning p.external_sku
""")


def plug_in_notifications(
    service: Service,
    settings: ConnectorSettings,
    account: Account,
    marketplace: Marketplace,
    queue: NotificationQueue,
    lead: Lead,
) -> None:
    """Take notifications in, fetch the orders that they tell of, and compare both sources.

    Whoever else listens under this lead is plugged in before.
    """
    leader = lead.leader
    reader = OrderReader(account, marketplace, service.worker, leader, ReadPolicy.of(settings))
    listeners = {**lead.listeners, Topic.ORDER: note_orders, Topic.LISTING: read_soon}
    told = NotificationReader(queue, service.worker, leader, listeners)
    bucket = TokenBucket(settings.order_fetch_rate_per_second, settings.order_fetch_burst)
    fetcher = OrderFetcher(reader, service.worker, leader, bucket)
    within = dt.timedelta(seconds=settings.order_notified_within_seconds)
    completeness = Completeness(service.worker, leader, within)
    service.repeat(ClosingLoop("notification-reader", told.step, told.close, stale_after=120.0, interrupt=told.stop))
    service.repeat(Loop("order-fetcher", fetcher.step, stale_after=300.0))
    service.repeat(Loop("completeness", completeness.step, stale_after=60.0))
    service.probe("notifications", told.check)


async def note_orders(notifications: Sequence[Notification], work: Work) -> int:
    """Have the orders fetched."""
    await notified_orders.note(work.connection, notifications, work.now)
    return len(notifications)


async def read_soon(notifications: Sequence[Notification], work: Work) -> int:
    """Have the verifier read listings whose quantity changed and of which a quantity is awaited; others are ignored."""
    wanted = [each.subject for each in notifications]
    found = set((await work.connection.execute(_READ_SOON, {"external_skus": wanted, "now": work.now})).scalars())
    return sum(external_sku in found for external_sku in wanted)
