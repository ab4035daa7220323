"""Plugging feeds into a connector whose marketplace has them."""

import dataclasses as dc
import functools

from runtime.health import Check
from runtime.loops import Loop
from runtime.metrics import FEED_LINES_WAITING, FEEDS_DOUBTFUL
from runtime.service import Service
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.account import Account
from connector_sdk.feeds import feed_table
from connector_sdk.feeds.bulk_writer import BulkWriter
from connector_sdk.feeds.feed_outcomes import FeedOutcomes
from connector_sdk.feeds.feed_policy import FeedPolicy
from connector_sdk.feeds.feed_runner import FeedRunner
from connector_sdk.feeds.held_zeros import HeldZeros
from connector_sdk.lead import Lead
from connector_sdk.marketplace import Marketplace
from connector_sdk.notifications.notification_queue import Topic
from connector_sdk.notifications.wake_up import look_now
from connector_sdk.push_policy import PushPolicy
from connector_sdk.settings import ConnectorSettings


def plug_in_feeds(
    service: Service,
    settings: ConnectorSettings,
    account: Account,
    marketplace: Marketplace,
    bulk: BulkWriter,
    lead: Lead,
) -> None:
    """Send raises by feed where many wait, and show how it goes; told that one has ended, look at it now."""
    registers = marketplace.capabilities().accepts_unknown_listings
    feed_policy = dc.replace(FeedPolicy.of(settings), registered_only=registers)
    worker, policies = service.worker, (PushPolicy.of(settings), feed_policy)
    outcomes = FeedOutcomes(account.channel, marketplace, worker, lead.leader, policies)
    runner = FeedRunner(account, bulk, outcomes, worker, lead.leader, policies[1])
    zeros = HeldZeros(marketplace, worker, lead.leader, lead.bucket)
    feeds = Loop("feeds", runner.step, stale_after=600.0)
    service.repeat(feeds)
    lead.listeners[Topic.FEED] = functools.partial(look_now, feeds, waited_for)
    service.repeat(Loop("held-zeros", zeros.step, stale_after=120.0))

    async def check() -> Check:
        async with service.engine.connect() as connection:
            figures = await feed_table.figures(connection)
        service.telemetry.measurements.set(FEEDS_DOUBTFUL, figures.doubtful)
        service.telemetry.measurements.set(FEED_LINES_WAITING, figures.lines)
        detail = "a feed has not ended: see the alert FeedStuck" if figures.doubtful else "ok"
        return Check(ok=True, detail=detail, facts=dc.asdict(figures))

    service.probe("feeds", check)


async def waited_for(connection: AsyncConnection) -> str | None:
    """The marketplace's id of the feed that has not ended yet."""
    feed = await feed_table.unfinished(connection)
    return feed.external_feed_id if feed else None
