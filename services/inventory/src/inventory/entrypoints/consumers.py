"""Which topic goes to which handler."""

from contracts import ProductChanged, StockApplied, StockChanged, SyncRequested
from runtime.processor import Route
from runtime.work import Work

from inventory.adapters.catalogue import PostgresCatalogue
from inventory.adapters.postgres_book import PostgresBook
from inventory.domain.allocation import Policy
from inventory.handlers.change_product import ChangeProduct
from inventory.handlers.change_stock import ChangeStock
from inventory.handlers.record_applied import record_applied
from inventory.handlers.sync_channel import SyncChannel


def routes(policy: Policy) -> tuple[Route, ...]:
    """Products first: a batch may hold a product and its first stock. None needs an inbox, each is safe by itself."""

    def open_book(work: Work) -> PostgresBook:
        return PostgresBook(work.connection, policy)

    def open_catalogue(work: Work) -> PostgresCatalogue:
        return PostgresCatalogue(work.connection)

    return (
        Route("product.changed", ProductChanged, ChangeProduct(open_catalogue, open_book, policy)),
        Route("stock.changed", StockChanged, ChangeStock(open_book, policy)),
        Route("channel.stock.applied", StockApplied, record_applied),
        Route("channel.sync.requested", SyncRequested, SyncChannel(open_book, policy)),
    )
