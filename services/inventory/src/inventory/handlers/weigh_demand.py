"""Let the weights of those SKUs follow demand whose rules say so."""

import datetime as dt
import json
from collections.abc import Sequence

from runtime.work import Work, Worker
from sqlalchemy import Row

from inventory.adapters.demand import PostgresDemand
from inventory.adapters.rules import RuleCache
from inventory.domain.demand import GuardRails, weigh
from inventory.domain.rules import RuleBook

_CHUNK = 500
_PAUSE = 60.0


class WeighDemand:
    """A loop's step. Each SKU gets one step a day, by whichever replica comes first."""

    def __init__(self, worker: Worker, cache: RuleCache, rails: GuardRails, *, every: dt.timedelta) -> None:
        self._worker = worker
        self._cache = cache
        self._rails = rails
        self._every = every
        self._after = ""

    async def step(self) -> float:
        """Decide for one chunk of the catalogue; answers with the seconds until the next one."""
        async with self._worker.begin() as work:
            book = await self._cache.book(work.connection)
            demand = PostgresDemand(work.connection)
            if not book.follows_demand or not await demand.lead():
                return _PAUSE
            rows = await demand.due(self._after, work.now - self._every, _CHUNK)
            await self._decide(rows, book, demand, work)
        self._after = rows[-1].sku if len(rows) == _CHUNK else ""
        return 0.0 if self._after else _PAUSE

    async def _decide(
        self, rows: Sequence[Row[tuple[str, str, str]]], book: RuleBook, demand: PostgresDemand, work: Work
    ) -> None:
        policies = {row.sku: book.effective(row.sku, row.category)[0] for row in rows}
        before = {
            row.sku: json.loads(row.weights) if row.weights else None
            for row in rows
            if policies[row.sku].demand_weighted
        }
        if not before:
            return
        since = work.now - dt.timedelta(days=self._rails.window_days)
        sold = await demand.sold(list(before), since, work.now)
        decided = {
            sku: weigh(sold.get(sku, ()), policies[sku].weights, weights, self._rails)
            for sku, weights in before.items()
        }
        await demand.keep(decided, [sku for sku, found in decided.items() if found.weights != before[sku]], work.now)
