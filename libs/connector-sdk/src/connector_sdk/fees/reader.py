"""The fee reader: asks for estimates in batches, and again once they are old or the price is another one."""

import asyncio
import datetime as dt
from collections.abc import Sequence

from runtime.backoff import delay
from runtime.logs import get_logger
from runtime.work import Worker

from connector_sdk.fees import estimates
from connector_sdk.fees.estimates import Due
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.marketplace import FeeEstimate, FeeLine, Marketplace, MarketplaceError, Outcome
from connector_sdk.observed_call import ESTIMATE_FEES, ObservedCall
from connector_sdk.token_bucket import TokenBucket

_IDLE_SECONDS = 2.0
_CALL_SECONDS = 30.0
_LONGEST_BACKOFF_SECONDS = 3600.0
_UNAUTHORISED_SECONDS = 300.0

_log = get_logger(__name__)


class FeeReader:
    """One round is `step`. Works only while this process leads the account.

    Refused credentials stop nothing but this reader: estimating fees wants a role of its own.
    """

    def __init__(
        self, marketplace: Marketplace, worker: Worker, leader: Leader, bucket: TokenBucket, refresh: dt.timedelta
    ) -> None:
        self._marketplace = marketplace
        self._batch = marketplace.capabilities().fee_batch
        self._worker = worker
        self._leader = leader
        self._bucket = bucket
        self._refresh = refresh
        self._failures = 0
        self._one_by_one = 0
        """So many lines of a refused batch are asked about alone, so that a bad one does not hold up the others."""

    async def step(self) -> float:
        if await self._leader.lead() is None:
            return STANDBY_SECONDS
        async with self._worker.begin() as work:
            due = await estimates.due(work.connection, 1 if self._one_by_one else self._batch, work.now)
        if not due:
            return _IDLE_SECONDS
        try:
            answers = await self._ask([each.line for each in due])
        except (MarketplaceError, TimeoutError) as error:
            if isinstance(error, MarketplaceError) and error.outcome is Outcome.REJECTED:
                return await self._on_refusal(due, error)
            return await self._on_error(due, error)
        self._failures, self._one_by_one = 0, max(0, self._one_by_one - 1)
        self._bucket.speed_up()
        await self._keep(due, answers)
        return 0.0

    async def _ask(self, lines: Sequence[FeeLine]) -> Sequence[FeeEstimate]:
        await self._bucket.acquire()
        with ObservedCall(ESTIMATE_FEES, self._worker.telemetry.measurements):
            async with asyncio.timeout(_CALL_SECONDS):
                return await self._marketplace.estimate_fees(lines)

    async def _keep(self, due: Sequence[Due], answers: Sequence[FeeEstimate]) -> None:
        by_sku = {answer.sku: answer for answer in answers}
        good, bad = [], []
        async with self._worker.begin() as work:
            for each in due:
                answer = by_sku.get(each.line.sku)
                if answer and answer.issue is None:
                    good.append((each.line, answer))
                    continue
                error = f"{answer.issue.code}: {answer.issue.message}" if answer and answer.issue else "no answer"
                bad.append((each.line, _again_at(each, work.now), error[:500]))
            await estimates.keep(work.connection, good, work.now + self._refresh, work.now)
            await estimates.fail(work.connection, bad)

    async def _on_refusal(self, due: Sequence[Due], error: MarketplaceError) -> float:
        """Something in the request is wrong; nobody says which line."""
        self._one_by_one = max(0, self._one_by_one - 1) if len(due) == 1 else len(due)
        async with self._worker.begin() as work:
            again_at = _again_at(due[0], work.now) if len(due) == 1 else work.now
            await estimates.fail(work.connection, [(each.line, again_at, str(error)[:500]) for each in due])
        return 0.0

    async def _on_error(self, due: Sequence[Due], error: MarketplaceError | TimeoutError) -> float:
        """The call failed as a whole: these lines are asked about again, and nothing else meanwhile."""
        self._failures += 1
        reason = str(error) or type(error).__name__
        _log.warning("fees not estimated, will retry", attempt=self._failures, error=reason)
        wait = delay(self._failures, first=2.0, longest=_UNAUTHORISED_SECONDS)
        if isinstance(error, MarketplaceError):
            if error.outcome is Outcome.RETRY:
                self._bucket.slow_down(error.retry_after)
            wait = _UNAUTHORISED_SECONDS if error.outcome is Outcome.UNAUTHORISED else wait
            wait = max(wait, error.retry_after or 0.0)
        async with self._worker.begin() as work:
            await estimates.fail(work.connection, [(each.line, work.now, reason[:500]) for each in due])
        return wait


def _again_at(due: Due, now: dt.datetime) -> dt.datetime:
    """When to ask again about a line that had no estimate."""
    return now + dt.timedelta(seconds=delay(due.failures + 1, first=60.0, longest=_LONGEST_BACKOFF_SECONDS))
