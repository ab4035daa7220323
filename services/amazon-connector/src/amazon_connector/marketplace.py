"""Amazon behind the port of the connector SDK."""

import asyncio
import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

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
from connector_sdk.marketplace_clock import ClockReading
from contracts import Issue, Money, RestocksOnCancel
from pydantic import ValidationError
from runtime.clock import Clock, system_clock

from amazon_connector.client import AmazonClient
from amazon_connector.mapping import (
    OUR_STOCK,
    price_patch,
    quantity_patch,
    read_orders,
    refusal_of,
    refusal_of_account,
    shipped_elsewhere,
    shown_price,
    to_issues,
    unknown_listing,
)
from amazon_connector.operations.answers import check, errors, no_answer
from amazon_connector.operations.fees import MOST_FEES, Fees
from amazon_connector.operations.shipments import Shipments
from amazon_connector.wire import (
    GetAnswer,
    ListingAnswer,
    ListingsAnswer,
    ParticipationsAnswer,
    PatchAnswer,
    SearchAnswer,
)

_PATCH_OUTCOMES = {"ACCEPTED": Outcome.ACCEPTED, "VALID": Outcome.ACCEPTED, "INVALID": Outcome.REJECTED}
_WINDOWS = {Search.CREATED: "createdAfter", Search.UPDATED: "lastUpdatedAfter"}


