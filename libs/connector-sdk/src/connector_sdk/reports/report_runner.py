"""The report runner: has a report made where many listings are unknown or to be compared, and takes it in.

It only ever saves look-ups. While it waits, and whatever becomes of it, listings are looked up a few at a time.
"""

import asyncio
import collections
import contextlib
import datetime as dt

from runtime.backoff import delay
from runtime.errors import one_line
from runtime.logs import get_logger
from runtime.metrics import LISTING_REPORTS
from runtime.work import Worker

from connector_sdk.account import Account
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.observed_call import LOOK_AT_REPORT, READ_REPORT, REQUEST_REPORT, ObservedCall
from connector_sdk.reports import report_table
from connector_sdk.reports.listing_report import (
    ListingReporter,
    ReportedListing,
    ReportStatus,
    Standing,
    UnusableReportError,
)
from connector_sdk.reports.report_policy import Fate, ReportPolicy
from connector_sdk.reports.report_table import Report

_IDLE_SECONDS = 5.0
_CALL_SECONDS = 30.0
_READ_SECONDS = 300.0
_ROWS_AT_ONCE = 1000
_KEPT = dt.timedelta(days=7)
_LONGEST_BACKOFF_SECONDS = 120.0
_REFUSALS = frozenset({Outcome.REJECTED, Outcome.UNAUTHORISED, Outcome.UNSUPPORTED})
_ENDS = {ReportStatus.FATAL: Fate.FATAL, ReportStatus.CANCELLED: Fate.CANCELLED}

_log = get_logger(__name__)


class ReportRunner:
    """One round is `step`. Works only while this process leads the account. One report at a time."""

    def __init__(
        self, account: Account, reporter: ListingReporter, worker: Worker, leader: Leader, policy: ReportPolicy
    ) -> None:
        self._account = account
        self._reporter = reporter
        self._worker = worker
        self._leader = leader
        self._policy = policy
        self._failures = 0

    async def step(self) -> float:
        if await self._leader.lead() is None:
            return STANDBY_SECONDS
        async with self._worker.begin() as work:
            report, now = await report_table.unfinished(work.connection), work.now
        if report is None:
            return await self._consider()
        if now - report.requested_at >= self._policy.stuck:
            return await self._close(report, Fate.STUCK, f"not done after {now - report.requested_at}")
        try:
            if report.external_report_id is None:
                return await self._request(report)
            return await self._look(report, report.external_report_id)
        except (MarketplaceError, TimeoutError) as error:
            return await self._on_error(report, error)

    async def _consider(self) -> float:
        """Ask for a report if one is worth it."""
        async with self._worker.begin() as work:
            if not await report_table.is_wanted(work.connection, work.now, self._policy):
                return _IDLE_SECONDS
            await report_table.forget(work.connection, work.now - _KEPT)
            await report_table.open_report(work.connection, work.now)
        return 0.0

    async def _request(self, report: Report) -> float:
        """After a crash between the request and its note another is made; the first is never read."""
        with ObservedCall(REQUEST_REPORT, self._worker.telemetry.measurements):
            async with asyncio.timeout(_CALL_SECONDS):
                report_id = await self._reporter.request()
        self._failures = 0
        async with self._worker.begin() as work:
            await report_table.requested(work.connection, report, report_id)
        _log.info("a report of all listings is asked for", channel=self._account.channel, report=report_id)
        return 0.0

    async def _look(self, report: Report, report_id: str) -> float:
        with ObservedCall(LOOK_AT_REPORT, self._worker.telemetry.measurements):
            async with asyncio.timeout(_CALL_SECONDS):
                look = await self._reporter.look(report_id)
        if look.status in _ENDS:
            return await self._close(report, _ENDS[look.status], f"it is {look.status}")
        if look.status is not ReportStatus.DONE:
            self._failures = 0
            return self._policy.poll.total_seconds()
        if look.document_id is None:
            return await self._close(report, Fate.UNUSABLE, "it is done and has no document")
        try:
            with ObservedCall(READ_REPORT, self._worker.telemetry.measurements):
                async with asyncio.timeout(_READ_SECONDS):
                    counts = await self._read(report, look.document_id)
        except UnusableReportError as error:
            return await self._close(report, Fate.UNUSABLE, one_line(error))
        return await self._finish(report, counts)

    async def _read(self, report: Report, document_id: str) -> collections.Counter[Standing]:
        """Keep the rows of our own listings, a thousand in a transaction. How many rows there are of each kind."""
        counts: collections.Counter[Standing] = collections.Counter()
        rows: list[ReportedListing] = []
        async with self._worker.begin() as work:
            await report_table.drop(work.connection, report)
        async with contextlib.aclosing(self._reporter.read(document_id)) as read:
            async for row in read:
                counts[row.standing] += 1
                if row.standing is Standing.OURS:
                    rows.append(row)
                if len(rows) == _ROWS_AT_ONCE:
                    await self._keep(report, rows)
                    rows = []
        await self._keep(report, rows)
        return counts

    async def _keep(self, report: Report, rows: list[ReportedListing]) -> None:
        async with self._worker.begin() as work:
            await report_table.take(work.connection, report, rows)

    async def _finish(self, report: Report, counts: collections.Counter[Standing]) -> float:
        self._failures = 0
        async with self._worker.begin() as work:
            cleared = await report_table.clear(work.connection, report, work.now)
            await report_table.close(work.connection, report, Fate.DONE, work.now, counts.total())
            work.count(LISTING_REPORTS, fate=Fate.DONE.value)
        _log.info(
            "a report of all listings is taken in",
            report=report.external_report_id,
            cleared=cleared.cleared,
            strangers=cleared.strangers,
            missing=cleared.missing,
            **{standing.value: counts[standing] for standing in Standing},
        )
        return 0.0

    async def _close(self, report: Report, fate: Fate, reason: str) -> float:
        self._failures = 0
        async with self._worker.begin() as work:
            await report_table.drop(work.connection, report)
            await report_table.close(work.connection, report, fate, work.now)
            work.count(LISTING_REPORTS, fate=fate.value)
        _log.warning(
            "no report of all listings, they are looked up a few at a time",
            report=report.external_report_id,
            fate=fate,
            reason=reason,
        )
        return 0.0

    async def _on_error(self, report: Report, error: MarketplaceError | TimeoutError) -> float:
        """What is refused is not asked for again soon; anything else is, until the report counts as stuck."""
        if isinstance(error, MarketplaceError) and error.outcome in _REFUSALS:
            return await self._close(report, Fate.REFUSED, str(error))
        self._failures += 1
        _log.warning("a report of all listings fails, will retry", attempt=self._failures, error=one_line(error))
        asked = error.retry_after if isinstance(error, MarketplaceError) else None
        return max(asked or 0.0, delay(self._failures, first=1.0, longest=_LONGEST_BACKOFF_SECONDS))
