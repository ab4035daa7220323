"""Looks at each SKU when its time has come, or when a channel that it waits for is known further."""

from collections.abc import Callable

from runtime.work import Work, Worker

from inventory.adapters import rebalance_queue, schedule
from inventory.handlers.retarget import Retarget
from inventory.ports import Book

_PAUSE_SECONDS = 0.25
_MOST = 200


class RebalanceLoop:
    """The step of a loop. Several replicas share the work: each takes what nobody else has locked."""

    def __init__(self, worker: Worker, open_book: Callable[[Work], Book], rebalance: Retarget) -> None:
        self._worker = worker
        self._open_book = open_book
        self._rebalance = rebalance

    async def step(self) -> float:
        async with self._worker.begin() as work:
            # Either, never both: those that are due are locked already, and locks are taken in the order of SKUs.
            skus = await rebalance_queue.take(work.connection, _MOST)
            skus = skus or await schedule.due(work.connection, work.now, _MOST)
            if skus:
                book = self._open_book(work)
                await self._rebalance(list((await book.lock(skus)).values()), book, work)
        return 0.0 if len(skus) >= _MOST else _PAUSE_SECONDS
