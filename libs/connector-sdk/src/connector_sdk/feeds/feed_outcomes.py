"""What became of a feed's lines: each is settled once, as the answer to a call would be."""

import collections
import dataclasses as dc
from collections.abc import Callable

from contracts import Issue
from runtime.metrics import FEED_LINES
from runtime.work import Worker

from connector_sdk.attempts import attempt_table
from connector_sdk.calls import Call
from connector_sdk.feeds import feed_table
from connector_sdk.feeds.feed_policy import FeedPolicy
from connector_sdk.feeds.feed_table import Feed, Line
from connector_sdk.leader import Leader
from connector_sdk.marketplace import LineResult, Marketplace, Outcome
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pushes import Patience
from connector_sdk.stock_queue import StockQueue

_LINES_AT_ONCE = 1000

ResultOf = Callable[[Line], LineResult]


class FeedOutcomes:
    """Goes through the lines in transactions of a thousand; what a crash leaves is done by whoever leads next."""

    def __init__(
        self,
        channel: str,
        marketplace: Marketplace,
        worker: Worker,
        leader: Leader,
        policies: tuple[PushPolicy, FeedPolicy],
    ) -> None:
        pushing, feeding = policies
        # A feed that has not ended may be carried out as late as one may be stuck.
        late = Patience(pushing.patience.ceiling + feeding.stuck, pushing.patience.read_after)
        self.ceiling = pushing.patience.ceiling
        """From carried out to live at the longest."""
        self._queue = StockQueue(channel, marketplace, pushing)
        self._late_queue = StockQueue(channel, marketplace, dc.replace(pushing, patience=late))
        self._worker = worker
        self._leader = leader

    async def settle(self, feed: Feed, result_of: ResultOf, *, may_come_late: bool = False) -> bool:
        """Record and tell what became of every line that has no outcome yet; False if the lead was lost meanwhile."""
        queue = self._late_queue if may_come_late else self._queue
        while await self._leader.lead() is not None:
            async with self._worker.begin() as work:
                lines = await feed_table.lines(work.connection, feed.key, _LINES_AT_ONCE)
                calls = [Call(line.push, result_of(line)) for line in lines]
                answers = [queue.settle(call.push, call.result, work.now) for call in calls]
                await queue.note(work, calls, answers, feed.key)
                await attempt_table.end(work.connection, [call.attempt for call in calls], feed.key, work.now)
                outcomes = [(line, call.result.outcome) for line, call in zip(lines, calls, strict=True)]
                await feed_table.note_outcomes(work.connection, feed.key, outcomes)
                for outcome, count in collections.Counter(outcome for _, outcome in outcomes).items():
                    work.count(FEED_LINES, count, outcome=outcome.value)
            if len(lines) < _LINES_AT_ONCE:
                return True
        return False

    async def release(self, feed: Feed, *, only_overtaken: bool = False) -> None:
        """Give back lines of a feed that provably was not submitted."""
        while await self._leader.lead() is not None:
            async with self._worker.begin() as work:
                lines = await feed_table.lines(work.connection, feed.key, _LINES_AT_ONCE, only_overtaken=only_overtaken)
                await self._queue.release(work, [line.push for line in lines], feed.key)
                given_back = [(line, Outcome.RETRY) for line in lines]
                await feed_table.note_outcomes(work.connection, feed.key, given_back)
            if len(lines) < _LINES_AT_ONCE:
                return


def all_are(outcome: Outcome, code: str, message: str, submission_id: str | None = None) -> ResultOf:
    """The same of each line."""
    issue = Issue(code=code, message=message)

    def result(line: Line) -> LineResult:
        return LineResult(line.push.external_sku, outcome, submission_id=submission_id, issues=(issue,))

    return result
