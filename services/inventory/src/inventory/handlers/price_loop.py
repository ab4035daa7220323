"""Computes the prices of the SKUs in the queue."""

from runtime.work import Worker

from inventory.adapters import price_queue
from inventory.adapters.price_rules import PostgresPriceRules
from inventory.domain.price_rules import PriceDefaults, PriceRule, PriceSettings
from inventory.handlers.change_price import reprice

_PAUSE_SECONDS = 0.25
_MOST = 500
_EVERYTHING = PriceRule("everything", PriceSettings())


class PriceLoop:
    """The step of a loop. Several replicas share the work: each takes what no other has taken.

    The defaults of the process that started last hold for all of them, so that none brings an old price back.
    """

    def __init__(self, worker: Worker, defaults: PriceDefaults) -> None:
        self._worker = worker
        self._defaults = defaults
        self._has_brought_defaults = False

    async def step(self) -> float:
        if not self._has_brought_defaults:
            await self._bring_defaults()
        async with self._worker.begin() as work:
            await price_queue.spread(work.connection, work.now)
        async with self._worker.begin() as work:
            taken = await price_queue.take(work.connection, _MOST)
            if taken:
                await reprice(taken, work)
        return 0.0 if len(taken) >= _MOST else _PAUSE_SECONDS

    async def _bring_defaults(self) -> None:
        async with self._worker.begin() as work:
            if await PostgresPriceRules(work.connection).keep_defaults(self._defaults):
                await price_queue.add_scopes(work.connection, [_EVERYTHING])
        self._has_brought_defaults = True
