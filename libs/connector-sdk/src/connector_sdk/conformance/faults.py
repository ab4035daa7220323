"""Faults for the behaviours to find: ports that do one thing wrong, and loops that do."""

import dataclasses as dc
import datetime as dt
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contracts import MarketplaceOrderReceived
from runtime.records import Delivery

from connector_sdk.conformance.rig import Fault, Rig
from connector_sdk.marketplace import (
    Capabilities,
    LineResult,
    Marketplace,
    MarketplaceError,
    OrderPage,
    Outcome,
    Reading,
    Search,
    Shipment,
    ShipmentResult,
    StockLine,
)
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.targets import delivery

Results = Sequence[LineResult]
_BATCH = 20


class Spoiled:
    """A marketplace port with some of its answers changed on their way to the connector."""

    def __init__(
        self,
        marketplace: Marketplace,
        *,
        results: Callable[[Sequence[StockLine], Results], Results] = lambda _, results: results,
        page: Callable[[OrderPage], OrderPage] = lambda page: page,
        since: Callable[[dt.datetime], dt.datetime] = lambda since: since,
        batch: int | None = None,
    ) -> None:
        self._marketplace = marketplace
        self._results = results
        self._page = page
        self._since = since
        self._batch = batch
        self.fetch_order = marketplace.fetch_order
        self.push_prices = marketplace.push_prices
        self.search_listings = marketplace.search_listings
        self.check_account = marketplace.check_account
        self.dry_run = marketplace.dry_run
        self.confirm_shipment = marketplace.confirm_shipment
        self.estimate_fees = marketplace.estimate_fees

    def capabilities(self) -> Capabilities:
        found = self._marketplace.capabilities()
        return dc.replace(found, stock_batch=self._batch) if self._batch else found

    async def push_stock(self, lines: Sequence[StockLine]) -> Results:
        return self._results(lines, await self._marketplace.push_stock(lines))

    async def read_listings(self, external_skus: Sequence[str]) -> Sequence[Reading]:
        return await self._marketplace.read_listings(external_skus)

    async def fetch_orders(self, search: Search, since: dt.datetime, cursor: str | None) -> OrderPage:
        return self._page(await self._marketplace.fetch_orders(search, self._since(since), cursor))


class _Backwards(Spoiled):
    """Sends the lines of a call in the order in which no one asked for them."""

    async def push_stock(self, lines: Sequence[StockLine]) -> Results:
        return [result for line in reversed(lines) for result in await super(_Backwards, self).push_stock([line])]


class _Renaming(Spoiled):
    """Gives a parcel a new name whenever it is sent."""

    def __init__(self, marketplace: Marketplace) -> None:
        super().__init__(marketplace)
        names, confirm = itertools.count(1), marketplace.confirm_shipment

        async def confirm_shipment(shipment: Shipment) -> ShipmentResult:
            package = shipment.package.model_copy(update={"package_id": str(next(names))})
            return await confirm(dc.replace(shipment, package=package))

        self.confirm_shipment = confirm_shipment


class _EmptyWhenBusy(Spoiled):
    """Takes a page that could not be read for an empty one that reaches up to now."""

    async def fetch_orders(self, search: Search, since: dt.datetime, cursor: str | None) -> OrderPage:
        try:
            return await super().fetch_orders(search, since, cursor)
        except MarketplaceError:
            return OrderPage((), known_until=dt.datetime.now(dt.UTC))


class _Boasting(Spoiled):
    """Says that it can show one order where it can't, and the other way round."""

    def capabilities(self) -> Capabilities:
        found = super().capabilities()
        return dc.replace(found, order_by_id=not found.order_by_id)


def _saying(told: Outcome, instead: Outcome) -> Callable[[Marketplace], Marketplace]:
    """Every line with the one outcome is said to have the other, and not to be throttled."""

    def change(_: Sequence[StockLine], results: Results) -> Results:
        return [dc.replace(r, outcome=instead, throttled=False) if r.outcome is told else r for r in results]

    return lambda marketplace: Spoiled(marketplace, results=change)


def _by_position(marketplace: Marketplace) -> Marketplace:
    """The answer leaves out what it rejects, and is matched with the lines by position."""

    def change(lines: Sequence[StockLine], results: Results) -> Results:
        told = [result for result in results if result.outcome is not Outcome.REJECTED]
        return [dc.replace(r, external_sku=line.external_sku) for line, r in zip(lines, told, strict=False)]

    return Spoiled(marketplace, results=change, batch=_BATCH)


