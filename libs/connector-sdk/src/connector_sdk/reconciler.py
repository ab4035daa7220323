"""The reconciler: compares every listing with what the marketplace shows, tells why it differs, and has it mended.

It decides no quantity. What it finds is published as a reading, which is evidence to the inventory like any other.
"""

import dataclasses as dc
import datetime as dt
from collections.abc import Mapping, Sequence

from contracts import Issue
from runtime.backoff import delay
from runtime.logs import get_logger
from runtime.metrics import RECONCILED, RECONCILED_AT
from runtime.work import Work, Worker

from connector_sdk import applied, reconciliations, registrar, sold_lines
from connector_sdk.account import Account
from connector_sdk.discrepancy import CAUSES, Judged, Target, Verdict, confirm, judge
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.listing_reads import MOST, ListingReads
from connector_sdk.marketplace import MarketplaceError, Reading
from connector_sdk.reconciliations import Compared, First, Run
from connector_sdk.rhythm import Rhythm
from connector_sdk.sold_lines import SoldLine

_IDLE_SECONDS = 1.0
_KEEP_FOR = dt.timedelta(days=90)

_log = get_logger(__name__)


@dc.dataclass(frozen=True, slots=True)
class _Orders:
    sold: Mapping[str, Sequence[SoldLine]]
    known_until: dt.datetime | None

    def judge(self, target: Target, reading: Reading) -> Judged:
        return judge(target, reading, self.sold[target.external_sku], self.known_until)


