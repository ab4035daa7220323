"""A marketplace in memory that answers as it is told to."""

import asyncio
import dataclasses as dc
import datetime as dt
from collections.abc import Sequence

from contracts import Issue, Money

from connector_sdk.marketplace import (
    Capabilities,
    FeeEstimate,
    FeeLine,
    LineResult,
    MarketplaceError,
    OrderPage,
    Outcome,
    PriceLine,
    Reading,
    Search,
    Shipment,
    ShipmentResult,
    StockLine,
)
from connector_sdk.marketplace_clock import ClockReading


class FakeMarketplace:
    """Accepts every quantity and price unless `answers` holds something else for the SKU; shows what it is given."""

    def __init__(self, *, update_search: bool = True) -> None:
        self.default = Outcome.ACCEPTED
        self.answers: dict[str, list[Outcome | LineResult | Exception]] = {}
        """By external SKU, taken one by one; the last one stays. An exception is raised, as a bug would."""
        self.held: dict[str, asyncio.Event] = {}
        """A call for one of these SKUs waits for its event."""
        self.submitted: list[StockLine] = []
        self.priced: list[PriceLine] = []
        self.confirmed: list[Shipment] = []
        """Its answers are found by order id."""
        self.fees: dict[str, FeeEstimate] = {}
        """By SKU; other SKUs are missing from the answer."""
        self.fees_asked: list[list[str]] = []
        """The SKUs of each call."""
        self.fee_error: MarketplaceError | None = None
        self.pages: dict[str | None, OrderPage | MarketplaceError] = {None: OrderPage(())}
        """By cursor."""
        self.searches: list[tuple[Search, dt.datetime, str | None]] = []
        self.shown: dict[str, int | None] = {}
        """By external SKU, what a reading shows; other listings are missing from the answer."""
        self.prices_shown: dict[str, Money] = {}
        """By external SKU, the price in a reading."""
        self.discounted: set[str] = set()
        self.reads_at = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
        self.fetched: list[str] = []
        """The orders that were fetched one by one."""
        self.fetch_error: MarketplaceError | None = None
        self.read_error: MarketplaceError | None = None
        self.refusals: dict[str, Issue] = {}
        """By external SKU, why it may not be written, in a reading of a listing in `shown`."""
        self.searched: list[str] = []
        self.dry_runs: list[tuple[str, int | None, Money | None]] = []
        self.found: dict[str, int | None] | None = None
        """By external SKU, what a search shows; None: what a reading does."""
        self.account: str | MarketplaceError | None = None
        """Why the account may not sell, or the error of asking."""
        self.clock: ClockReading | None = None
        """Of every answer and reading."""
        self.read: list[str] = []
        self._update_search = update_search

    def capabilities(self) -> Capabilities:
        return Capabilities(
            update_search=self._update_search,
            order_by_id=True,
            read_back=True,
            prices=True,
            search_batch=20,
            account_check=True,
            shipments=True,
            fees=True,
            fee_batch=2,
        )

    async def has_stock_calls(self, count: int) -> bool:
        """Whether so many quantities have been submitted."""
        return len(self.submitted) >= count

    async def push_stock(self, lines: Sequence[StockLine]) -> Sequence[LineResult]:
        self.submitted += lines
        return [await self._answer(line.external_sku) for line in lines]

    async def push_prices(self, lines: Sequence[PriceLine]) -> Sequence[LineResult]:
        self.priced += lines
        return [await self._answer(line.external_sku) for line in lines]

    async def confirm_shipment(self, shipment: Shipment) -> ShipmentResult:
        self.confirmed.append(shipment)
        answer = await self._answer(shipment.external_order_id)
        return ShipmentResult(answer.outcome, answer.request_id, answer.issues, answer.retry_after, answer.throttled)

    async def estimate_fees(self, lines: Sequence[FeeLine]) -> Sequence[FeeEstimate]:
        self.fees_asked.append([line.sku for line in lines])
        if self.fee_error:
            raise self.fee_error
        return [self.fees[line.sku] for line in reversed(lines) if line.sku in self.fees]

    async def read_listings(self, external_skus: Sequence[str]) -> Sequence[Reading]:
        self.read += external_skus
        if self.read_error:
            raise self.read_error
        return [self._show(sku) for sku in external_skus if sku in self.shown]

    async def search_listings(self, external_skus: Sequence[str]) -> Sequence[Reading]:
        self.searched += external_skus
        if self.read_error:
            raise self.read_error
        found = self.shown if self.found is None else self.found
        return [
            dc.replace(self._show(sku), quantity=found[sku])
            for sku in external_skus
            if sku in found and sku not in self.refusals
        ]

    async def check_account(self) -> str | None:
        if isinstance(self.account, MarketplaceError):
            raise self.account
        return self.account

    async def dry_run(self, external_sku: str, quantity: int | None, price: Money | None) -> LineResult:
        self.dry_runs.append((external_sku, quantity, price))
        return await self._answer(external_sku)

    async def fetch_orders(self, search: Search, since: dt.datetime, cursor: str | None) -> OrderPage:
        self.searches.append((search, since, cursor))
        page = self.pages[cursor]
        if isinstance(page, MarketplaceError):
            raise page
        return page

    async def fetch_order(self, external_order_id: str) -> OrderPage:
        self.fetched.append(external_order_id)
        if self.fetch_error:
            raise self.fetch_error
        pages = [page for page in self.pages.values() if isinstance(page, OrderPage)]
        return OrderPage([o for page in pages for o in page.orders if o.external_order_id == external_order_id])

    def _show(self, sku: str) -> Reading:
        price, is_discounted = self.prices_shown.get(sku), sku in self.discounted
        shown = self.shown.get(sku)
        return Reading(sku, shown, self.reads_at, self.clock, price, is_discounted, self.refusals.get(sku))

    async def _answer(self, external_sku: str) -> LineResult:
        if external_sku in self.held:
            await self.held[external_sku].wait()
        queue = self.answers.get(external_sku, [self.default])
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, Exception):
            raise answer
        return LineResult(external_sku, answer, clock=self.clock) if isinstance(answer, Outcome) else answer
