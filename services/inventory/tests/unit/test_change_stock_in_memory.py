import dataclasses as dc
import datetime as dt

import pytest
from contracts import StockChanged, StockReason, StockTarget
from contracts import dead_letter as header
from inventory.adapters.in_memory_book import InMemoryBook
from inventory.domain.allocation import Policy
from inventory.domain.stock import Item, Offer
from inventory.handlers.change_stock import ChangeStock
from runtime.records import Delivery
from runtime.testing.deliveries import deliver
from runtime.testing.dry_work import dry_work, published, rejections
from runtime.work import Work

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
POLICY = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore", buffer_percent=0)


def book_with(*skus: str) -> InMemoryBook:
    offers = tuple(Offer(channel, f"{channel}-1", is_active=True) for channel in POLICY.weights)
    return InMemoryBook(
        [Item(sku, is_active=True, on_hand=0, reserved=0, counted_at=None, offers=offers) for sku in skus],
        POLICY,
    )


def count(sku: str, units: int) -> Delivery[StockChanged]:
    return deliver(StockChanged(sku=sku, reason=StockReason.STOCKTAKE, counted_qty=units, counted_at=NOW))


def sale(sku: str, units: int, channel: str = "saberstore", event_id: str | None = None) -> Delivery[StockChanged]:
    placed = NOW + dt.timedelta(minutes=1)
    data = StockChanged(sku=sku, reason=StockReason.SALE, change_qty=-units, channel=channel, placed_at=placed)
    return deliver(data, event_id=event_id)


@pytest.fixture
def book_of_a() -> InMemoryBook:
    return book_with("A")


async def handle(book: InMemoryBook, *deliveries: Delivery[StockChanged]) -> Work:
    work = dry_work(NOW, group="inventory")
    await ChangeStock(lambda _: book, POLICY)(deliveries, work)
    return work


async def test_a_batch_is_applied_in_order_and_told_once() -> None:
    book = book_with("A", "B")
    work = await handle(book, count("A", 100), sale("A", 3), count("B", 10), sale("A", 2))
    assert {sku: item.on_hand for sku, item in book.items.items()} == {"A": 95, "B": 10}
    targets = [event.data for event in published(work)]
    assert [(t.sku, t.channel, t.quantity, t.revision) for t in targets if isinstance(t, StockTarget)] == [
        ("A", "saberstore", 29, 1),
        ("A", "amazon", 33, 1),
        ("A", "noon", 33, 1),
        ("B", "saberstore", 3, 1),
        ("B", "amazon", 4, 1),
        ("B", "noon", 3, 1),
    ]


async def test_a_letter_that_is_retried_after_a_newer_count_changes_nothing(book_of_a: InMemoryBook) -> None:
    """A restock was set aside; meanwhile somebody counted, with the new units on the shelf."""
    restock = StockChanged(sku="A", reason=StockReason.RESTOCK, change_qty=10)
    told = deliver(restock, event_id="set-aside")
    early = dc.replace(told, event=told.event.model_copy(update={"time": NOW - dt.timedelta(hours=1)}))
    await handle(book_of_a, count("A", 50))
    await handle(book_of_a, early)
    assert book_of_a.items["A"].on_hand == 50


async def test_a_cancellation_counts_from_when_it_is_told_not_from_when_its_order_was_placed(
    book_of_a: InMemoryBook,
) -> None:
    placed = NOW - dt.timedelta(days=1)
    back = StockChanged(
        sku="A", reason=StockReason.CANCELLATION, change_qty=1, channel="amazon", placed_at=placed, reference="O"
    )
    told = deliver(back)
    later = dc.replace(told, event=told.event.model_copy(update={"time": NOW + dt.timedelta(hours=1)}))
    await handle(book_of_a, count("A", 50), later)
    assert book_of_a.items["A"].on_hand == 51


async def test_a_target_names_its_cause_and_its_arithmetic() -> None:
    last = sale("A", 1)
    work = await handle(book_with("A"), count("A", 100), last)
    first = published(work)[0]
    assert (first.causationid, first.correlationid) == (last.event.id, last.event.id)
    assert isinstance(first.data, StockTarget)
    assert first.data.explanation["sellable"] == sum(first.data.explanation["units"].values()) == 99


async def test_what_the_ledger_knows_changes_nothing() -> None:
    book = book_with("A")
    await handle(book, count("A", 10), sale("A", 1, event_id="s1"))
    work = await handle(book, sale("A", 1, event_id="s1"))
    assert (book.items["A"].on_hand, work.rows) == (9, ())


async def test_an_unknown_sku_or_channel_is_set_aside_and_the_rest_goes_on() -> None:
    book = book_with("A")
    work = await handle(book, sale("NOPE", 1), count("A", 10), sale("A", 1, channel="ebay"), sale("A", 1))
    assert book.items["A"].on_hand == 9
    assert [letter[header.REASON] for letter in rejections(work)] == ["unknown-sku", "unknown-channel"]
    assert "product.changed" in rejections(work)[0][header.ERROR]


async def test_a_marketplaces_own_order_makes_it_be_told_again() -> None:
    book = book_with("A")
    await handle(book, count("A", 1000))
    work = await handle(book, sale("A", 1, channel="noon"))
    told = {event.data.channel for event in published(work) if isinstance(event.data, StockTarget)}
    assert "noon" in told


async def test_units_sold_below_zero_and_targets_are_counted() -> None:
    book = book_with("A")
    await handle(book, count("A", 2))
    work = await handle(book, sale("A", 3), sale("A", 2, channel="noon"))
    counted = {
        (metric.name, *(value for _, value in labels)): amount for (metric, labels), amount in work.counts.items()
    }
    assert counted == {
        ("mizan_oversold_units_total", "saberstore"): 1,
        ("mizan_oversold_units_total", "noon"): 2,
        ("mizan_targets_total", "saberstore", "oversell"): 1,
        ("mizan_targets_total", "amazon", "oversell"): 1,
        ("mizan_targets_total", "noon", "oversell"): 1,
    }