class Reconciler:
    """One round is `step`. Works only while this process leads the account."""

    def __init__(self, account: Account, reads: ListingReads, worker: Worker, leader: Leader, rhythm: Rhythm) -> None:
        self._account = account
        self._reads = reads
        self._worker = worker
        self._leader = leader
        self._rhythm = rhythm
        self._failures = 0

    async def step(self) -> float:
        if await self._leader.lead() is None:
            return STANDBY_SECONDS
        try:
            is_confirming = await self._confirm()
            is_busy = await self._compare() or is_confirming
        except (MarketplaceError, TimeoutError) as error:
            self._failures += 1
            _log.warning("listings not reconciled, will retry", attempt=self._failures, error=str(error))
            return delay(self._failures, first=2.0, longest=120.0)
        self._failures = 0
        return 0.0 if is_busy else _IDLE_SECONDS

    async def _compare(self) -> bool:
        """Compare the next few listings of the run under way. Whether there is one."""
        async with self._worker.begin() as work:
            run = await reconciliations.current(work.connection, work.now, self._rhythm.period)
            if run is None:
                return False
            targets = await reconciliations.following(work.connection, run.position, work.now, self._rhythm, MOST)
        if not targets:
            await self._finish(run)
            return True
        readings = {reading.external_sku: reading for reading in await self._survey(targets)}
        orders = await self._orders(targets)
        pairs = [(target, readings[target.external_sku]) for target in targets if target.external_sku in readings]
        seconds = await self._read_excess(orders, pairs)
        async with self._worker.begin() as work:
            compared = [self._judge(work, orders, pair, seconds) for pair in pairs]
            await reconciliations.keep(work.connection, compared, run.run)
            await registrar.keep(work, self._account.channel, [*(readings | seconds).values()])
            await reconciliations.advance(work.connection, run, targets[-1].sku, len(compared))
        return True

    async def _survey(self, targets: Sequence[Target]) -> Sequence[Reading]:
        return await self._reads.survey(sorted({target.external_sku for target in targets}))

    async def _orders(self, targets: Sequence[Target]) -> _Orders:
        async with self._worker.begin() as work:
            moments = [t.submitted_at for t in targets if t.submitted_at]
            moments += [t.before.observed_at for t in targets if t.before]
            since = min(moments, default=work.now) - dt.timedelta(minutes=5)
            external_skus = [target.external_sku for target in targets]
            sold = await sold_lines.read(work.connection, external_skus, since)
            return _Orders(sold, await reconciliations.orders_known_until(work.connection))

    async def _read_excess(self, orders: _Orders, pairs: Sequence[tuple[Target, Reading]]) -> dict[str, Reading]:
        """Read by itself what a search shows too much of: an index may be behind."""
        doubted = sorted({t.external_sku for t, reading in pairs if orders.judge(t, reading).excess})
        return {reading.external_sku: reading for reading in await self._reads.read(doubted)} if doubted else {}

    def _judge(
        self, work: Work, orders: _Orders, pair: tuple[Target, Reading], seconds: Mapping[str, Reading]
    ) -> Compared:
        target, reading = pair
        judged = orders.judge(target, reading)
        second = seconds.get(target.external_sku)
        if judged.excess and second is not None:
            reading, again = second, orders.judge(target, second)
            judged = again if again.excess else Judged(Verdict.STALE_READING)
        if judged.excess:
            work.publish(applied.observed(self._account.channel, target.sku, reading))
            self._log(target, reading, judged.verdict)
        confirm_at = work.now + self._rhythm.confirm_after if judged.is_doubtful else None
        return Compared(target, reading, judged, confirm_at)

    async def _finish(self, run: Run) -> None:
        async with self._worker.begin() as work:
            await reconciliations.finish(work.connection, run, work.now, _KEEP_FOR)
            await sold_lines.forget(work.connection, work.now - _KEEP_FOR)
            counts = await reconciliations.counts(work.connection)
            finished_at = work.now
        measurements = self._worker.telemetry.measurements
        for verdict in CAUSES:
            measurements.set(RECONCILED, counts.get(verdict, 0), cause=verdict)
        measurements.set(RECONCILED_AT, finished_at.timestamp())
        _log.info("listings reconciled", run=run.run, **counts)

    async def _confirm(self) -> bool:
        """Read a second time what is due. Whether there was any."""
        async with self._worker.begin() as work:
            found = await reconciliations.to_confirm(work.connection, work.now, self._rhythm.ceiling, MOST)
            known_until = await reconciliations.orders_known_until(work.connection)
            early = [target.sku for target, first in found if _is_early(target, first, known_until)]
            await reconciliations.postpone(work.connection, early, work.now + self._rhythm.confirm_after)
        due = [(target, first) for target, first in found if target.sku not in early]
        if not due:
            return False
        read = await self._reads.read(sorted({target.external_sku for target, _ in due}))
        readings = {reading.external_sku: reading for reading in read}
        orders = await self._orders([target for target, _ in due])
        async with self._worker.begin() as work:
            later = work.now + self._rhythm.confirm_after
            await reconciliations.postpone(work.connection, [target.sku for target, _ in due], later)
            untouched = await reconciliations.untouched(work.connection, [target for target, _ in due])
            settled = [
                self._settle(work, orders, target, first, readings[target.external_sku])
                for target, first in due
                if target.sku in untouched and target.external_sku in readings
            ]
            await reconciliations.keep(work.connection, [each for each in settled if each], 0)
            await registrar.keep(work, self._account.channel, [*readings.values()])
        return True

    def _settle(self, work: Work, orders: _Orders, target: Target, first: First, second: Reading) -> Compared | None:
        """What two readings come to; None: it stays open. A target that came between begins anew."""
        if first.revision != target.revision:
            judged = orders.judge(target, second)
            if judged.excess:
                work.publish(applied.observed(self._account.channel, target.sku, second))
            later = work.now + self._rhythm.confirm_after if judged.is_doubtful else None
            return Compared(target, second, judged, later)
        shown = Reading(target.external_sku, first.live, first.observed_at)
        confirmed = confirm(target, shown, second, orders.sold[target.external_sku], orders.known_until)
        if confirmed.is_open:
            return None
        if confirmed.tell:
            work.publish(applied.observed(self._account.channel, target.sku, as_evidence(second)))
            self._log(target, second, confirmed.verdict)
        return Compared(target, second, Judged(confirmed.verdict), None)

    def _log(self, target: Target, reading: Reading, verdict: Verdict) -> None:
        _log.warning(
            "a listing differs",
            sku=target.sku,
            cause=verdict.value,
            desired=target.quantity,
            live=reading.quantity,
        )


def _is_early(target: Target, first: First, known_until: dt.datetime | None) -> bool:
    """Whether an order of the time of the first reading may still come to be known."""
    if first.revision != target.revision or first.live is None:
        return False
    return known_until is None or known_until < first.observed_at + target.margin


def as_evidence(reading: Reading) -> Reading:
    """A listing that is certainly not offered shows none of our units: that is a quantity of zero."""
    is_gone = reading.quantity is None and isinstance(reading.refusal, Issue)
    return dc.replace(reading, quantity=0) if is_gone else reading
