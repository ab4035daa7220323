"""Bringing a feed to the marketplace: up to the moment from which it may be carried out, and through it."""

import datetime as dt
from collections.abc import Sequence

from runtime.backoff import delay
from runtime.logs import get_logger
from runtime.metrics import FEEDS
from runtime.work import Worker

from connector_sdk import channel_state
from connector_sdk.attempts import attempt_table
from connector_sdk.feeds import feed_table
from connector_sdk.feeds.bulk_writer import BulkWriter
from connector_sdk.feeds.feed_calls import FeedCalls
from connector_sdk.feeds.feed_outcomes import FeedOutcomes
from connector_sdk.feeds.feed_policy import Fate, FeedPolicy
from connector_sdk.feeds.feed_table import Feed, FeedState, Line
from connector_sdk.marketplace import MarketplaceError, Outcome

_FIRST_BACKOFF_SECONDS = 5.0
_LONGEST_BACKOFF_SECONDS = 120.0
_PASSING = frozenset({Outcome.RETRY, Outcome.UNKNOWN})
"""What may go another way next time."""
_SEARCH_SECONDS = 15.0
_CLOCKS_APART = dt.timedelta(seconds=60)
"""How far the marketplace's clock may be behind ours."""

_log = get_logger(__name__)


class FeedSubmission:
    """Both methods return the seconds until the next round."""

    def __init__(self, bulk: BulkWriter, outcomes: FeedOutcomes, worker: Worker, policy: FeedPolicy) -> None:
        self._bulk = bulk
        self._outcomes = outcomes
        self._worker = worker
        self._policy = policy
        self._calls = FeedCalls(worker.telemetry)
        self._failures = 0

    async def submit(self, feed: Feed, now: dt.datetime) -> float:
        """Upload what is still wanted and have it carried out; what goes wrong before is tried again for a while."""
        async with self._worker.begin() as work:
            is_stopped = (await channel_state.read(work.connection)).stopped_since is not None
        if is_stopped:
            return await self._abandon(feed, "the channel stands still", Fate.GIVEN_BACK)
        await self._outcomes.release(feed, only_overtaken=True)
        async with self._worker.begin() as work:
            lines = await feed_table.lines(work.connection, feed.key, self._bulk.most_lines)
        if not lines:
            return await self._abandon(feed, "newer revisions have come for all of its lines", Fate.GIVEN_BACK)
        try:
            await self._bring(feed, lines)
        except MarketplaceError as error:
            return await self._failed(feed, error, now)
        self._failures = 0
        return 0.0

    async def find(self, feed: Feed, now: dt.datetime) -> float:
        """Nobody knows whether it was submitted: look for a feed of that time. Without one its lines are unknown."""
        since = feed.submitted_at or feed.opened_at
        try:
            found = await self._calls.ask("find_feeds", self._bulk.find(since - _CLOCKS_APART))
            unknown = await self._unknown_to_us(found)
        except MarketplaceError as error:
            _log.warning("feeds could not be looked for", error=str(error))
            unknown = []
        if len(unknown) == 1:
            _log.info("a feed that was submitted unnoticed is found", feed=unknown[0])
            async with self._worker.begin() as work:
                await feed_table.note_submitted(work.connection, feed.key, unknown[0])
            return 0.0
        if not unknown and now - since < self._policy.search:
            return _SEARCH_SECONDS
        _log.error("nobody knows whether a feed was submitted", candidates=len(unknown))
        async with self._worker.begin() as work:
            await feed_table.doubt(work.connection, feed.key)
        return 0.0

    async def _bring(self, feed: Feed, lines: Sequence[Line]) -> None:
        contents = [line.content for line in lines]
        document_id = await self._calls.ask("upload_feed", self._bulk.upload(contents))
        async with self._worker.begin() as work:
            if not await feed_table.begin_submission(work.connection, feed.key, document_id, work.now):
                return
            await attempt_table.begin_feed(work.connection, feed.key, work.now)
        feed_id = await self._calls.ask("submit_feed", self._bulk.submit(document_id))
        async with self._worker.begin() as work:
            await feed_table.note_submitted(work.connection, feed.key, feed_id)
        _log.info("a feed is submitted", feed=feed_id, lines=len(lines))

    async def _failed(self, feed: Feed, error: MarketplaceError, now: dt.datetime) -> float:
        async with self._worker.begin() as work:
            if error.outcome is not Outcome.UNKNOWN:
                await feed_table.undo_submission(work.connection, feed.key)
                await attempt_table.drop_feed(work.connection, feed.key)
            current = await feed_table.unfinished(work.connection)
        if current is None or current.state is FeedState.SUBMITTING:
            return 0.0
        if error.outcome not in _PASSING or now - feed.opened_at >= self._policy.submit_within:
            return await self._abandon(feed, str(error))
        self._failures += 1
        _log.warning("a feed could not be submitted, will retry", attempt=self._failures, error=str(error))
        pause = delay(self._failures, first=_FIRST_BACKOFF_SECONDS, longest=_LONGEST_BACKOFF_SECONDS)
        return max(error.retry_after or 0.0, pause)

    async def _abandon(self, feed: Feed, reason: str, fate: Fate = Fate.ABANDONED) -> float:
        """Nothing of it was submitted: its lines go one by one."""
        _log.warning("a feed is not submitted", reason=reason)
        self._failures = 0
        await self._outcomes.release(feed)
        async with self._worker.begin() as work:
            await feed_table.close(work.connection, feed.key, fate, work.now)
            work.count(FEEDS, fate=fate.value)
        return 0.0

    async def _unknown_to_us(self, found: Sequence[str]) -> list[str]:
        async with self._worker.begin() as work:
            ours = await feed_table.known_ids(work.connection, found)
        return [feed_id for feed_id in found if feed_id not in ours]
