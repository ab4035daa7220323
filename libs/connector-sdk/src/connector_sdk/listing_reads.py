"""Reading listings, for all who ask, at one rate."""

import asyncio
from collections.abc import Sequence

from aiolimiter import AsyncLimiter
from runtime.logs import get_logger
from runtime.telemetry import Telemetry

from connector_sdk.marketplace import Marketplace, MarketplaceError, Outcome, Reading
from connector_sdk.observed_call import READ_LISTINGS, SEARCH_LISTINGS, ObservedCall

MOST = 20
"""How many listings to ask for in one round."""
_CALL_SECONDS = 30.0
_SEARCHES_A_ROUND = 5
_FAILURES_IN_A_ROUND = 2
_ABOUT_US = frozenset({Outcome.RETRY, Outcome.UNAUTHORISED, Outcome.UNSUPPORTED})
"""What would be answered for any other listing too."""

_log = get_logger(__name__)


class ListingReads:
    """`rate`: listings a second; `search_rate`: searches a second, which marketplaces count by themselves."""

    def __init__(
        self, marketplace: Marketplace, telemetry: Telemetry, rate: float, search_rate: float | None = None
    ) -> None:
        capabilities = marketplace.capabilities()
        self._search_batch = capabilities.search_batch
        self._searches = AsyncLimiter(1, 1 / (search_rate or rate))
        self.can_read = capabilities.read_back
        self._batch = capabilities.read_batch
        self._marketplace = marketplace
        self._telemetry = telemetry
        self._limiter = AsyncLimiter(1, 1 / rate)

    async def read(self, external_skus: Sequence[str]) -> list[Reading]:
        """Readings of those that could be read. One listing that can't be read does not hold up the others.

        Raises:
            MarketplaceError, TimeoutError: nothing could be read.
        """
        readings: list[Reading] = []
        failures: list[MarketplaceError | TimeoutError] = []
        for start in range(0, len(external_skus), self._batch):
            try:
                readings += await self._call(external_skus[start : start + self._batch])
            except (MarketplaceError, TimeoutError) as error:
                failures.append(error)
                is_about_us = isinstance(error, MarketplaceError) and error.outcome in _ABOUT_US
                if is_about_us or len(failures) == _FAILURES_IN_A_ROUND:
                    break
        if failures and not readings:
            raise failures[-1]
        if failures:
            _log.warning("some listings not read, will retry", error=str(failures[-1]), read=len(readings))
        return readings

    @property
    def a_round(self) -> int:
        """How many listings `survey` takes in a few seconds: those of some searches, or as many as are read singly."""
        return max(MOST, _SEARCHES_A_ROUND * self._search_batch)

    async def survey(self, external_skus: Sequence[str]) -> list[Reading]:
        """Readings of those that could be read, by searches where there are any; what those miss is read by itself.

        Raises:
            MarketplaceError, TimeoutError: a search failed, or nothing else could be read.
        """
        readings: list[Reading] = []
        for start in range(0, len(external_skus), self._search_batch or MOST) if self._search_batch else ():
            readings += await self._search(external_skus[start : start + self._search_batch])
        found = {reading.external_sku for reading in readings}
        missing = [sku for sku in external_skus if sku not in found]
        return [*readings, *(await self.read(missing))] if missing else readings

    async def _search(self, external_skus: Sequence[str]) -> Sequence[Reading]:
        await self._searches.acquire()
        with ObservedCall(SEARCH_LISTINGS, self._telemetry.measurements):
            async with asyncio.timeout(_CALL_SECONDS):
                return await self._marketplace.search_listings(external_skus)

    async def _call(self, external_skus: Sequence[str]) -> Sequence[Reading]:
        for _ in external_skus:
            await self._limiter.acquire()
        with ObservedCall(READ_LISTINGS, self._telemetry.measurements):
            async with asyncio.timeout(_CALL_SECONDS):
                return await self._marketplace.read_listings(external_skus)
