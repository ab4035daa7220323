"""The port: what a connector offers to the loops, and the values that pass through it."""

import dataclasses as dc
import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from contracts import Issue, MarketplaceOrderReceived, Money, Package, RestocksOnCancel

from connector_sdk.marketplace_clock import ClockReading


class Outcome(enum.StrEnum):
    """What is known of one write.

    `retry`: provably not applied. `unknown`: it may or may not have been. `unsupported`: this API can't do it.
    """

    ACCEPTED = "accepted"
    RETRY = "retry"
    UNKNOWN = "unknown"
    REJECTED = "rejected"
    UNAUTHORISED = "unauthorised"
    UNSUPPORTED = "unsupported"


class Search(enum.StrEnum):
    """By which of its times an order is searched. Only a search by creation can miss no order that was placed."""

    CREATED = "created"
    UPDATED = "updated"


@dc.dataclass(frozen=True, slots=True)
class StockLine:
    """An absolute quantity for one listing."""

    sku: str
    external_sku: str
    quantity: int
    revision: int


@dc.dataclass(frozen=True, slots=True)
class PriceLine:
    """What one listing is to cost from now on, all taxes included."""

    sku: str
    external_sku: str
    price: Money
    revision: int


@dc.dataclass(frozen=True, slots=True)
class LineResult:
    """What became of one line.

    `throttled`: the marketplace asks for fewer calls; `retry_after` is in seconds, where it named a time.
    `allowed_rate`: how many such calls a second it says that it takes. `http_status`: of the answer, if one came.
    """

    external_sku: str
    outcome: Outcome
    request_id: str | None = None
    submission_id: str | None = None
    issues: tuple[Issue, ...] = ()
    retry_after: float | None = None
    throttled: bool = False
    clock: ClockReading | None = None
    allowed_rate: float | None = None
    http_status: int | None = None


@dc.dataclass(frozen=True, slots=True)
class Shipment:
    """A parcel of an order that the merchant ships."""

    external_order_id: str
    package: Package


@dc.dataclass(frozen=True, slots=True)
class ShipmentResult:
    """What became of one confirmation; the rest is as in `LineResult`."""

    outcome: Outcome
    request_id: str | None = None
    issues: tuple[Issue, ...] = ()
    retry_after: float | None = None
    throttled: bool = False
    http_status: int | None = None


@dc.dataclass(frozen=True, slots=True)
class FeeLine:
    """A listing whose fees are asked for, at the price that it is to have."""

    sku: str
    external_sku: str
    price: Money


@dc.dataclass(frozen=True, slots=True)
class FeeEstimate:
    """What the marketplace would keep of one sale at the price asked: a percentage of it, and a fixed part.

    `issue`: why there is no estimate; then the other fields say nothing. `estimated_at` is on the marketplace's clock.
    """

    sku: str
    percent: Decimal = Decimal(0)
    fixed: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    estimated_at: dt.datetime | None = None
    issue: Issue | None = None


@dc.dataclass(frozen=True, slots=True)
class Reading:
    """What a marketplace shows of one listing. `quantity` None: it does not know the listing, or shows no quantity.

    `price` None: it shows none. `is_discounted`: a discount is set, so that another price than ours proves nothing.
    `observed_at` is on the marketplace's clock, where it shows one (`clock`).
    """

    external_sku: str
    quantity: int | None
    observed_at: dt.datetime
    clock: ClockReading | None = None
    price: Money | None = None
    is_discounted: bool = False
    refusal: Issue | None = None
    """Why no write may be made to it: the marketplace does not know it, or sells it from its own stock."""


@dc.dataclass(frozen=True, slots=True)
class UnreadableOrder:
    """An order that could not be understood. `reason` is one line without personal data."""

    external_order_id: str
    reason: str


@dc.dataclass(frozen=True, slots=True)
class OrderPage:
    """One page of a search.

    `known_until` is the upper bound that the marketplace states for a search by creation: once all pages are read,
    every order placed up to it is known. None where it states none, or for a search by last update.
    `shipped_elsewhere`: by order number, why an order's parcels are not for `confirm_shipment`.
    """

    orders: Sequence[MarketplaceOrderReceived]
    next_cursor: str | None = None
    known_until: dt.datetime | None = None
    unreadable: Sequence[UnreadableOrder] = ()
    shipped_elsewhere: Mapping[str, str] = dc.field(default_factory=dict)