def _all_or_nothing(marketplace: Marketplace) -> Marketplace:
    """One rejected line is taken for the whole call."""

    def change(lines: Sequence[StockLine], results: Results) -> Results:
        rejected = next((result for result in results if result.outcome is Outcome.REJECTED), None)
        return [dc.replace(rejected, external_sku=line.external_sku) for line in lines] if rejected else results

    return Spoiled(marketplace, results=change, batch=_BATCH)


def _known_up_to_now(marketplace: Marketplace) -> Marketplace:
    """The time of the answer is taken for the time up to which all orders are shown."""
    return Spoiled(marketplace, page=lambda page: dc.replace(page, known_until=dt.datetime.now(dt.UTC)))


def _last_page_always(marketplace: Marketplace) -> Marketplace:
    """The first page of a search is taken for all of it."""
    return Spoiled(marketplace, page=lambda page: dc.replace(page, next_cursor=None))


def _never_looking_back(marketplace: Marketplace) -> Marketplace:
    """Each search starts when the one before it was made."""
    last: list[dt.datetime] = []

    def since(asked: dt.datetime) -> dt.datetime:
        last.append(dt.datetime.now(dt.UTC))
        return max(asked, last[-2]) if len(last) > 1 else asked

    return Spoiled(marketplace, since=since)


def _always_news(marketplace: Marketplace) -> Marketplace:
    """Something in every order differs from reading to reading."""
    numbers = itertools.count()

    def touch(order: MarketplaceOrderReceived) -> MarketplaceOrderReceived:
        return order.model_copy(update={"payment_method": f"seen {next(numbers)}"})

    return Spoiled(marketplace, page=lambda page: dc.replace(page, orders=[touch(order) for order in page.orders]))


async def _in_order_of_arrival(rig: Rig, deliveries: Sequence[Delivery[Any]]) -> None:
    """Whatever comes last counts as the newest."""
    for each in deliveries:
        rows = await rig.database.rows("select coalesce(max(revision), 0) from pushes")
        await rig.database.take_in(delivery(each.data.sku, rows[0][0] + 1, each.data.quantity))


async def _dropping_the_newest(rig: Rig, deliveries: Sequence[Delivery[Any]]) -> None:
    """Of several revisions in one batch the oldest is kept."""
    oldest: dict[str, Delivery[Any]] = {}
    for each in sorted(deliveries, key=lambda each: each.data.revision):
        oldest.setdefault(each.data.sku, each)
    await rig.database.take_in(*oldest.values())


async def _one_by_one(rig: Rig, deliveries: Sequence[Delivery[Any]]) -> None:
    """Each revision is sent before the next is looked at."""
    for each in deliveries:
        await rig.database.take_in(each)
        await rig.push_to_rest()


async def _forgetting_revisions(rig: Rig, deliveries: Sequence[Delivery[Any]]) -> None:
    """What has been pushed is forgotten, so that a target that comes again is new."""
    await rig.database.run("delete from pushes where state = 'accepted'")
    await rig.database.take_in(*deliveries)


async def _forget_what_is_under_way(database: ConnectorDatabase) -> None:
    """A call that was under way at the kill is taken for one that was never made."""
    await database.run("update pushes set in_flight_revision = null, lease = null")


async def _take_pages_for_read(database: ConnectorDatabase) -> None:
    """The cursor is moved before all pages are kept, and what was kept counts as final."""
    await database.run("update seen_orders set is_open = false")
    await database.run(
        "insert into cursors (search, position, read_at) values ('created', now() + interval '1 hour', now())"
        " on conflict (search) do update set position = excluded.position"
    )


