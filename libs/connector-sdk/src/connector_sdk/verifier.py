"""The verifier: when is an accepted quantity live? By a reading that proves it, else when its ceiling has passed."""

import datetime as dt
from collections.abc import Sequence

from contracts import proves_live
from runtime.backoff import delay
from runtime.logs import get_logger
from runtime.work import Worker

from connector_sdk import applied, evidence
from connector_sdk.account import Account
from connector_sdk.evidence import Unproven
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.listing_reads import MOST, ListingReads
from connector_sdk.marketplace import MarketplaceError, Reading
from connector_sdk.pushes import Patience

_ROUND_SECONDS = 1.0
_MOST_LIVE = 500

_log = get_logger(__name__)


class Verifier:
    """One round is `step`. Works only while this process leads the account."""

    def __init__(
        self, account: Account, reads: ListingReads, worker: Worker, leader: Leader, patience: Patience
    ) -> None:
        self._account = account
        self._reads = reads
        self._worker = worker
        self._leader = leader
        self._patience = patience
        self._failures = 0

    async def step(self) -> float:
        if await self._leader.lead() is None:
            return STANDBY_SECONDS
        more = await self._pass_ceiling()
        if self._reads.can_read:
            return await self._read_back()
        return 0.0 if more else _ROUND_SECONDS

    async def _pass_ceiling(self) -> bool:
        async with self._worker.begin() as work:
            passed = await evidence.pass_ceiling(work.connection, work.now, self._patience.ceiling, _MOST_LIVE)
            for unproven in passed:
                work.publish(applied.live_by_ceiling(self._account.channel, unproven))
        return len(passed) == _MOST_LIVE

    async def _read_back(self) -> float:
        async with self._worker.begin() as work:
            asked_at = work.now
            due = await evidence.due(work.connection, asked_at, self._patience.read_after, MOST)
        if not due:
            return _ROUND_SECONDS
        try:
            readings = await self._reads.read([unproven.external_sku for unproven in due])
        except (MarketplaceError, TimeoutError) as error:
            self._failures += 1
            _log.warning("listings not read back, will retry", attempt=self._failures, error=str(error))
            return delay(self._failures, first=2.0, longest=60.0)
        self._failures = 0
        await self._note(due, readings, asked_at)
        return 0.0

    async def _note(self, due: Sequence[Unproven], readings: Sequence[Reading], asked_at: dt.datetime) -> None:
        by_sku = {reading.external_sku: reading for reading in readings}
        read = [(unproven, by_sku[unproven.external_sku]) for unproven in due if unproven.external_sku in by_sku]
        proofs = [
            (unproven, reading.observed_at)
            for unproven, reading in read
            if reading.quantity is not None and proves_live(unproven.quantity, unproven.live_above, reading.quantity)
        ]
        channel = self._account.channel
        async with self._worker.begin() as work:
            proven = await evidence.prove(work.connection, proofs, asked_at) if proofs else set()
            for unproven, reading in read:
                if unproven.sku in proven:
                    work.publish(applied.live_by_reading(channel, unproven, reading))
                elif reading.quantity is not None:
                    work.publish(applied.observed(channel, unproven.sku, reading))
