"""The pusher: takes the most urgent listings, sends what is desired of them and records what became of them.

It works in short rounds. Calls go on from round to round, so that one slow answer holds nobody up; what has ended
since the round before is recorded together, in one transaction.
"""

import contextlib
import math
import time
from collections.abc import AsyncIterator, Sequence
from typing import Generic

from runtime.errors import is_transient, one_line
from runtime.logs import get_logger
from runtime.work import Work, Worker

from connector_sdk import channel_state
from connector_sdk.account import Account
from connector_sdk.attempts import attempt_table
from connector_sdk.calls import Call, Calls
from connector_sdk.failure_count import FailureCount
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.marketplace import Outcome
from connector_sdk.push_queue import PushQueue
from connector_sdk.submission import Answered, P, State
from connector_sdk.token_bucket import TokenBucket

_IDLE_SECONDS = 1.0
"""Beneath the wake-up by NOTIFY: back-offs end without one."""
_ROUND_SECONDS = 0.1
_QUEUE_SECONDS = 0.25
"""How much work is claimed ahead: what becomes urgent later waits no longer than this."""
_CLOSE_SECONDS = 15.0
_TELLING = frozenset({Outcome.ACCEPTED, Outcome.REJECTED, Outcome.UNSUPPORTED})
"""The marketplace took our credentials and judged the write."""

_log = get_logger(__name__)


