"""The registrar: looks listings up before anything is written to them, and answers for those that may not be."""

import time
from collections.abc import Sequence

from contracts import AppliedStatus
from runtime.backoff import delay
from runtime.logs import get_logger
from runtime.work import Work, Worker

from connector_sdk import applied, failed, price_applied, price_pushes, registry
from connector_sdk.account import Account
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.listing_reads import ListingReads
from connector_sdk.marketplace import LineResult, MarketplaceError, Outcome, Reading
from connector_sdk.registry import PACE, Pace, Refused, RefusedPrice

_IDLE_SECONDS = 0.5
_IDLE_SHARE = 4.0
"""It rests so many times as long as it looked: a long queue makes looking slow."""
_MOST_CLOSED = 500

_log = get_logger(__name__)


class Registrar:
    """One round is `step`. Works only while this process leads the account."""

    def __init__(
        self, account: Account, reads: ListingReads, worker: Worker, leader: Leader, pace: Pace = PACE
    ) -> None:
        self._account = account
        self._reads = reads
        self._worker = worker
        self._leader = leader
        self._pace = pace
        self._failures = 0

    async def step(self) -> float:
        if await self._leader.lead() is None:
            return STANDBY_SECONDS
        started = time.monotonic()
        async with self._worker.begin() as work:
            self._reject(
                work,
                await registry.close(work.connection, _MOST_CLOSED),
                await registry.close_prices(work.connection, _MOST_CLOSED),
            )
            due = await registry.due(work.connection, work.now, self._reads.a_round, self._pace)
        if not due:
            return max(_IDLE_SECONDS, _IDLE_SHARE * (time.monotonic() - started))
        try:
            readings = await self._reads.survey(due)
        except (MarketplaceError, TimeoutError) as error:
            self._failures += 1
            _log.warning("listings not looked up, will retry", attempt=self._failures, error=str(error))
            async with self._worker.begin() as work:
                await registry.postpone(work.connection, due, work.now)
            return delay(self._failures, first=1.0, longest=30.0)
        self._failures = 0
        async with self._worker.begin() as work:
            await keep(work, self._account.channel, readings, self._pace)
        return 0.0

    def _reject(self, work: Work, stock: Sequence[Refused], prices: Sequence[RefusedPrice]) -> None:
        channel, status = self._account.channel, AppliedStatus.REJECTED
        for each in stock:
            result = LineResult(each.push.external_sku, Outcome.REJECTED, issues=(each.issue,))
            work.publish(applied.answered(channel, each.push, status, result), cause=each.push.cause)
        for price in prices:
            result = LineResult(price.push.external_sku, Outcome.REJECTED, issues=(price.issue,))
            work.publish(price_applied.answered(channel, price.push, status, result), cause=price.push.cause)


async def keep(work: Work, channel: str, readings: Sequence[Reading], pace: Pace = PACE) -> None:
    """Keep what readings tell of listings. What may be written again is told as it stands, and asked for anew."""
    by_sku = {reading.external_sku: reading for reading in readings}
    change = await registry.note(work.connection, [*by_sku.values()], work.now, pace)
    for external_sku in sorted(change.lost):
        refusal = by_sku[external_sku].refusal
        _log.warning("listing is not written", external_sku=external_sku, reason=refusal and refusal.message)
    if not change.found:
        return
    ours = await registry.skus_of(work.connection, [*change.found])
    for sku, external_sku in ours:
        work.publish(applied.observed(channel, sku, by_sku[external_sku]))
    skus = [sku for sku, _ in ours]
    failed.ask_again(work, channel, await failed.read(work.connection, work.now, skus))
    rejected = {price.sku for price in await failed.read_prices(work.connection, work.now, skus)}
    if rejected:
        await price_pushes.again(work.connection, sorted(rejected), work.now)
    _log.info("listings may be written again", external_skus=sorted(change.found))
