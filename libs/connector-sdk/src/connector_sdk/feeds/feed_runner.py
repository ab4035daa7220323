"""The feed runner: opens a feed when many raises wait, and brings it to its end.

It works in short rounds. Each step that the marketplace is to take is noted before it is asked for, so whoever leads
next goes on from there. One feed at a time; what it carries is in flight until its fate is known.
"""

import datetime as dt
import uuid

from runtime.backoff import delay
from runtime.logs import get_logger
from runtime.metrics import FEEDS
from runtime.work import Worker

from connector_sdk import channel_state
from connector_sdk.account import Account
from connector_sdk.feeds import feed_table
from connector_sdk.feeds.bulk_writer import BulkWriter, FeedLook, FeedStatus
from connector_sdk.feeds.feed_calls import FeedCalls
from connector_sdk.feeds.feed_outcomes import FeedOutcomes, ResultOf, all_are
from connector_sdk.feeds.feed_policy import Fate, FeedPolicy, Gathering, may_open
from connector_sdk.feeds.feed_submission import FeedSubmission
from connector_sdk.feeds.feed_table import Feed, FeedState, Line
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.marketplace import LineResult, MarketplaceError, Outcome
from connector_sdk.push_policy import missing

_ROUND_SECONDS = 1.0
_KEPT = dt.timedelta(days=7)
_WATCHES = 20
"""A feed that is given up is looked at so many times less often."""
_LONGEST_BACKOFF_SECONDS = 300.0

_log = get_logger(__name__)


