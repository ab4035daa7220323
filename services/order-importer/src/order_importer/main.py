"""The order importer: marketplace orders in, internal orders and stock changes out."""

from pathlib import Path

from contracts import ListingChanged, MarketplaceOrderReceived
from runtime.processor import Route
from runtime.service import Service, run_service
from runtime.settings import load

from order_importer.api import orders_router
from order_importer.import_orders import import_orders
from order_importer.map_listings import map_listings
from order_importer.queries import parked_orders
from order_importer.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
ROUTES = (
    Route("listing.changed", ListingChanged, map_listings),
    Route("marketplace.order.received", MarketplaceOrderReceived, import_orders, inbox=True),
)
"""Listings first: an order of the same batch finds them. Both are safe to call again; the inbox only saves work."""


def fill(service: Service, _: Settings) -> None:
    """Put the service together."""
    service.consume(*ROUTES)
    service.serve(orders_router(service.engine))
    service.probe("orders", parked_orders(service.engine))


def main() -> None:
    run_service("order-importer", load(Settings), fill, migrations=MIGRATIONS)
