"""Estimates of fees: getMyFeesEstimates of Product Fees v0. Amazon guarantees none of them."""

import contextlib
import datetime as dt
import json
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import httpx
from connector_sdk.marketplace import FeeEstimate, FeeLine, MarketplaceError, Outcome
from contracts import Issue
from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.alias_generators import to_pascal
from runtime.clock import Clock

from amazon_connector.client import AmazonClient
from amazon_connector.mapping import json_number
from amazon_connector.operations.answers import check, no_answer

MOST_FEES = 20
"""So many requests one call may carry."""
_CENT = Decimal("0.01")
_PERCENTAGE = "ReferralFee"
"""The one of Amazon's fees that is a percentage of the price; the rest counts as fixed."""


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, populate_by_name=True, extra="ignore", frozen=True)


class MoneyNumber(_Wire):
    """In this API an amount is a JSON number."""

    amount: Decimal
    currency_code: str


class DetailWire(_Wire):
    fee_type: str
    final_fee: MoneyNumber


class EstimateWire(_Wire):
    time_of_fees_estimation: str = ""
    total_fees_estimate: MoneyNumber | None = None
    fee_detail_list: tuple[DetailWire, ...] = ()


class IdentifierWire(_Wire):
    seller_input_identifier: str = ""


class ErrorWire(_Wire):
    code: str = ""
    message: str = ""


class ResultWire(_Wire):
    """One of the answer's array. `status`: Success, ClientError or ServiceError."""

    status: str = ""
    fees_estimate_identifier: IdentifierWire = IdentifierWire()
    fees_estimate: EstimateWire | None = None
    error: ErrorWire | None = None


_RESULTS = TypeAdapter(tuple[ResultWire, ...])


class Fees:
    """Estimates by seller SKU, of what the seller ships himself."""

    def __init__(self, client: AmazonClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def estimate(self, lines: Sequence[FeeLine]) -> Sequence[FeeEstimate]:
        """Each line by the identifier that we gave it; one that can't be asked about says so.

        Raises:
            MarketplaceError: the call failed as a whole.
        """
        requests, unwritable = [], []
        for line in lines:
            try:
                requests.append(request(line, self._client.marketplace_id))
            except ValueError as error:
                unwritable.append(FeeEstimate(line.sku, issue=Issue(code="UnwritablePrice", message=str(error))))
        if not requests:
            return unwritable
        try:
            response = await self._client.estimate_fees(requests)
        except httpx.HTTPError as error:
            raise no_answer(error) from None
        check(response, self._clock())
        asked = {line.sku: line for line in lines}
        results = [(each.fees_estimate_identifier.seller_input_identifier, each) for each in _results(response.content)]
        return [*(read_estimate(asked[sku], each) for sku, each in results if sku in asked), *unwritable]


def request(line: FeeLine, marketplace_id: str) -> dict[str, Any]:
    """One of the body's array.

    Raises:
        ValueError: the price has too many digits for a JSON number.
    """
    price = {"CurrencyCode": line.price.currency, "Amount": json_number(line.price.amount)}
    asked = {
        "MarketplaceId": marketplace_id,
        "IsAmazonFulfilled": False,
        "PriceToEstimateFees": {"ListingPrice": price},
        "Identifier": line.sku,
    }
    return {"FeesEstimateRequest": asked, "IdType": "SellerSKU", "IdValue": line.external_sku}


def _results(content: bytes) -> tuple[ResultWire, ...]:
    """The answer's array, with amounts as they are written."""
    try:
        return _RESULTS.validate_python(json.loads(content, parse_float=Decimal))
    except ValueError:
        raise MarketplaceError(Outcome.UNKNOWN, "the answer of getMyFeesEstimates can't be read") from None


def read_estimate(line: FeeLine, result: ResultWire) -> FeeEstimate:
    """Our words for one result. The percentage is rounded to two decimals, since the fee that it comes from is."""
    if result.status != "Success" or result.fees_estimate is None:
        said = result.error or ErrorWire()
        message = f"{said.code} {said.message}".strip() or "no reason given"
        return FeeEstimate(line.sku, issue=Issue(code=result.status or "NoStatus", message=message[:1000]))
    details = result.fees_estimate.fee_detail_list
    total = result.fees_estimate.total_fees_estimate
    currencies = {fee.final_fee.currency_code for fee in details} | ({total.currency_code} if total else set())
    if currencies != {line.price.currency} or line.price.amount <= 0:
        found = ", ".join(sorted(currencies)) or "nothing"
        issue = Issue(
            code="UnusableEstimate", message=f"asked at {line.price.amount} {line.price.currency}, got {found}"
        )
        return FeeEstimate(line.sku, issue=issue)
    amounts = [(fee.fee_type, fee.final_fee.amount) for fee in details]
    whole = total.amount if total else sum((amount for _, amount in amounts), Decimal(0))
    share = sum((amount for kind, amount in amounts if kind == _PERCENTAGE), Decimal(0))
    return FeeEstimate(
        line.sku,
        percent=(share * 100 / line.price.amount).quantize(_CENT, ROUND_HALF_UP),
        fixed=max(whole - share, Decimal(0)).quantize(_CENT, ROUND_HALF_UP),
        total=whole.quantize(_CENT, ROUND_HALF_UP),
        estimated_at=_moment(result.fees_estimate.time_of_fees_estimation),
    )


def _moment(text: str) -> dt.datetime | None:
    """ISO 8601 as the model has it, or `Mon Oct 28 18:49:32 UTC 2019` as Amazon's own example; None for others."""
    with contextlib.suppress(ValueError):
        moment = dt.datetime.fromisoformat(text)
        return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    with contextlib.suppress(ValueError):
        return dt.datetime.strptime(text, "%a %b %d %H:%M:%S UTC %Y").replace(tzinfo=dt.UTC)
    return None
