"""Amazon's report of all listings behind the port of the connector SDK."""

from collections.abc import AsyncGenerator, Awaitable
from typing import TypeVar

import httpx
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.reports.listing_report import ReportedListing, ReportLook, ReportStatus, UnusableReportError
from connector_sdk.token_bucket import TokenBucket
from pydantic import BaseModel, ValidationError
from runtime.clock import Clock, system_clock

from amazon_connector.client import AmazonClient
from amazon_connector.operations.answers import check, no_answer
from amazon_connector.reports.rows import encoding_of, gunzipped, read_rows
from amazon_connector.reports.wire import CreateAnswer, DocumentAnswer, ReportWire

REPORT_TYPE = "GET_MERCHANT_LISTINGS_ALL_DATA"
_OPTIONS = {"preferredReportDocumentLocale": "en_US"}
"""Else the columns may be named in the language of the account."""
_ROOT = "/reports/2021-06-30"
_STATUSES = {
    "IN_QUEUE": ReportStatus.QUEUED,
    "IN_PROGRESS": ReportStatus.PROCESSING,
    "DONE": ReportStatus.DONE,
    "FATAL": ReportStatus.FATAL,
    "CANCELLED": ReportStatus.CANCELLED,
}
_BURST = 5
"""Far below Amazon's 15, which another process may have used up a moment ago."""

A = TypeVar("A", bound=BaseModel)


class AmazonReports:
    """Implements `connector_sdk.reports.listing_report.ListingReporter`, within the limits of each operation."""

    def __init__(self, client: AmazonClient, http: httpx.AsyncClient, *, clock: Clock = system_clock) -> None:
        """`http` carries documents: from addresses that let in whoever knows them, so without a token."""
        self._client = client
        self._http = http
        self._clock = clock
        self._creating = TokenBucket(0.0167, _BURST)
        self._looking = TokenBucket(2.0, _BURST)
        self._finding = TokenBucket(0.0167, _BURST)

    async def request(self) -> str:
        body = {
            "reportType": REPORT_TYPE,
            "marketplaceIds": [self._client.marketplace_id],
            "reportOptions": _OPTIONS,
        }
        await self._creating.acquire()
        answer = await self._answered(self._client.send("POST", f"{_ROOT}/reports", {}, body), self._creating)
        return _read(CreateAnswer, answer, "createReport").report_id

    async def look(self, report_id: str) -> ReportLook:
        await self._looking.acquire()
        answer = await self._answered(self._client.send("GET", f"{_ROOT}/reports/{report_id}", {}), self._looking)
        report = _read(ReportWire, answer, "getReport")
        status = _STATUSES.get(report.processing_status)
        if status is None:
            said = f"getReport: unknown processingStatus {report.processing_status[:40]!r}"
            raise MarketplaceError(Outcome.UNKNOWN, said)
        return ReportLook(status, report.report_document_id)

    async def read(self, document_id: str) -> AsyncGenerator[ReportedListing, None]:
        await self._finding.acquire()
        found = self._client.send("GET", f"{_ROOT}/documents/{document_id}", {})
        document = _read(DocumentAnswer, await self._answered(found, self._finding), "getReportDocument")
        if document.compression_algorithm not in (None, "GZIP"):
            raise UnusableReportError(f"the report is compressed by {document.compression_algorithm[:40]}")
        try:
            async with self._http.stream("GET", document.url) as response:
                if not response.is_success:
                    raise MarketplaceError(Outcome.RETRY, f"the report's address answers {response.status_code}")
                content = response.aiter_bytes()
                plain = gunzipped(content) if document.compression_algorithm else content
                async for row in read_rows(plain, encoding_of(response.headers.get("content-type", ""))):
                    yield row
        except httpx.HTTPError as error:
            raise no_answer(error) from None

    async def _answered(self, request: Awaitable[httpx.Response], bucket: TokenBucket) -> httpx.Response:
        try:
            response = await request
        except httpx.HTTPError as error:
            raise no_answer(error) from None
        try:
            check(response, self._clock())
        except MarketplaceError as error:
            if error.throttled:
                bucket.slow_down(error.retry_after)
            raise
        bucket.speed_up()
        return response


def _read(answer: type[A], response: httpx.Response, operation: str) -> A:
    try:
        return answer.model_validate_json(response.content)
    except ValidationError:
        raise MarketplaceError(Outcome.UNKNOWN, f"the answer of {operation} can't be read") from None