class AmazonMarketplace:
    """Quantities and prices go by patchListingsItem, one SKU a call; orders come by searchOrders and getOrder."""

    def __init__(self, client: AmazonClient, *, has_notifications: bool = False, clock: Clock = system_clock) -> None:
        self._client = client
        self._has_notifications = has_notifications
        self._clock = clock
        self._shipments = Shipments(client, clock)
        self._fees = Fees(client, clock)

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
            search_batch=20,
            accepts_unknown_listings=True,
            account_check=True,
            shipments=True,
            fees=True,
            fee_batch=MOST_FEES,
            restocks_on_cancel=RestocksOnCancel.UNKNOWN,
            notifications=self._has_notifications,
        )

    async def push_stock(self, lines: Sequence[StockLine]) -> Sequence[LineResult]:
        return await asyncio.gather(*(self._patch(line.external_sku, quantity_patch(line.quantity)) for line in lines))

    async def push_prices(self, lines: Sequence[PriceLine]) -> Sequence[LineResult]:
        return await asyncio.gather(*(self._push_price(line) for line in lines))

    async def confirm_shipment(self, shipment: Shipment) -> ShipmentResult:
        return await self._shipments.confirm(shipment)

    async def estimate_fees(self, lines: Sequence[FeeLine]) -> Sequence[FeeEstimate]:
        return await self._fees.estimate(lines)

    async def read_listings(self, external_skus: Sequence[str]) -> Sequence[Reading]:
        """One call a listing. One that Amazon does not know, will not show, or shows without our quantity has none."""
        return [await self._read(external_sku) for external_sku in external_skus]

    async def _read(self, external_sku: str) -> Reading:
        try:
            response = await self._client.get_listing(external_sku)
        except httpx.HTTPError as error:
            raise no_answer(error) from None
        if outcome_of(response.status_code) is Outcome.REJECTED:
            observed_at, clock = self._times(response)
            refusal = unknown_listing(self._client.marketplace_id, f"{response.status_code} {response.reason_phrase}")
            return Reading(external_sku, None, observed_at, clock, refusal=refusal)
        check(response, self._clock())
        try:
            answer = ListingAnswer.model_validate_json(response.content)
        except ValidationError:
            raise MarketplaceError(Outcome.UNKNOWN, "the answer of getListingsItem can't be read") from None
        return self._reading(external_sku, answer, response)

    async def search_listings(self, external_skus: Sequence[str]) -> Sequence[Reading]:
        """One call, and one for each further page. A SKU with a comma is not searched: a list can't hold it."""
        wanted = [sku for sku in external_skus if "," not in sku]
        readings: dict[str, Reading] = {}
        token, tokens = None, set[str]()
        while wanted:
            try:
                response = await self._client.search_listings(wanted, token)
            except httpx.HTTPError as error:
                raise no_answer(error) from None
            check(response, self._clock())
            try:
                answer = ListingsAnswer.model_validate_json(response.content)
            except ValidationError:
                raise MarketplaceError(Outcome.UNKNOWN, "the answer of searchListingsItems can't be read") from None
            readings |= {item.sku: self._reading(item.sku, item, response) for item in answer.items}
            token = answer.pagination.next_token if answer.pagination else None
            if token is None or token in tokens:
                break
            tokens.add(token)
        return [readings[sku] for sku in wanted if sku in readings]

    async def check_account(self) -> str | None:
        """Whether the seller takes part in the marketplace and is not suspended there."""
        try:
            response = await self._client.get_participations()
        except httpx.HTTPError as error:
            raise no_answer(error) from None
        check(response, self._clock())
        try:
            answer = ParticipationsAnswer.model_validate_json(response.content)
        except ValidationError:
            detail = "the answer of getMarketplaceParticipations can't be read"
            raise MarketplaceError(Outcome.UNKNOWN, detail) from None
        return refusal_of_account(answer, self._client.marketplace_id)

    async def dry_run(self, external_sku: str, quantity: int | None, price: Money | None) -> LineResult:
        """By VALIDATION_PREVIEW. Amazon finds nothing wrong with a SKU that it does not know."""
        try:
            patches = [] if quantity is None else [quantity_patch(quantity)]
            patches += [] if price is None else [price_patch(price, self._client.marketplace_id)]
        except ValueError as error:
            issue = Issue(code="UnwritablePrice", message=str(error))
            return LineResult(external_sku, Outcome.REJECTED, issues=(issue,))
        body = patches[0] | {"patches": [patch for each in patches for patch in each["patches"]]}
        return await self._patch(external_sku, body, preview=True)

    def _reading(self, external_sku: str, answer: ListingAnswer, response: httpx.Response) -> Reading:
        observed_at, clock = self._times(response)
        ours = [each for each in answer.fulfillment_availability if each.fulfillment_channel_code == OUR_STOCK]
        quantity = ours[0].quantity if ours else None
        price, is_discounted = shown_price(answer, self._client.marketplace_id)
        return Reading(external_sku, quantity, observed_at, clock, price, is_discounted, refusal_of(answer))

    def _times(self, response: httpx.Response) -> tuple[dt.datetime, ClockReading | None]:
        now = self._clock()
        return http_date(response.headers.get("date", "")) or now, marketplace_clock(response, now)

    async def fetch_orders(self, search: Search, since: dt.datetime, cursor: str | None) -> OrderPage:
        window = {_WINDOWS[search]: since.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        try:
            response = await self._client.search_orders(window, cursor)
        except httpx.HTTPError as error:
            raise no_answer(error) from None
        check(response, self._clock())
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
            shipped_elsewhere=shipped_elsewhere(answer.orders),
        )

    async def fetch_order(self, external_order_id: str) -> OrderPage:
        try:
            response = await self._client.get_order(external_order_id)
        except httpx.HTTPError as error:
            raise no_answer(error) from None
        if response.status_code == httpx.codes.NOT_FOUND:
            return OrderPage(())
        check(response, self._clock())
        try:
            answer = GetAnswer.model_validate_json(response.content)
        except ValidationError:
            raise MarketplaceError(Outcome.UNKNOWN, "the answer of getOrder can't be read") from None
        orders, unreadable = read_orders([answer.order])
        return OrderPage(orders, unreadable=unreadable, shipped_elsewhere=shipped_elsewhere([answer.order]))

    async def _push_price(self, line: PriceLine) -> LineResult:
        try:
            body = price_patch(line.price, self._client.marketplace_id)
        except ValueError as error:
            issue = Issue(code="UnwritablePrice", message=str(error))
            return LineResult(line.external_sku, Outcome.REJECTED, issues=(issue,))
        return await self._patch(line.external_sku, body)

    async def _patch(self, external_sku: str, body: Mapping[str, Any], *, preview: bool = False) -> LineResult:
        try:
            response = await self._client.patch_listing(external_sku, body, preview=preview)
        except MarketplaceError as error:  # no token, so nothing was sent
            issue = Issue(code="NoAccessToken", message=str(error))
            return LineResult(external_sku, error.outcome, issues=(issue,), retry_after=error.retry_after)
        except httpx.HTTPError as error:
            issue = Issue(code=type(error).__name__, message="no answer from Amazon")
            return LineResult(external_sku, outcome_of_error(error), issues=(issue,))
        return self._result(external_sku, response)

    def _result(self, external_sku: str, response: httpx.Response) -> LineResult:
        outcome, submission_id, issues = outcome_of(response.status_code), None, errors(response)
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
            allowed_rate=_allowed_rate(response),
            http_status=response.status_code,
        )


def _submission(response: httpx.Response) -> tuple[Outcome, str | None, tuple[Issue, ...]]:
    """An INVALID submission comes with HTTP 200 too, and so may something that is no answer at all."""
    try:
        answer = PatchAnswer.model_validate_json(response.content)
    except ValidationError:
        return Outcome.UNKNOWN, None, (Issue(code="UnreadableAnswer", message="the answer can't be read"),)
    outcome = _PATCH_OUTCOMES.get(answer.status, Outcome.UNKNOWN)
    return outcome, answer.submission_id, to_issues(answer.issues)


def _allowed_rate(response: httpx.Response) -> float | None:
    """What the operation's limit is for this account, in calls a second, where Amazon tells it: not on every answer."""
    try:
        rate = float(response.headers.get("x-amzn-ratelimit-limit", ""))
    except ValueError:
        return None
    return rate if 0 < rate < math.inf else None