class Pusher(Generic[P]):
    """One round is `step`. Works only while this process leads the account."""

    def __init__(
        self, account: Account, queue: PushQueue[P], worker: Worker, leader: Leader, bucket: TokenBucket
    ) -> None:
        """`bucket` may be shared: a marketplace counts an account's calls, whatever they write."""
        self._account = account
        self._queue = queue
        self._worker = worker
        self._leader = leader
        self._policy = queue.policy
        self._calls = Calls(queue.operation, queue.policy, bucket, worker.telemetry)
        self._bucket = bucket
        leader.join()
        self._term: str | None = None
        self._is_refused = False
        self._try_again_at = 0.0
        self._failures = FailureCount()

    @property
    def rate(self) -> float:
        """Calls a second that the bucket allows at present."""
        return self._calls.rate

    async def step(self) -> float:
        term = await self._leader.lead()
        if term is None or term != self._term:
            return await self._change_term(term)
        if self._is_refused:
            await self._look_up()
        claimed = await self._claim(term)
        await self._calls.run(_ROUND_SECONDS)
        await self._record(term)
        if claimed or self._calls.are_running:
            return 0.0
        return _IDLE_SECONDS

    async def close(self) -> None:
        """Let the calls under way end, record them, give back what was not submitted and step down."""
        try:
            not_submitted = await self._calls.finish(_CLOSE_SECONDS)
            if self._term:
                await self._record(self._term)
                await self._release(not_submitted, self._term)
        except Exception as error:
            if not is_transient(error):
                raise
            _log.warning("closed without a record; the next leader repeats it", error=one_line(error))
        finally:
            await self._leader.leave()

    async def _change_term(self, term: str | None) -> float:
        """Forget what was claimed under another term. Its calls end unrecorded and are repeated as unknown.

        Nothing is claimed before they have ended: an old call must not overtake a new one to the same listing. The
        bucket starts empty: the leader before may have spent the marketplace's burst a moment ago.
        """
        self._term = None
        self._calls.forget()
        if term is None:
            return STANDBY_SECONDS
        await self._calls.run(_ROUND_SECONDS)
        if not self._calls.are_running:
            await self._take_over(term)
            self._bucket.drain()
            self._term = term
        return 0.0

    async def _take_over(self, term: str) -> None:
        async with self._worker.begin() as work:
            self._is_refused = (await channel_state.read(work.connection)).of(self._queue.part) is not None
            await self._queue.take_over(work, term)
            await attempt_table.abandon(work.connection, self._queue.kind, term, work.now)

    async def _look_up(self) -> None:
        """Whoever brings new credentials lifts the refusal."""
        async with self._worker.begin() as work:
            self._is_refused = (await channel_state.read(work.connection)).of(self._queue.part) is not None

    async def _claim(self, term: str) -> int:
        most = self._room()
        if most <= 0:
            return 0
        async with self._new_term_on_failure(), self._worker.begin() as work:
            claimed = await self._queue.claim(work, most, term)
            await attempt_table.begin(work.connection, [push.asked for push in claimed], term, work.now)
        self._calls.add(self._queue.in_order((*self._calls.take_queue(), *claimed)), term)
        return len(claimed)

    @contextlib.asynccontextmanager
    async def _new_term_on_failure(self) -> AsyncIterator[None]:
        """A commit that failed may have been done all the same: a new term takes back what nobody knows of."""
        try:
            yield
        except BaseException:
            await self._leader.close()
            raise

    def _room(self) -> int:
        """How many more listings to claim: one, now and then, while the marketplace refuses us."""
        if self._is_refused:
            is_due = not self._calls.are_running and time.monotonic() >= self._try_again_at
            return 1 if is_due else 0
        return math.ceil(self._calls.rate * _QUEUE_SECONDS) * self._calls.batch - self._calls.queued

    async def _record(self, term: str) -> None:
        calls = self._calls.ended()
        if not calls:
            return
        async with self._worker.begin() as work:
            now = work.now
            is_outage_over = self._failures.is_outage_over([(c.push.sku, c.result.outcome) for c in calls], now)
            pushed = [self._failures.before(call.push, call.result.outcome, now) for call in calls]
            answers = [self._queue.settle(p, call.result, now) for p, call in zip(pushed, calls, strict=True)]
            await self._queue.note(work, calls, answers, term)
            await attempt_table.end(work.connection, [call.attempt for call in calls], term, now)
            is_refused = await self._update_channel(work, calls)
            if is_outage_over or (self._is_refused and not is_refused):
                await self._queue.recover(work, is_outage_over=is_outage_over)
        for answer in answers:
            self._failures.note(answer, now)
        self._calls.forget_ended(calls)
        self._after_commit(calls, answers, is_refused=is_refused)
        if is_refused:
            await self._release(self._calls.take_queue(), term)

    async def _update_channel(self, work: Work, calls: Sequence[Call[P]]) -> bool:
        """Whether the marketplace refuses our credentials now; the newest answer that tells so counts."""
        is_refused, reason = self._is_refused, None
        for call in calls:
            if call.result.outcome is Outcome.UNAUTHORISED:
                is_refused, reason = True, call.error
            elif call.result.outcome in _TELLING:
                is_refused, reason = False, None
        if is_refused != self._is_refused:
            await channel_state.set_refused(work, self._account.channel, self._queue.part, reason)
        return is_refused

    def _after_commit(self, calls: Sequence[Call[P]], answers: Sequence[Answered[P]], *, is_refused: bool) -> None:
        for call, answer in zip(calls, answers, strict=True):
            if answer.state is State.QUARANTINED and call.push.failures < self._policy.quarantine_after:
                _log.warning("listing quarantined", sku=answer.push.sku, failures=answer.failures, error=answer.error)
        if is_refused:
            self._try_again_at = time.monotonic() + self._policy.unauthorised_seconds
        if is_refused and not self._is_refused:
            reasons = [call.error for call in calls if call.result.outcome is Outcome.UNAUTHORISED]
            _log.error(
                f"the marketplace refuses {self._queue.part.words}: check " + ", ".join(self._account.credentials),
                channel=self._account.channel,
                error=reasons[-1],
            )
        elif self._is_refused and not is_refused:
            _log.info(f"the marketplace accepts {self._queue.part.words} again", channel=self._account.channel)
        self._is_refused = is_refused

    async def _release(self, not_submitted: Sequence[P], term: str) -> None:
        if not not_submitted:
            return
        async with self._new_term_on_failure(), self._worker.begin() as work:
            await self._queue.release(work, not_submitted, term)
            await attempt_table.drop(work.connection, [push.asked for push in not_submitted], term)
