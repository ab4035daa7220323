"""Which topic goes to which handler."""

from collections.abc import Callable

from contracts import (
    OrdersWatermark,
    PriceApplied,
    ProductChanged,
    StockApplied,
    StockChanged,
    SyncRequested,
    partition_counts,
)
from runtime.holds import Holds
from runtime.processor import Route
from runtime.watermarks import Watermarks
from runtime.work import Work

from inventory.adapters.catalogue import PostgresCatalogue
from inventory.adapters.postgres_book import PostgresBook
from inventory.adapters.rules import RuleCache
from inventory.domain.allocation import Policy
from inventory.domain.terms import Terms
from inventory.handlers.change_product import ChangeProduct
from inventory.handlers.change_stock import ChangeStock
from inventory.handlers.note_price_applied import NotePriceApplied
from inventory.handlers.note_watermarks import NoteWatermarks
from inventory.handlers.record_applied import RecordApplied
from inventory.handlers.sync_channel import SyncChannel

STOCK_CHANGES = "stock.changed"


OpenBook = Callable[[Work], PostgresBook]


def book_opener(policy: Policy, terms: Terms | None, rules: RuleCache | None = None) -> OpenBook:
    """Without `terms` no bounds are kept."""
    known = rules or RuleCache(policy)

    def open_book(work: Work) -> PostgresBook:
        return PostgresBook(work.connection, policy, keeps_bounds=terms is not None, rules=known)

    return open_book


def routes(
    policy: Policy, holds: Holds, terms: Terms | None = None, rules: RuleCache | None = None
) -> tuple[Route, ...]:
    """Products first: a batch may hold a product and its first stock. Watermarks after the sales that they speak of.

    None needs an inbox, each is safe by itself. Without `terms` quantities are written without escrow.
    """
    watermarks = Watermarks(partition_counts()[STOCK_CHANGES], holds.held)
    open_book = book_opener(policy, terms, rules)

    def open_catalogue(work: Work) -> PostgresCatalogue:
        return PostgresCatalogue(work.connection)

    return (
        Route("product.changed", ProductChanged, ChangeProduct(open_catalogue, open_book, terms)),
        Route(STOCK_CHANGES, StockChanged, ChangeStock(open_book, policy, terms)),
        Route(STOCK_CHANGES, OrdersWatermark, NoteWatermarks(watermarks)),
        Route("channel.stock.applied", StockApplied, RecordApplied(open_book, terms)),
        Route("channel.price.applied", PriceApplied, NotePriceApplied()),
        Route("channel.sync.requested", SyncRequested, SyncChannel(open_book, policy, terms)),
    )
