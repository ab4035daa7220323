import datetime as dt

from contracts import StockTarget, SyncRequested, SyncScope
from contracts import dead_letter as header
from inventory.adapters.in_memory_book import InMemoryBook
from inventory.domain.allocation import Policy
from inventory.domain.stock import Item, Offer, Reason
from inventory.handlers.sync_channel import SyncChannel
from runtime.records import Delivery
from runtime.testing.deliveries import deliver
from runtime.testing.dry_work import dry_work, published, rejections
from runtime.work import Work

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
POLICY = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore", buffer_percent=0)
QUANTITIES = {"saberstore": 30, "amazon": 35, "noon": 35}


def book_with(*skus: str, channels: tuple[str, ...] = tuple(QUANTITIES)) -> InMemoryBook:
    """100 units of each, told to every channel as revision 4."""
    offers = tuple(Offer(name, f"{name}-1", is_active=True, quantity=QUANTITIES[name], revision=4) for name in channels)
    return InMemoryBook(
        [Item(sku, is_active=True, on_hand=100, reserved=0, counted_at=None, offers=offers) for sku in skus],
        POLICY,
    )


def request(
    channel: str, sku: str | None = None, scope: SyncScope = SyncScope.STOCK, event_id: str | None = None
) -> Delivery[SyncRequested]:
    return deliver(SyncRequested(channel=channel, scope=scope, sku=sku), event_id=event_id)


async def handle(book: InMemoryBook, *deliveries: Delivery[SyncRequested]) -> Work:
    work = dry_work(NOW, group="inventory")
    await SyncChannel(lambda _: book, POLICY)(deliveries, work)
    return work


async def test_the_channel_gets_a_new_revision_of_the_same_quantity_and_no_other_does() -> None:
    asked = request("amazon", "A")
    [event] = published(await handle(book_with("A", "B"), asked))
    assert isinstance(event.data, StockTarget)
    assert (event.data.channel, event.data.sku, event.data.quantity, event.data.revision) == ("amazon", "A", 35, 5)
    assert event.causationid == asked.event.id


async def test_the_ledger_keeps_a_row_that_changes_nothing() -> None:
    book = book_with("A")
    await handle(book, request("noon", "A", event_id="r1"))
    [row] = book.entries
    assert (row.movement.reason, row.movement.channel, row.movement.event_id) == (Reason.SYNC, "noon", "r1")
    assert (row.before, row.change, row.after) == (100, 0, 100)


async def test_two_channels_of_one_sku_are_told_in_one_go() -> None:
    work = await handle(book_with("A"), request("noon", "A"), request("amazon", "A"))
    targets = [event.data for event in published(work) if isinstance(event.data, StockTarget)]
    assert [(target.channel, target.revision) for target in targets] == [("amazon", 5), ("noon", 5)]


async def test_a_whole_channel_is_taken_apart_into_its_skus_under_ids_that_stay_the_same() -> None:
    asked = request("amazon", scope=SyncScope.ALL)
    book = book_with("A", "B")
    first, again = [published(await handle(book, asked)) for _ in range(2)]
    assert [(event.data.channel, event.data.sku) for event in first if isinstance(event.data, SyncRequested)] == [
        ("amazon", "A"),
        ("amazon", "B"),
    ]
    assert [event.id for event in first] == [event.id for event in again]
    assert book.entries == []


async def test_what_does_not_concern_stock_is_left_alone() -> None:
    work = await handle(
        book_with("A"), request("amazon", "A", SyncScope.PRICES), request("amazon", None, SyncScope.ORDERS)
    )
    assert work.rows == ()


async def test_a_sku_that_the_channel_does_not_list_is_left_alone() -> None:
    assert (await handle(book_with("A", channels=("noon",)), request("amazon", "A"))).rows == ()


async def test_an_unknown_channel_or_sku_is_set_aside_and_the_rest_goes_on() -> None:
    work = await handle(book_with("A"), request("ebay", "A"), request("amazon", "NOPE"), request("amazon", "A"))
    assert [letter[header.REASON] for letter in rejections(work)] == ["unknown-channel", "unknown-sku"]
    assert len(published(work)) == 1


async def test_a_request_that_comes_again_is_recognised() -> None:
    book = book_with("A")
    await handle(book, request("noon", "A", event_id="r1"))
    work = await handle(book, request("noon", "A", event_id="r1"))
    assert (work.rows, len(book.entries)) == ((), 1)