class FeedRunner:
    """One round is `step`. Works only while this process leads the account."""

    def __init__(
        self,
        account: Account,
        bulk: BulkWriter,
        outcomes: FeedOutcomes,
        worker: Worker,
        leader: Leader,
        policy: FeedPolicy,
    ) -> None:
        self._account = account
        self._bulk = bulk
        self._outcomes = outcomes
        self._worker = worker
        self._leader = leader
        self._policy = policy
        self._calls = FeedCalls(worker.telemetry)
        self._submission = FeedSubmission(bulk, outcomes, worker, policy)
        self._gathering = Gathering(policy, bulk.most_lines)
        self._failures = 0
        self._blind_since: dt.datetime | None = None

    async def step(self) -> float:
        if await self._leader.lead() is None:
            return STANDBY_SECONDS
        async with self._worker.begin() as work:
            feed, now = await feed_table.unfinished(work.connection), work.now
        if feed is None:
            return await self._consider()
        if feed.state is FeedState.PREPARED:
            return await self._submission.submit(feed, now)
        if feed.state is FeedState.SUBMITTING:
            return await self._submission.find(feed, now)
        if feed.state is FeedState.OPEN:
            return await self._look(feed, now)
        return await self._watch(feed, now)

    async def _consider(self) -> float:
        """Open a feed if one is worth it."""
        async with self._worker.begin() as work:
            connection, now = work.connection, work.now
            is_stopped = (await channel_state.read(connection)).stopped_since is not None
            if is_stopped or not may_open(await feed_table.last(connection), now, self._policy):
                return _ROUND_SECONDS
            backlog = await feed_table.backlog(connection, now, registered_only=self._policy.registered_only)
            if not self._gathering.is_complete(backlog, now):
                return _ROUND_SECONDS
            await feed_table.forget(connection, now - _KEPT)
            lines = await feed_table.open_feed(
                connection,
                f"feed:{uuid.uuid4()}",
                self._bulk.most_lines,
                now,
                registered_only=self._policy.registered_only,
            )
        _log.info("raises go by feed", channel=self._account.channel, lines=lines, due=backlog.due)
        return 0.0

    async def _look(self, feed: Feed, now: dt.datetime) -> float:
        """Ask how far it is, and do what that asks for."""
        try:
            look = await self._calls.ask("look_at_feed", self._bulk.look(str(feed.external_feed_id)))
        except MarketplaceError as error:
            self._blind_since = self._blind_since or now
            if now - self._blind_since >= self._policy.stuck:
                return await self._give_up(feed, f"the marketplace does not tell how far it is: {error}")
            return self._later(error)
        self._blind_since = None
        async with self._worker.begin() as work:
            seen_since = await feed_table.note_seen(work.connection, feed.key, look.status, now)
        waited = now - seen_since
        if look.status.has_ended:
            return await self._end(feed, look, waited)
        is_late, is_very_late = waited >= self._policy.stuck, waited >= 2 * self._policy.stuck
        if look.status is FeedStatus.QUEUED and is_late and not is_very_late:
            return await self._cancel(feed)
        if is_late:
            return await self._give_up(feed, f"it has been {look.status} for {waited}")
        return self._policy.poll.total_seconds()

    async def _end(self, feed: Feed, look: FeedLook, waited: dt.timedelta) -> float:
        feed_id = feed.external_feed_id
        if look.status is FeedStatus.CANCELLED:
            result = all_are(Outcome.RETRY, "FeedCancelled", f"feed {feed_id} was cancelled", feed_id)
            return await self._close(feed, result, Fate.CANCELLED)
        if look.status is FeedStatus.FATAL:
            result = all_are(Outcome.UNKNOWN, "FeedFatal", f"feed {feed_id} was aborted", feed_id)
            return await self._close(feed, result, Fate.FATAL)
        async with self._worker.begin() as work:
            lines = await feed_table.lines(work.connection, feed.key, self._bulk.most_lines)
        contents = [line.content for line in lines]
        try:
            told = await self._calls.ask("read_feed_report", self._bulk.read_report(str(feed_id), look, contents))
        except MarketplaceError as error:
            if waited < self._policy.stuck:
                return self._later(error)
            result = all_are(Outcome.UNKNOWN, "NoFeedReport", f"feed {feed_id} is done: {error}"[:500], feed_id)
            return await self._close(feed, result, Fate.FATAL)

        def result_of(line: Line) -> LineResult:
            return told.get(line.number) or missing(line.push)

        return await self._close(feed, result_of, Fate.DONE)

    async def _cancel(self, feed: Feed) -> float:
        _log.warning("a feed is stuck in the queue, cancelling it", feed=feed.external_feed_id)
        try:
            await self._calls.ask("cancel_feed", self._bulk.cancel(str(feed.external_feed_id)))
        except MarketplaceError as error:
            _log.warning("the feed could not be cancelled", feed=feed.external_feed_id, error=str(error))
        return self._policy.poll.total_seconds()

    async def _give_up(self, feed: Feed, reason: str) -> float:
        """From now on its lines are unknown. It is watched, since it may still be carried out."""
        _log.error("a feed is given up; raises go one by one", feed=feed.external_feed_id, reason=reason)
        async with self._worker.begin() as work:
            await feed_table.doubt(work.connection, feed.key)
        return 0.0

    async def _watch(self, feed: Feed, now: dt.datetime) -> float:
        """Until it has ended nothing written to its listings is taken as live; then they are read."""
        feed_id, ceiling = feed.external_feed_id, self._outcomes.ceiling
        unknown = all_are(Outcome.UNKNOWN, "FeedStuck", "the feed has not ended: nobody knows of this line", feed_id)
        if not await self._outcomes.settle(feed, unknown, may_come_late=True):
            return STANDBY_SECONDS
        if feed_id is None:
            return await self._close(feed, unknown, Fate.LOST, read_at=now + self._policy.stuck + ceiling)
        try:
            look = await self._calls.ask("look_at_feed", self._bulk.look(feed_id))
        except MarketplaceError as error:
            _log.warning("a feed that was given up can't be looked at", feed=feed_id, error=str(error))
        else:
            if look.status.has_ended:
                return await self._close(feed, unknown, Fate.STUCK, read_at=now + ceiling)
        pause = self._policy.poll * _WATCHES
        async with self._worker.begin() as work:
            await feed_table.hold(work.connection, feed.key, now + ceiling + 2 * pause)
        return pause.total_seconds()

    async def _close(self, feed: Feed, result_of: ResultOf, fate: Fate, *, read_at: dt.datetime | None = None) -> float:
        if not await self._outcomes.settle(feed, result_of):
            return STANDBY_SECONDS
        self._failures = 0
        async with self._worker.begin() as work:
            if read_at:
                await feed_table.ask_readings(work.connection, feed.key, read_at)
            await feed_table.close(work.connection, feed.key, fate, work.now)
            work.count(FEEDS, fate=fate.value)
        _log.info("a feed has ended", feed=feed.external_feed_id, fate=fate)
        return 0.0

    def _later(self, error: MarketplaceError) -> float:
        self._failures += 1
        _log.warning("a feed can't be looked at, will retry", attempt=self._failures, error=str(error))
        first = self._policy.poll.total_seconds()
        return max(error.retry_after or 0.0, delay(self._failures, first=first, longest=_LONGEST_BACKOFF_SECONDS))
