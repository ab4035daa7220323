"""SaberStore itself, as far as Mizan sees it: it publishes products, stock changes and parcels to Kafka."""

import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

from aiokafka import AIOKafkaProducer
from contracts import (
    CloudEvent,
    Money,
    OrderShipped,
    Package,
    Payload,
    ProductChanged,
    StockChanged,
    StockReason,
    topic_of,
)

from demo.sales import SaleLine
from demo.scenario import Product
from demo.shares import CHANNEL, NoLimit, Shares

_SOURCE = "/storefront"


class Storefront:
    """Sells what `shares` allows. Keeps every sale and return that it published: what must be found in the ledger."""

    def __init__(self, producer: Any, run_id: str, shares: Shares) -> None:  # noqa: ANN401 - aiokafka is untyped
        self._producer = producer
        self._run_id = run_id
        self._shares = shares
        self.refused = 0
        self.published: dict[str, tuple[str, int]] = {}
        """Event id -> (SKU, change in units)."""

    async def offer(self, product: Product) -> None:
        price = Money(amount=product.price, currency="EGP")
        await self._publish(ProductChanged(sku=product.sku, title=product.title, base_price=price))

    async def count(self, product: Product) -> None:
        """The opening stock is a stocktake."""
        counted = StockChanged(
            sku=product.sku, reason=StockReason.STOCKTAKE, counted_qty=product.opening, counted_at=_now()
        )
        await self._publish(counted)

    async def sell(self, line: SaleLine) -> None:
        """A sale, if there is something to sell, or a return where the quantity is below zero."""
        reservation_id = None
        if line.quantity > 0:
            permit = await self._shares.ask(line.sku, line.quantity, _now())
            if permit is None:
                self.refused += 1
                return
            reservation_id = permit.reservation_id
        change = StockChanged(
            sku=line.sku,
            reason=StockReason.SALE if line.quantity > 0 else StockReason.RETURN,
            change_qty=-line.quantity,
            channel=CHANNEL,
            placed_at=_now(),
            reference=f"{self._run_id}-{line.invoice}",
            line_reference=str(line.line),
            reservation_id=reservation_id,
        )
        self.published[await self._publish(change)] = (line.sku, -line.quantity)

    async def ship(self, channel: str, external_order_id: str, package: Package) -> None:
        """Tell that a parcel of a marketplace's order has left."""
        await self._publish(OrderShipped(channel=channel, external_order_id=external_order_id, packages=(package,)))

    async def flush(self) -> None:
        """Return when Kafka has everything."""
        await self._producer.flush()

    async def _publish(self, data: Payload) -> str:
        event = CloudEvent.wrap(data, source=_SOURCE, time=_now())
        key = event.subject.encode() if event.subject else None
        await self._producer.send(topic_of(type(data)), event.to_bytes(), key=key)
        return event.id


@contextlib.asynccontextmanager
async def open_storefront(
    bootstrap_servers: str, run_id: str, shares: Shares | None = None
) -> AsyncIterator[Storefront]:
    """Without `shares` it sells whatever is wanted."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        client_id="demo-storefront",
    )
    await producer.start()
    try:
        yield Storefront(producer, run_id, shares or NoLimit())
    finally:
        await producer.stop()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