FAULTS: Mapping[tuple[str, str], Fault] = {
    ("newest-revision-wins", "the last to come counts as the newest"): Fault(
        found="revisions 1 (9) and 3 (3) were to be written", take_in=_in_order_of_arrival
    ),
    ("newest-revision-wins", "the newest of a batch is dropped"): Fault(
        found="revisions 1 (9) and 3 (3) were to be written", take_in=_dropping_the_newest
    ),
    ("zeros-and-decreases-first", "the lines of a call go out backwards"): Fault(
        found="the writes came as", marketplace=lambda marketplace: _Backwards(marketplace, batch=_BATCH)
    ),
    ("revisions-are-coalesced", "every revision is sent"): Fault(
        found="one write of 18 was to do", take_in=_one_by_one
    ),
    ("one-rejection-stays-alone", "answers are matched by position"): Fault(
        found="beside a rejected listing was told as", marketplace=_by_position
    ),
    ("one-rejection-stays-alone", "one rejected line rejects its call"): Fault(
        found="beside a rejected listing was told as", marketplace=_all_or_nothing
    ),
    ("one-rejection-stays-alone", "a rejection counts as accepted"): Fault(
        found="the rejected listing was told as", marketplace=_saying(Outcome.REJECTED, Outcome.ACCEPTED)
    ),
    ("duplicates-change-nothing", "what was pushed is forgotten"): Fault(
        found="delivered several times and written as", take_in=_forgetting_revisions
    ),
    ("unknown-is-never-repeated-above-zero", "an unknown raise is repeated"): Fault(
        found="a raise without a dependable answer was sent as", marketplace=_saying(Outcome.UNKNOWN, Outcome.RETRY)
    ),
    ("unknown-is-never-repeated-above-zero", "no answer counts as accepted"): Fault(
        found="a write without a dependable answer was told as", marketplace=_saying(Outcome.UNKNOWN, Outcome.ACCEPTED)
    ),
    ("throttling-slows-down-and-loses-nothing", "429 is ignored"): Fault(
        found="calls a second", marketplace=_saying(Outcome.RETRY, Outcome.RETRY)
    ),
    ("throttling-slows-down-and-loses-nothing", "429 counts as unknown"): Fault(
        found="calls a second", marketplace=_saying(Outcome.RETRY, Outcome.UNKNOWN)
    ),
    ("throttling-slows-down-and-loses-nothing", "a throttled page counts as empty"): Fault(
        found="although no page could be read", marketplace=_EmptyWhenBusy
    ),
    ("refused-credentials-pause-the-channel", "403 is swallowed"): Fault(
        found="refused with the credentials ended as", marketplace=_saying(Outcome.UNAUTHORISED, Outcome.REJECTED)
    ),
    ("refused-credentials-pause-the-channel", "403 is tried again for ever"): Fault(
        found="refused credentials are not told", marketplace=_saying(Outcome.UNAUTHORISED, Outcome.RETRY)
    ),
    ("everything-arrives-in-spite-of-faults", "a throttled write counts as accepted"): Fault(
        found="buyers see", marketplace=_saying(Outcome.RETRY, Outcome.ACCEPTED)
    ),
    ("a-kill-before-the-call-repeats-only-zeros", "what was under way is forgotten"): Fault(
        found="under way at the kill was told as", after_crash=_forget_what_is_under_way
    ),
    ("a-kill-after-the-call-doubles-nothing", "what was under way is forgotten"): Fault(
        found="under way at the kill was told as", after_crash=_forget_what_is_under_way
    ),
    ("a-kill-between-pages-loses-and-doubles-no-order", "the cursor is moved before the pages are kept"): Fault(
        found="before all pages were read", after_crash=_take_pages_for_read
    ),
    ("a-kill-between-pages-loses-and-doubles-no-order", "the first page counts as all"): Fault(
        found="before all pages were read", marketplace=_last_page_always
    ),
    ("late-and-repeated-orders-are-told-once", "no search looks back"): Fault(
        found="an order that was shown late was never told", marketplace=_never_looking_back
    ),
    ("late-and-repeated-orders-are-told-once", "a repeated order counts as news"): Fault(
        found="the orders were told as", marketplace=_always_news
    ),
    ("the-watermark-is-never-early", "all counts as known up to now"): Fault(
        found="came behind a watermark that had passed that time", marketplace=_known_up_to_now
    ),
    ("a-parcel-is-confirmed-under-one-name", "a parcel has a new name whenever it is sent"): Fault(
        found="parcel was never confirmed", marketplace=_Renaming
    ),
    ("it-works-between-kafka-and-the-marketplace", "it can't do what it says"): Fault(
        found="fetching one order was answered with", marketplace=_Boasting
    ),
}
"""By behaviour and by what is wrong. Every behaviour has at least one."""
