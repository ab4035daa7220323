"""Which topic goes to which handler."""

from contracts import OrdersWatermark, ProductChanged, StockApplied, StockChanged, SyncRequested, partition_counts
from runtime.holds import Holds
from runtime.processor import Route
from runtime.watermarks import Watermarks
from runtime.work import Work

from inventory.adapters.catalogue import PostgresCatalogue
from inventory.adapters.postgres_book import PostgresBook
from inventory.domain.allocation import Policy
from inventory.handlers.change_product import ChangeProduct
from inventory.handlers.change_stock import ChangeStock
from inventory.handlers.note_watermarks import NoteWatermarks
from inventory.handlers.record_applied import RecordApplied
from inventory.handlers.sync_channel import SyncChannel

STOCK_CHANGES = "stock.changed"


def routes(policy: Policy, holds: Holds) -> tuple[Route, ...]:
    """Products first: a batch may hold a product and its first stock. Watermarks after the sales that they speak of.

    None needs an inbox, each is safe by itself.
    """
    watermarks = Watermarks(partition_counts()[STOCK_CHANGES], holds.held)

    def open_book(work: Work) -> PostgresBook:
        return PostgresBook(work.connection, policy)

    def open_catalogue(work: Work) -> PostgresCatalogue:
        return PostgresCatalogue(work.connection)

    return (
        Route("product.changed", ProductChanged, ChangeProduct(open_catalogue, open_book, policy)),
        Route(STOCK_CHANGES, StockChanged, ChangeStock(open_book, policy)),
        Route(STOCK_CHANGES, OrdersWatermark, NoteWatermarks(watermarks)),
        Route("channel.stock.applied", StockApplied, RecordApplied(open_book, policy)),
        Route("channel.sync.requested", SyncRequested, SyncChannel(open_book, policy)),
    )