@dc.dataclass(frozen=True, slots=True)
class Capabilities:
    """What the marketplace's API can do, and what the marketplace does by itself.

    `stock_batch`, `price_batch` and `read_batch`: how many listings one call may carry. `prices`: whether it has a call
    that sets prices. `read_back` is of quantities, and of prices where it has those.

    `search_batch`: how many listings one search names, 0 where there is none. `accepts_unknown_listings`: a write to a
    listing that is not there is accepted and comes to nothing, so that every listing is looked up first.
    `account_check`: whether it tells if the account may sell. `shipments`: whether it has one that confirms parcels.
    `fees`: whether it has one that estimates fees, `fee_batch` of them in a call.
    """

    stock_batch: int = 1
    prices: bool = False
    price_batch: int = 1
    update_search: bool = False
    order_by_id: bool = False
    read_back: bool = False
    read_batch: int = 1
    search_batch: int = 0
    accepts_unknown_listings: bool = False
    account_check: bool = False
    shipments: bool = False
    fees: bool = False
    fee_batch: int = 1
    restocks_on_cancel: RestocksOnCancel = RestocksOnCancel.UNKNOWN
    notifications: bool = False
    """Whether a queue that tells of orders is configured."""


class MarketplaceError(Exception):
    """A call that reads failed as a whole. The message is one line without secrets or personal data."""

    def __init__(
        self, outcome: Outcome, detail: str, *, retry_after: float | None = None, throttled: bool = False
    ) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.retry_after = retry_after
        self.throttled = throttled


class StockWriter(Protocol):
    """Sets quantities."""

    async def push_stock(self, lines: Sequence[StockLine]) -> Sequence[LineResult]:
        """Set every line's quantity; never raises for what the marketplace or the network does.

        Results are matched by external SKU, not by position; a line without one counts as unknown.
        """
        ...


class PriceWriter(Protocol):
    """Sets prices, where `capabilities().prices`."""

    async def push_prices(self, lines: Sequence[PriceLine]) -> Sequence[LineResult]:
        """Set every line's price and leave discounts as they are; raises as little as `push_stock`.

        It may be repeated freely. Where the API has no such call every line is `unsupported`.
        """
        ...


class ShipmentWriter(Protocol):
    """Tells the marketplace what was shipped, where `capabilities().shipments`."""

    async def confirm_shipment(self, shipment: Shipment) -> ShipmentResult:
        """Confirm one parcel, or correct it; never raises for what the marketplace or the network does.

        It may be repeated freely: a parcel is known by its package id. `unsupported` where this API can't confirm any,
        or not those of this order.
        """
        ...


class FeeSource(Protocol):
    """Estimates fees, where `capabilities().fees`."""

    async def estimate_fees(self, lines: Sequence[FeeLine]) -> Sequence[FeeEstimate]:
        """An estimate of each line, or why there is none; matched by SKU.

        Raises:
            MarketplaceError: nothing could be read; with the outcome `unsupported` where the API has no such call.
        """
        ...


class ListingReader(Protocol):
    """Reads back what a marketplace shows, where `capabilities().read_back`."""

    async def read_listings(self, external_skus: Sequence[str]) -> Sequence[Reading]:
        """A reading of each listing that could be read.

        Raises:
            MarketplaceError: nothing could be read; with the outcome `unsupported` where the API has no such call.
        """
        ...


class ListingSearcher(Protocol):
    """Reads many listings by one call, where `capabilities().search_batch`."""

    async def search_listings(self, external_skus: Sequence[str]) -> Sequence[Reading]:
        """A reading of each listing that the search shows. One that is missing may be there all the same.

        Raises:
            MarketplaceError: nothing could be read; with the outcome `unsupported` where the API has no such call.
        """
        ...


class AccountReader(Protocol):
    """Tells whether the account works."""

    async def check_account(self) -> str | None:
        """Why the account may not sell here, as one line that says what to do; None: nothing speaks against it.

        Raises:
            MarketplaceError: the marketplace could not be asked, or refuses the credentials.
        """
        ...


class DryRunner(Protocol):
    """Has a write judged without carrying it out."""

    async def dry_run(self, external_sku: str, quantity: int | None, price: Money | None) -> LineResult:
        """What would become of a write of a quantity, a price or both; never raises, as `push_stock`.

        Where the API has no such call the outcome is `unsupported`.
        """
        ...


class OrderSource(Protocol):
    """Reads orders."""

    async def fetch_orders(self, search: Search, since: dt.datetime, cursor: str | None) -> OrderPage:
        """One page of the orders created or updated since `since`; `cursor` is the page before's `next_cursor`.

        Raises:
            MarketplaceError: the page could not be read.
        """
        ...

    async def fetch_order(self, external_order_id: str) -> OrderPage:
        """A page of one order, or of none when it is not there.

        Raises:
            MarketplaceError: it could not be read; with the outcome `unsupported` where the API has no such call.
        """
        ...


class Marketplace(
    StockWriter,
    PriceWriter,
    ShipmentWriter,
    FeeSource,
    ListingReader,
    ListingSearcher,
    AccountReader,
    DryRunner,
    OrderSource,
    Protocol,
):
    """All that a connector implements."""

    def capabilities(self) -> Capabilities: ...
