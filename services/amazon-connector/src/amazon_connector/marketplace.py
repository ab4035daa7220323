"""Amazon behind the port of the connector SDK."""

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from connector_sdk.http import http_date, marketplace_clock, outcome_of, outcome_of_error, retry_after
from connector_sdk.marketplace import (
    Capabilities,
    LineResult,
    MarketplaceError,
    OrderPage,
    Outcome,
    PriceLine,
    Reading,
    Search,
    StockLine,
)
from contracts import Issue, RestocksOnCancel
from pydantic import ValidationError
from runtime.clock import Clock, system_clock

from amazon_connector.client import AmazonClient
from amazon_connector.mapping import OUR_STOCK, price_patch, quantity_patch, read_orders, shown_price, to_issues
from amazon_connector.wire import ErrorAnswer, GetAnswer, ListingAnswer, PatchAnswer, SearchAnswer

_PATCH_OUTCOMES = {"ACCEPTED": Outcome.ACCEPTED, "VALID": Outcome.ACCEPTED, "INVALID": Outcome.REJECTED}
_WINDOWS = {Search.CREATED: "createdAfter", Search.UPDATED: "lastUpdatedAfter"}


class AmazonMarketplace:
    """Quantities and prices go by patchListingsItem, one SKU a call; orders come by searchOrders and getOrder."""

    def __init__(self, client: AmazonClient, *, has_notifications: bool = False, clock: Clock = system_clock) -> None:
        self._client = client
        self._has_notifications = has_notifications
        self._clock = clock

    def capabilities(self) -> Capabilities:
        """Amazon's documents do not say whether the units of a cancelled order go back on sale.

        Sellers report that they do, except where the seller cancelled for want of stock.
        """
        return Capabilities(
            stock_batch=1,
            prices=True,
            price_batch=1,
            update_search=True,
            order_by_id=True,
            read_back=True,
            restocks_on_cancel=RestocksOnCancel.UNKNOWN,
            notifications=self._has_notifications,
        )

    async def push_stock(self, lines: Sequence[StockLine]) -> Sequence[LineResult]:
        return await asyncio.gather(*(self._patch(line.external_sku, quantity_patch(line.quantity)) for line in lines))

    async def push_prices(self, lines: Sequence[PriceLine]) -> Sequence[LineResult]:
        return await asyncio.gather(*(self._push_price(line) for line in lines))

    async def read_listings(self, external_skus: Sequence[str]) -> Sequence[Reading]:
        """One call a listing. One that Amazon does not know, will not show, or shows without our quantity has none."""
        return [await self._read(external_sku) for external_sku in external_skus]

    async def _read(self, external_sku: str) -> Reading:
        try:
            response = await self._client.get_listing(external_sku)
        except httpx.HTTPError as error:
            raise _no_answer(error) from None
        now = self._clock()
        observed_at = http_date(response.headers.get("date", "")) or now
        clock = marketplace_clock(response, now)
        if outcome_of(response.status_code) is Outcome.REJECTED:
            return Reading(external_sku, None, observed_at, clock)
        self._check(response)
        try:
            answer = ListingAnswer.model_validate_json(response.content)
        except ValidationError:
            raise MarketplaceError(Outcome.UNKNOWN, "the answer of getListingsItem can't be read") from None
        ours = [each for each in answer.fulfillment_availability if each.fulfillment_channel_code == OUR_STOCK]
        price, is_discounted = shown_price(answer, self._client.marketplace_id)
        return Reading(external_sku, ours[0].quantity if ours else None, observed_at, clock, price, is_discounted)

    async def fetch_orders(self, search: Search, since: dt.datetime, cursor: str | None) -> OrderPage:
        window = {_WINDOWS[search]: since.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        try:
            response = await self._client.search_orders(window, cursor)
        except httpx.HTTPError as error:
            raise _no_answer(error) from None
        self._check(response)
        try:
            answer = SearchAnswer.model_validate_json(response.content)
        except ValidationError:
            raise MarketplaceError(Outcome.UNKNOWN, "the answer of searchOrders can't be read") from None
        orders, unreadable = read_orders(answer.orders)
        return OrderPage(
            orders,
            next_cursor=answer.pagination.next_token if answer.pagination else None,
            known_until=answer.created_before if search is Search.CREATED else None,
            unreadable=unreadable,
        )

    async def fetch_order(self, external_order_id: str) -> OrderPage:
        try:
            response = await self._client.get_order(external_order_id)
        except httpx.HTTPError as error:
            raise _no_answer(error) from None
        if response.status_code == httpx.codes.NOT_FOUND:
            return OrderPage(())
        self._check(response)
        try:
            answer = GetAnswer.model_validate_json(response.content)
        except ValidationError:
            raise MarketplaceError(Outcome.UNKNOWN, "the answer of getOrder can't be read") from None
        orders, unreadable = read_orders([answer.order])
        return OrderPage(orders, unreadable=unreadable)

    async def _push_price(self, line: PriceLine) -> LineResult:
        try:
            body = price_patch(line.price, self._client.marketplace_id)
        except ValueError as error:
            issue = Issue(code="UnwritablePrice", message=str(error))
            return LineResult(line.external_sku, Outcome.REJECTED, issues=(issue,))
        return await self._patch(line.external_sku, body)

    async def _patch(self, external_sku: str, body: Mapping[str, Any]) -> LineResult:
        try:
            response = await self._client.patch_listing(external_sku, body)
        except MarketplaceError as error:  # no token, so nothing was sent
            issue = Issue(code="NoAccessToken", message=str(error))
            return LineResult(external_sku, error.outcome, issues=(issue,), retry_after=error.retry_after)
        except httpx.HTTPError as error:
            issue = Issue(code=type(error).__name__, message="no answer from Amazon")
            return LineResult(external_sku, outcome_of_error(error), issues=(issue,))
        return self._result(external_sku, response)

    def _result(self, external_sku: str, response: httpx.Response) -> LineResult:
        outcome, submission_id, issues = outcome_of(response.status_code), None, _errors(response)
        if outcome is Outcome.ACCEPTED:
            outcome, submission_id, issues = _submission(response)
        return LineResult(
            external_sku,
            outcome,
            request_id=response.headers.get("x-amzn-requestid"),
            submission_id=submission_id,
            issues=issues,
            retry_after=retry_after(response, self._clock()),
            throttled=response.status_code == httpx.codes.TOO_MANY_REQUESTS,
            clock=marketplace_clock(response, self._clock()),
        )

    def _check(self, response: httpx.Response) -> None:
        outcome = outcome_of(response.status_code)
        if outcome is not Outcome.ACCEPTED:
            said = "; ".join(f"{issue.code}: {issue.message}" for issue in _errors(response)[:3])
            raise MarketplaceError(outcome, said[:500], retry_after=retry_after(response, self._clock()))


def _submission(response: httpx.Response) -> tuple[Outcome, str | None, tuple[Issue, ...]]:
    """An INVALID submission comes with HTTP 200 too, and so may something that is no answer at all."""
    try:
        answer = PatchAnswer.model_validate_json(response.content)
    except ValidationError:
        return Outcome.UNKNOWN, None, (Issue(code="UnreadableAnswer", message="the answer can't be read"),)
    outcome = _PATCH_OUTCOMES.get(answer.status, Outcome.UNKNOWN)
    return outcome, answer.submission_id, to_issues(answer.issues)


def _errors(response: httpx.Response) -> tuple[Issue, ...]:
    """Amazon's own words, after the HTTP status, which alone is dependable."""
    if response.is_success:
        return ()
    status = Issue(code=str(response.status_code), message=response.reason_phrase or "no reason given")
    try:
        answer = ErrorAnswer.model_validate_json(response.content)
    except ValidationError:
        return (status,)
    return (status, *to_issues(answer.errors))


def _no_answer(error: httpx.HTTPError) -> MarketplaceError:
    return MarketplaceError(outcome_of_error(error), f"no answer from Amazon: {type(error).__name__}")
