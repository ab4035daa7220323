"""Up to when the storefront's sales are known here: asked of Kafka itself, by a watermark behind them.

The storefront's sale is in Kafka within its lag; but how far it has been read here, after a restart or under load, only
what is read tells.
"""

from contracts import OrdersWatermark, StockChanged, topic_of
from runtime.work import Worker

from inventory.adapters import schedule
from inventory.domain.terms import Terms

_PAUSE_SECONDS = 0.25


class StorefrontClock:
    """The step of a loop: while something waits for it, a watermark goes behind all sales of the storefront.

    Several replicas may each write one; the newest counts.
    """

    def __init__(self, worker: Worker, terms: Terms) -> None:
        self._worker = worker
        self._terms = terms

    async def step(self) -> float:
        async with self._worker.begin() as work:
            known_until = work.now - self._terms.storefront_lag
            if await schedule.waits_for(work.connection, self._terms.storefront, known_until):
                watermark = OrdersWatermark(channel=self._terms.storefront, known_until=known_until)
                work.broadcast(watermark, topic_of(StockChanged))
        return max(_PAUSE_SECONDS, self._terms.storefront_lag.total_seconds() / 4)
