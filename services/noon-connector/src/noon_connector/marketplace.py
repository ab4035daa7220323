"""Noon behind the port of the connector SDK."""

import asyncio
import datetime as dt
from collections.abc import Sequence

import httpx
from connector_sdk.http import http_date, marketplace_clock, outcome_of, outcome_of_error, retry_after
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
from contracts import Issue, Money, RestocksOnCancel
from runtime.clock import Clock, system_clock

from noon_connector import wire
from noon_connector.client import NoonClient
from noon_connector.mapping import read_orders, refusal
from noon_connector.wire import UnexpectedShapeError


class NoonMarketplace:
    """The dialect `partner_v1`: one SKU a call, no prices; orders by creation only, and none by its number."""

    def __init__(
        self, client: NoonClient, *, order_visibility: dt.timedelta = dt.timedelta(0), clock: Clock = system_clock
    ) -> None:
        """`order_visibility`: how long after its placing Noon may begin to show an order."""
        self._client = client
        self._order_visibility = order_visibility
        self._clock = clock

    def capabilities(self) -> Capabilities:
        """Noon's documents do not say whether the units of a cancelled order go back on sale."""
        return Capabilities(stock_batch=1, restocks_on_cancel=RestocksOnCancel.UNKNOWN)

    async def push_stock(self, lines: Sequence[StockLine]) -> Sequence[LineResult]:
        return await asyncio.gather(*(self._push(line) for line in lines))

    async def push_prices(self, lines: Sequence[PriceLine]) -> Sequence[LineResult]:
        issue = Issue(code="NoPrices", message="Noon's partner API can't set prices")
        return [LineResult(line.external_sku, Outcome.UNSUPPORTED, issues=(issue,)) for line in lines]

    async def confirm_shipment(self, shipment: Shipment) -> ShipmentResult:
        issue = Issue(
            code="NoShipments",
            message=f"Noon's partner API can't be told of parcels (order {shipment.external_order_id})",
        )
        return ShipmentResult(Outcome.UNSUPPORTED, issues=(issue,))

    async def estimate_fees(self, lines: Sequence[FeeLine]) -> Sequence[FeeEstimate]:
        raise MarketplaceError(
            Outcome.UNSUPPORTED, f"Noon's partner API estimates no fees ({len(lines)} listings asked)"
        )

    async def read_listings(self, external_skus: Sequence[str]) -> Sequence[Reading]:
        raise MarketplaceError(
            Outcome.UNSUPPORTED, f"Noon's partner API can't show what is on sale ({len(external_skus)} listings asked)"
        )

    async def search_listings(self, external_skus: Sequence[str]) -> Sequence[Reading]:
        return await self.read_listings(external_skus)

    async def check_account(self) -> str | None:
        """Noon's partner API says nothing of the account: what takes our signature and shows orders works."""
        await self.fetch_orders(Search.CREATED, self._clock() - dt.timedelta(minutes=1), None)
        return None

    async def dry_run(self, external_sku: str, quantity: int | None, price: Money | None) -> LineResult:  # noqa: ARG002 - the port's signature
        issue = Issue(code="NoDryRun", message="Noon's partner API can't judge a write without carrying it out")
        return LineResult(external_sku, Outcome.UNSUPPORTED, issues=(issue,))

    async def fetch_orders(self, search: Search, since: dt.datetime, cursor: str | None) -> OrderPage:
        """The API names no upper bound. What Noon's clock (the header Date) showed at the answer stands for it.

        An order that Noon shows late was placed before that, hence the margin.
        """
        if search is not Search.CREATED:
            raise MarketplaceError(Outcome.UNSUPPORTED, "Noon's partner API has no search by last update")
        try:
            response = await self._client.list_orders(since, cursor)
        except httpx.HTTPError as error:
            raise MarketplaceError(outcome_of_error(error), f"no answer from Noon: {type(error).__name__}") from None
        self._check(response)
        try:
            answer = wire.parse(response.content)
            raw_orders = answer["orders"] if isinstance(answer.get("orders"), list) else wire.items(answer, "orders")
        except UnexpectedShapeError as error:
            raise MarketplaceError(Outcome.UNKNOWN, f"the list of orders can't be read: {error}") from None
        noon_now = http_date(response.headers.get("date", ""))
        orders, unreadable = read_orders(raw_orders, noon_now or self._clock())
        known_until = noon_now - self._order_visibility if noon_now else None
        return OrderPage(
            orders, next_cursor=wire.text(answer, "next_page"), known_until=known_until, unreadable=unreadable
        )

    async def fetch_order(self, external_order_id: str) -> OrderPage:
        raise MarketplaceError(
            Outcome.UNSUPPORTED, f"Noon's partner API can't show order {external_order_id!r} by its number"
        )

    async def _push(self, line: StockLine) -> LineResult:
        try:
            response = await self._client.update_inventory(line.external_sku, line.quantity)
        except MarketplaceError as error:  # no credentials, so nothing was sent
            issue = Issue(code="NoCredentials", message=str(error))
            return LineResult(line.external_sku, error.outcome, issues=(issue,))
        except httpx.HTTPError as error:
            issue = Issue(code=type(error).__name__, message="no answer from Noon")
            return LineResult(line.external_sku, outcome_of_error(error), issues=(issue,))
        return self._result(line.external_sku, response)

    def _result(self, external_sku: str, response: httpx.Response) -> LineResult:
        outcome, issue = outcome_of(response.status_code), _said(response)
        if outcome is Outcome.ACCEPTED and issue:
            outcome = Outcome.REJECTED
        return LineResult(
            external_sku,
            outcome,
            request_id=response.headers.get("x-request-id"),
            issues=(issue,) if issue else (),
            retry_after=retry_after(response, self._clock()),
            throttled=response.status_code == httpx.codes.TOO_MANY_REQUESTS,
            clock=marketplace_clock(response, self._clock()),
            http_status=response.status_code,
        )

    def _check(self, response: httpx.Response) -> None:
        outcome, issue = outcome_of(response.status_code), _said(response)
        if outcome is not Outcome.ACCEPTED:
            said = f"{issue.code}: {issue.message}" if issue else str(response.status_code)
            raise MarketplaceError(
                outcome,
                said,
                retry_after=retry_after(response, self._clock()),
                throttled=response.status_code == httpx.codes.TOO_MANY_REQUESTS,
            )


def _said(response: httpx.Response) -> Issue | None:
    """What Noon has against the request. A yes without a readable body is still a yes: its shape is unspecified."""
    try:
        issue = refusal(wire.parse(response.content))
    except UnexpectedShapeError:
        issue = None
    if response.is_success:
        return issue
    reason = f"{issue.code}: {issue.message}" if issue else response.reason_phrase
    return Issue(code=str(response.status_code), message=reason or "no reason given")
