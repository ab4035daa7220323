"""The observer: reads the listings that somebody asked for, and publishes what they show."""

import datetime as dt
from collections.abc import Sequence

from runtime.backoff import delay
from runtime.logs import get_logger
from runtime.work import Worker

from connector_sdk import applied, listings, price_applied, registrar
from connector_sdk.account import Account
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.listing_reads import MOST, ListingReads
from connector_sdk.listings import Due
from connector_sdk.marketplace import MarketplaceError, Reading

_IDLE_SECONDS = 0.5
_AGAIN_AFTER = dt.timedelta(seconds=15)
"""What was not read the first time is tried again after so long, later after twice as long, and so on."""

_log = get_logger(__name__)


class Observer:
    """One round is `step`. Works only while this process leads the account."""

    def __init__(
        self, account: Account, reads: ListingReads, worker: Worker, leader: Leader, *, registers: bool = False
    ) -> None:
        """`registers`: what it reads of a listing is kept in the registry too."""
        self._registers = registers
        self._account = account
        self._reads = reads
        self._worker = worker
        self._leader = leader
        self._failures = 0

    async def step(self) -> float:
        if await self._leader.lead() is None:
            return STANDBY_SECONDS
        async with self._worker.begin() as work:
            due = await listings.due(work.connection, work.now, _AGAIN_AFTER, MOST)
        if not due:
            return _IDLE_SECONDS
        try:
            readings = await self._reads.read([each.external_sku for each in due])
        except (MarketplaceError, TimeoutError) as error:
            self._failures += 1
            _log.warning("listings not read, will retry", attempt=self._failures, error=str(error))
            return delay(self._failures, first=2.0, longest=60.0)
        self._failures = 0
        await self._publish(due, readings)
        return 0.0

    async def _publish(self, due: Sequence[Due], readings: Sequence[Reading]) -> None:
        by_sku = {reading.external_sku: reading for reading in readings}
        read = [each for each in due if each.external_sku in by_sku]
        async with self._worker.begin() as work:
            current = await listings.note(work.connection, read, work.now)
            if self._registers:
                await registrar.keep(work, self._account.channel, [by_sku[each.external_sku] for each in read])
            for each in read:
                if each.sku not in current:
                    continue
                channel, reading = self._account.channel, by_sku[each.external_sku]
                work.publish(applied.observed(channel, each.sku, reading), cause=each.cause)
                if reading.price is not None:
                    work.publish(price_applied.observed(channel, each.sku, reading), cause=each.cause)
