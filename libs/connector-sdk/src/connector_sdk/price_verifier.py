"""When is an accepted price live? By a reading that shows it; else when its ceiling has passed without another one."""

import datetime as dt
from collections.abc import Mapping, Sequence

from runtime.backoff import delay
from runtime.logs import get_logger
from runtime.work import Worker

from connector_sdk import price_applied, price_evidence
from connector_sdk.account import Account
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.listing_reads import MOST, ListingReads
from connector_sdk.marketplace import MarketplaceError, Reading
from connector_sdk.price_evidence import Judged, SentPrice, Shows, what_is_shown
from connector_sdk.push_policy import PushPolicy
from connector_sdk.submission import State

_ROUND_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 60.0

_log = get_logger(__name__)


class PriceVerifier:
    """One round is `step`. Works only while this process leads the account.

    Where a reading shows another price after the ceiling, the write was lost, or somebody has set the price by hand: it
    is written again, and counts as a failure, so that a listing that never takes its price is set aside in the end.
    """

    def __init__(
        self, account: Account, reads: ListingReads, worker: Worker, leader: Leader, policy: PushPolicy
    ) -> None:
        self._account = account
        self._reads = reads
        self._worker = worker
        self._leader = leader
        self._policy = policy
        self._failures = 0

    async def step(self) -> float:
        if await self._leader.lead() is None:
            return STANDBY_SECONDS
        patience = self._policy.patience
        async with self._worker.begin() as work:
            due = await price_evidence.due(work.connection, work.now, patience.read_after, patience.ceiling, MOST)
        if not due:
            return _ROUND_SECONDS
        readings: dict[str, Reading] = {}
        if self._reads.can_read:
            try:
                read = await self._reads.read([sent.external_sku for sent in due])
            except (MarketplaceError, TimeoutError) as error:
                self._failures += 1
                _log.warning("prices not read back, will retry", attempt=self._failures, error=str(error))
                return delay(self._failures, first=2.0, longest=60.0)
            readings = {reading.external_sku: reading for reading in read}
        self._failures = 0
        await self._settle(due, readings)
        return 0.0 if len(due) == MOST else _ROUND_SECONDS

    async def _settle(self, due: Sequence[SentPrice], readings: Mapping[str, Reading]) -> None:
        async with self._worker.begin() as work:
            found = [self._judge(sent, readings.get(sent.external_sku), work.now) for sent in due]
            judged = [each for each in found if each is not None]
            settled = await price_evidence.settle(work.connection, judged, work.now) if judged else set()
            for each in judged:
                if each.sent.sku in settled and each.state == State.LIVE:
                    work.publish(price_applied.live(self._account.channel, each.sent, each.proof))
        for each in judged:
            if each.state == State.QUARANTINED:
                _log.warning("price quarantined", sku=each.sent.sku, failures=each.failures, error=each.error)

    def _judge(self, sent: SentPrice, reading: Reading | None, now: dt.datetime) -> Judged | None:
        """None: nothing is proven yet."""
        if self._reads.can_read and reading is None:
            return None
        shows = what_is_shown(sent, reading) if reading else Shows.NOTHING
        if shows is Shows.OURS and reading:
            return Judged(sent, State.LIVE, 0, now, live_at=reading.observed_at, proof=reading)
        if now < sent.passes_at:
            return None
        if shows is Shows.NOTHING:
            return Judged(sent, State.LIVE, 0, now, live_at=sent.passes_at)
        failures = sent.failures + 1
        is_quarantined = failures >= self._policy.quarantine_after
        wait = self._policy.quarantine_seconds
        if not is_quarantined:
            wait = delay(failures, first=self._policy.backoff_seconds, longest=_LONGEST_WAIT_SECONDS)
        shown = reading.price.amount if reading and reading.price else None
        return Judged(
            sent,
            State.QUARANTINED if is_quarantined else State.PENDING,
            failures,
            now + dt.timedelta(seconds=wait),
            error=f"the marketplace shows {shown}, not {sent.price.amount}",
        )
