"""Zeros beside a feed: written at once, and again, while the feed still holds their listing.

At the marketplace the order of a write and a queued feed is undefined. So such a zero proves nothing, and nothing is
told of it; but it takes the listing off sale for as long as the feed has not come. Once the feed's fate is known the
pusher writes it as any other.
"""

import asyncio
import datetime as dt
from collections.abc import Sequence

from runtime.clock import Clock, system_clock
from runtime.errors import one_line
from runtime.logs import get_logger
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.attempts import attempt_table
from connector_sdk.attempts.asked import Asked, Kind
from connector_sdk.attempts.attempt_table import Ended
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.marketplace import LineResult, Outcome, StockLine, StockWriter
from connector_sdk.observed_call import PUSH_STOCK, ObservedCall, outcome_of_lines
from connector_sdk.token_bucket import TokenBucket

_ROUND_SECONDS = 1.0
_MOST = 8
_CALL_SECONDS = 30.0
REPEAT = dt.timedelta(seconds=30)

_CLAIM = text("""
with held as (
    select p.sku from pushes p
    where p.lease like 'feed:%' and p.quantity = 0 and p.in_flight_revision < p.revision
      and (p.held_zero_at is null or p.held_zero_at <= :before)
      and not (select paused or stock_refused is not null from channel_state)
    order by p.held_zero_at nulls first, p.urgency, p.sku limit :most for update skip locked
)
update pushes p set held_zero_at = :now, reached = true, attempts = p.attempts + 1, submitted_at = :now
from held where p.sku = held.sku
returning p.sku, p.external_sku, p.quantity, p.revision
""")

_log = get_logger(__name__)


class HeldZeros:
    """One round is `step`. Works only while this process leads the account."""

    def __init__(
        self,
        marketplace: StockWriter,
        worker: Worker,
        leader: Leader,
        bucket: TokenBucket,
        *,
        repeat: dt.timedelta = REPEAT,
        clock: Clock = system_clock,
    ) -> None:
        """`bucket` is the pusher's."""
        self._marketplace = marketplace
        self._worker = worker
        self._leader = leader
        self._bucket = bucket
        self._repeat = repeat
        self._clock = clock

    async def step(self) -> float:
        term = await self._leader.lead()
        if term is None:
            return STANDBY_SECONDS
        lease = attempt_table.beside(term)
        async with self._worker.begin() as work:
            zeros = await claim(work.connection, _MOST, work.now, self._repeat)
            await attempt_table.begin(work.connection, [_asked(zero) for zero in zeros], lease, work.now)
        ended = await asyncio.gather(*(self._write(zero) for zero in zeros))
        if ended:
            async with self._worker.begin() as work:
                await attempt_table.end(work.connection, ended, lease, work.now)
        return 0.0 if len(zeros) == _MOST else _ROUND_SECONDS

    async def _write(self, zero: StockLine) -> Ended:
        await self._bucket.acquire()
        started_at = self._clock()
        with ObservedCall(PUSH_STOCK, self._worker.telemetry.measurements) as call:
            try:
                async with asyncio.timeout(_CALL_SECONDS):
                    results = await self._marketplace.push_stock([zero])
            except TimeoutError as error:
                _log.warning("a zero beside a feed had no answer", sku=zero.sku, error=one_line(error))
                results = ()
            call.outcome = outcome_of_lines(results)
        for result in results:
            if result.throttled:
                self._bucket.slow_down(result.retry_after)
        told = [result for result in results if result.external_sku == zero.external_sku]
        result = told[0] if told else LineResult(zero.external_sku, Outcome.UNKNOWN)
        return Ended(_asked(zero), result, started_at, self._clock())


def _asked(zero: StockLine) -> Asked:
    return Asked(Kind.STOCK, zero.sku, zero.revision, external_sku=zero.external_sku, quantity=zero.quantity)


async def claim(connection: AsyncConnection, most: int, now: dt.datetime, repeat: dt.timedelta) -> Sequence[StockLine]:
    """Zeros whose listing a feed still holds, and that were not written for a while."""
    result = await connection.execute(_CLAIM, {"most": most, "now": now, "before": now - repeat})
    return [StockLine(row.sku, row.external_sku, row.quantity, row.revision) for row in result]
