"""Looks at each SKU when its time has come, or when a channel that it waits for is known further."""

from collections.abc import Callable

from runtime.work import Work, Worker

from inventory.adapters import schedule
from inventory.handlers.rebalance import Rebalance
from inventory.ports import Book

_PAUSE_SECONDS = 0.25
_MOST = 200


class RebalanceLoop:
    """The step of a loop. Several replicas share the work: each takes what nobody else has locked."""

    def __init__(self, worker: Worker, open_book: Callable[[Work], Book], rebalance: Rebalance) -> None:
        self._worker = worker
        self._open_book = open_book
        self._rebalance = rebalance

    async def step(self) -> float:
        async with self._worker.begin() as work:
            skus = await schedule.due(work.connection, work.now, _MOST)
            if skus:
                book = self._open_book(work)
                await self._rebalance(list((await book.lock(skus)).values()), book, work)
        return 0.0 if len(skus) == _MOST else _PAUSE_SECONDS
