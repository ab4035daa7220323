"""What a sale does under escrow, and what deserves a look."""

import datetime as dt

from contracts import StockChanged, StockReason, StockTarget
from inventory.adapters.in_memory_book import InMemoryBook
from inventory.domain import escrow
from inventory.domain.allocation import Policy
from inventory.domain.shelf import Shelf
from inventory.domain.stock import Item, Offer
from inventory.domain.terms import Terms
from inventory.handlers.change_stock import ChangeStock
from runtime.records import Delivery
from runtime.testing.deliveries import deliver
from runtime.testing.dry_work import dry_work, published
from runtime.work import Work

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
WEIGHTS = {"saberstore": 30, "amazon": 35, "noon": 35}
POLICY = Policy(weights=WEIGHTS, storefront="saberstore", buffer_percent=0)
TERMS = Terms(storefront="saberstore", shares=WEIGHTS)
REST = NOW + TERMS.converge_after
SECOND = dt.timedelta(seconds=1)


def shop(on_hand: int = 100, counted_at: dt.datetime | None = None, **bounds: int) -> InMemoryBook:
    offers = tuple(Offer(name, name, is_active=True, shelf=Shelf(bounds.get(name, 0))) for name in WEIGHTS)
    return InMemoryBook(
        [Item("A", is_active=True, on_hand=on_hand, reserved=0, counted_at=counted_at, offers=offers)], POLICY
    )


def sale(units: int, channel: str = "saberstore", seconds: int = 0) -> Delivery[StockChanged]:
    placed = NOW + dt.timedelta(seconds=seconds)
    return deliver(StockChanged(sku="A", reason=StockReason.SALE, change_qty=-units, channel=channel, placed_at=placed))


def change(units: int, reason: StockReason, channel: str | None = None) -> Delivery[StockChanged]:
    return deliver(StockChanged(sku="A", reason=reason, change_qty=units, channel=channel))


async def handle(book: InMemoryBook, *deliveries: Delivery[StockChanged]) -> Work:
    work = dry_work(NOW, group="inventory")
    await ChangeStock(lambda _: book, POLICY, TERMS)(deliveries, work)
    return work


def bounds(book: InMemoryBook) -> dict[str, int]:
    return {offer.channel: offer.shelf.bound for offer in book.items["A"].offers}


def _amazon(book: InMemoryBook) -> Offer:
    [offer] = [offer for offer in book.items["A"].offers if offer.channel == "amazon"]
    return offer


async def test_a_sale_touches_its_own_channel_alone_and_waits_for_rest() -> None:
    book = shop(saberstore=30, amazon=35, noon=35)
    work = await handle(book, sale(1, "noon"), sale(2))
    assert bounds(book) == {"saberstore": 28, "amazon": 35, "noon": 34}
    assert (work.rows, book.incidents, book.due) == ((), [], {"A": REST})


async def test_a_sale_that_was_counted_out_still_lowers_its_bound() -> None:
    book = shop(counted_at=NOW + dt.timedelta(minutes=1), saberstore=30, amazon=35, noon=35)
    await handle(book, sale(5, "amazon"))
    assert (book.items["A"].on_hand, bounds(book)["amazon"]) == (100, 30)
    assert book.due == {"A": NOW + TERMS.window}


async def test_what_comes_free_is_looked_at_after_the_window() -> None:
    book = shop(saberstore=30, amazon=35, noon=35)
    await handle(book, change(10, StockReason.RESTOCK))
    assert book.due == {"A": NOW + TERMS.window}


async def test_a_cancelled_order_returns_to_the_channel_that_puts_it_back_on_sale() -> None:
    book = shop(saberstore=30, amazon=35, noon=35)
    await handle(book, sale(3, "amazon"), change(3, StockReason.CANCELLATION, "amazon"))
    assert bounds(book)["amazon"] == 35


async def test_a_unit_that_was_sold_and_cancelled_unseen_stays_with_the_shelf_that_shows_it() -> None:
    """Somebody ordered the last unit, a zero overwrote that, and the cancellation put the unit back on sale."""
    book = shop(on_hand=1, amazon=1)
    offer, zero = escrow.issue(_amazon(book), 0, 1, NOW)
    offer = escrow.go_live(offer, zero.revision, NOW + SECOND, SECOND)
    book.items["A"] = book.items["A"].having(offer)
    await handle(book, change(1, StockReason.CANCELLATION, "amazon"), sale(1, "amazon"))
    assert escrow.settle(_amazon(book), NOW + 60 * SECOND).shelf.bound == 1
    assert (book.items["A"].on_hand, book.incidents) == (1, [])


async def test_a_unit_that_was_sold_and_cancelled_unseen_changes_no_count() -> None:
    """Both are told as of the order's placing, so a count since then holds whatever it counted."""
    book = shop(counted_at=NOW + SECOND, amazon=35)
    await handle(book, change(1, StockReason.CANCELLATION, "amazon"), sale(1, "amazon"))
    assert book.items["A"].on_hand == 100


async def test_a_channel_that_runs_out_while_units_are_free_is_filled_at_once() -> None:
    book = shop(saberstore=1, amazon=35, noon=35)
    work = await handle(book, sale(1))
    told = [event.data for event in published(work) if isinstance(event.data, StockTarget)]
    assert [target.channel for target in told] == ["saberstore"]
    assert 0 < told[0].quantity <= 29


async def test_the_first_stock_is_offered_at_once() -> None:
    count = StockChanged(sku="A", reason=StockReason.STOCKTAKE, counted_qty=50, counted_at=NOW)
    book = shop(on_hand=0)
    await handle(book, deliver(count))
    assert sum(bounds(book).values()) == 50


async def test_the_storefront_beyond_its_share_is_an_incident_but_no_overcommit_while_units_are_free() -> None:
    book = shop(saberstore=2, amazon=35, noon=35)
    await handle(book, sale(5))
    [incident] = book.incidents
    assert (incident.cause, incident.units) == ("storefront-beyond-its-share", 3)
    assert book.items["A"].overcommit == 0
