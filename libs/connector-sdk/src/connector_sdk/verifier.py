"""The verifier: when is an accepted quantity live? By a reading that proves it, else when its ceiling has passed."""

import asyncio
import dataclasses as dc
import datetime as dt
from collections.abc import Sequence

from aiolimiter import AsyncLimiter
from contracts import AppliedStatus, Evidence, StockApplied, proves_live
from runtime.backoff import delay
from runtime.logs import get_logger
from runtime.work import Worker

from connector_sdk import evidence
from connector_sdk.account import Account
from connector_sdk.evidence import Unproven
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.marketplace import Marketplace, MarketplaceError, Reading
from connector_sdk.observed_call import READ_LISTINGS, ObservedCall
from connector_sdk.pushes import Patience
from connector_sdk.settings import ConnectorSettings

_ROUND_SECONDS = 1.0
_MOST_LIVE = 500
_MOST_READ = 20
_READ_SECONDS = 60.0

_log = get_logger(__name__)


@dc.dataclass(frozen=True, slots=True)
class VerifyPolicy:
    """`read_rate`: listings read a second."""

    patience: Patience = dc.field(default_factory=Patience)
    read_rate: float = 2.0

    @classmethod
    def of(cls, settings: ConnectorSettings) -> "VerifyPolicy":
        return cls(settings.patience, settings.read_rate_per_second)


class Verifier:
    """One round is `step`. Works only while this process leads the account."""

    def __init__(
        self, account: Account, marketplace: Marketplace, worker: Worker, leader: Leader, policy: VerifyPolicy
    ) -> None:
        self._account = account
        self._marketplace = marketplace
        self._worker = worker
        self._leader = leader
        self._policy = policy
        self._can_read = marketplace.capabilities().read_back
        self._limiter = AsyncLimiter(1, 1 / policy.read_rate)
        self._failures = 0

    async def step(self) -> float:
        if await self._leader.lead() is None:
            return STANDBY_SECONDS
        more = await self._pass_ceiling()
        if self._can_read:
            return await self._read_back()
        return 0.0 if more else _ROUND_SECONDS

    async def _pass_ceiling(self) -> bool:
        async with self._worker.begin() as work:
            passed = await evidence.pass_ceiling(work.connection, work.now, self._policy.patience.ceiling, _MOST_LIVE)
            for unproven in passed:
                work.publish(self._live(unproven, unproven.live_at, Evidence.CEILING))
        return len(passed) == _MOST_LIVE

    async def _read_back(self) -> float:
        async with self._worker.begin() as work:
            due = await evidence.due(work.connection, work.now, self._policy.patience.read_after, _MOST_READ)
        if not due:
            return _ROUND_SECONDS
        for _ in due:
            await self._limiter.acquire()
        try:
            with ObservedCall(READ_LISTINGS, self._worker.telemetry.measurements):
                async with asyncio.timeout(_READ_SECONDS):
                    readings = await self._marketplace.read_listings([unproven.external_sku for unproven in due])
        except (MarketplaceError, TimeoutError) as error:
            self._failures += 1
            _log.warning("listings not read back, will retry", attempt=self._failures, error=str(error))
            return delay(self._failures, first=2.0, longest=60.0)
        self._failures = 0
        await self._note(due, readings)
        return 0.0

    async def _note(self, due: Sequence[Unproven], readings: Sequence[Reading]) -> None:
        by_sku = {reading.external_sku: reading for reading in readings}
        read = [(unproven, by_sku[unproven.external_sku]) for unproven in due if unproven.external_sku in by_sku]
        proofs = [
            (unproven, reading.observed_at)
            for unproven, reading in read
            if reading.quantity is not None and proves_live(unproven.quantity, unproven.live_above, reading.quantity)
        ]
        async with self._worker.begin() as work:
            proven = await evidence.prove(work.connection, proofs) if proofs else set()
            for unproven, reading in read:
                if unproven.sku in proven:
                    work.publish(self._live(unproven, reading.observed_at, Evidence.READ_BACK, reading))
                elif reading.quantity is not None:
                    work.publish(self._observed(unproven, reading))

    def _live(
        self, unproven: Unproven, live_at: dt.datetime | None, proof: Evidence, reading: Reading | None = None
    ) -> StockApplied:
        return StockApplied(
            channel=self._account.channel,
            sku=unproven.sku,
            revision=unproven.revision,
            quantity=unproven.quantity,
            status=AppliedStatus.LIVE,
            submitted_at=unproven.submitted_at,
            live_at=live_at,
            evidence=proof,
            observed_quantity=reading.quantity if reading else None,
            observed_at=reading.observed_at if reading else None,
            attempt=unproven.attempts,
        )

    def _observed(self, unproven: Unproven, reading: Reading) -> StockApplied:
        return StockApplied(
            channel=self._account.channel,
            sku=unproven.sku,
            status=AppliedStatus.OBSERVED,
            observed_quantity=reading.quantity,
            observed_at=reading.observed_at,
        )
