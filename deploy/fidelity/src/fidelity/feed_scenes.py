"""The scenes with feeds: each of their operations in fair weather and under every fault."""

import contextlib
import dataclasses as dc
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from amazon_connector.feeds.bulk import AmazonFeeds
from connector_sdk.feeds.bulk_writer import FeedLine
from connector_sdk.marketplace import MarketplaceError

_LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_LINE = FeedLine(1, "plain", 4)

FeedOperation = Callable[[AmazonFeeds], Awaitable[object]]


class FeedStage(Protocol):
    """A connector with its sandbox."""

    def feeds(self, **changed: object) -> AmazonFeeds:
        """A new one, without a token yet."""
        ...

    async def set_faults(self, **faults: object) -> None: ...


async def play_fair(stage: FeedStage, external_skus: Sequence[str]) -> list[FeedOperation]:
    """Feeds to every end; answers with each operation once, for foul weather."""
    feeds = stage.feeds()
    lines = [FeedLine(number, sku, number) for number, sku in enumerate(external_skus, start=1)]
    document_id = await feeds.upload(lines)
    waiting = await feeds.submit(document_id)
    await feeds.look(waiting)
    await feeds.cancel(waiting)
    await feeds.look(waiting)
    await _try(lambda each: each.cancel(waiting), feeds)
    done = ""
    for faults in ({"feed_fatal": True}, {"feed_stuck": "progress"}, {"feed_error_rate": 0.5}, {}):
        await stage.set_faults(feed_s=(0, 0), **faults)
        done = await feeds.submit(document_id)
        look = await feeds.look(done)
        await stage.set_faults()
        if look.report_id:
            await feeds.read_report(done, look, lines)
    look = await feeds.look(done)
    await feeds.find(_LONG_AGO)
    for operation in (
        lambda each: each.look("1"),
        lambda each: each.submit("no-document"),
        lambda each: each.cancel("1"),
    ):
        await _try(operation, feeds)
    await _try(lambda each: each.read_report(done, dc.replace(look, report_id="no-document"), lines), feeds)
    return [
        lambda each: each.upload([_LINE]),
        lambda each: each.submit(document_id),
        lambda each: each.look(done),
        lambda each: each.find(_LONG_AGO),
        lambda each: each.read_report(done, look, lines),
        lambda each: each.cancel(waiting),
    ]


async def play_foul(stage: FeedStage, operations: Sequence[FeedOperation], rounds: int, **faults: object) -> None:
    """Every operation under a fault, with a token in force."""
    for operation in [*operations] * rounds:
        await stage.set_faults()
        feeds = stage.feeds()
        await feeds.find(_LONG_AGO)
        await stage.set_faults(**faults)
        for _ in range(2):
            await _try(operation, feeds)


async def play_strangers(stage: FeedStage, operations: Sequence[FeedOperation]) -> None:
    """Callers whom Amazon knows nothing of: wrong secret, another country's marketplace."""
    for changed in ({"amazon_client_secret": "wrong"}, {"amazon_marketplace_id": "A17E79C6D8DWNP"}):
        feeds = stage.feeds(**changed)
        for operation in operations:
            await _try(operation, feeds)


async def _try(operation: FeedOperation, feeds: AmazonFeeds) -> None:
    with contextlib.suppress(MarketplaceError):
        await operation(feeds)
