"""The order importer: marketplace orders in, internal orders and stock changes out."""

import datetime as dt
from pathlib import Path

from contracts import ListingChanged, MarketplaceOrderReceived, OrdersWatermark, partition_counts
from runtime.holds import Holds
from runtime.holds_api import holds_router
from runtime.loops import Loop
from runtime.processor import Route
from runtime.service import Service, run_service
from runtime.settings import load
from runtime.watermarks import Watermarks

from order_importer.api import orders_router
from order_importer.import_orders import import_orders
from order_importer.listings_read import ListingsRead
from order_importer.map_listings import map_listings
from order_importer.queries import parked_orders
from order_importer.relay_watermarks import RelayWatermarks, channel_of_order
from order_importer.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
ORDERS = "marketplace.order.received"


def routes(holds: Holds, partitions: int = partition_counts()[ORDERS]) -> tuple[Route, ...]:
    """Listings first: an order of the same batch finds them. Watermarks last: they speak of the orders before them.

    All are safe to call again; the inbox only saves work. `partitions` is how many the orders' topic has.
    """
    watermarks = Watermarks(partitions, holds.held)
    return (
        Route("listing.changed", ListingChanged, map_listings),
        Route(ORDERS, MarketplaceOrderReceived, import_orders, inbox=True),
        Route(ORDERS, OrdersWatermark, RelayWatermarks(watermarks)),
    )


def fill(service: Service, settings: Settings) -> None:
    """Put the service together."""
    holds = Holds(channel_of_order, [ORDERS], dt.timedelta(seconds=settings.watermark_hold_max_seconds))
    service.consume(*routes(holds), holds=holds)
    service.repeat(Loop("listings-read", ListingsRead(settings, service.engine, service.name).step))
    service.serve(orders_router(service.engine))
    service.serve(holds_router(service.engine))
    service.probe("orders", parked_orders(service.engine))


def main() -> None:
    run_service("order-importer", load(Settings), fill, migrations=MIGRATIONS)
