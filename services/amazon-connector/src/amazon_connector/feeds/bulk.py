"""Amazon's feeds behind the bulk port of the connector SDK."""

import datetime as dt
from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeVar

import httpx
from connector_sdk.feeds.bulk_writer import FeedLine, FeedLook, FeedStatus
from connector_sdk.http import marketplace_clock, outcome_of, outcome_of_error, retry_after
from connector_sdk.marketplace import LineResult, MarketplaceError, Outcome
from pydantic import BaseModel, ValidationError
from runtime.clock import Clock, system_clock

from amazon_connector.client import AmazonClient
from amazon_connector.feeds.document import MOST_MESSAGES, feed_document, read_document, results
from amazon_connector.feeds.wire import CreateAnswer, DocumentAnswer, FeedsAnswer, FeedWire
from amazon_connector.wire import ErrorAnswer

FEED_TYPE = "JSON_LISTINGS_FEED"
CONTENT_TYPE = "application/json; charset=UTF-8"
"""Of the upload, byte for byte what createFeedDocument was told: the address is signed for it."""
_ROOT = "/feeds/2021-06-30"
_STATUSES = {
    "IN_QUEUE": FeedStatus.QUEUED,
    "IN_PROGRESS": FeedStatus.PROCESSING,
    "DONE": FeedStatus.DONE,
    "FATAL": FeedStatus.FATAL,
    "CANCELLED": FeedStatus.CANCELLED,
}

A = TypeVar("A", bound=BaseModel)


class AmazonFeeds:
    """Implements `connector_sdk.feeds.bulk_writer.BulkWriter`."""

    most_lines = MOST_MESSAGES

    def __init__(self, client: AmazonClient, http: httpx.AsyncClient, *, clock: Clock = system_clock) -> None:
        """`http` carries documents: to addresses that let in whoever knows them, so without a token."""
        self._client = client
        self._http = http
        self._clock = clock

    async def upload(self, lines: Sequence[FeedLine]) -> str:
        created = await self._send("POST", "/documents", body={"contentType": CONTENT_TYPE})
        document = _read(DocumentAnswer, created, "createFeedDocument")
        content = feed_document(self._client.seller_id, lines)
        headers = {"content-type": CONTENT_TYPE}
        sent = await _answered(self._http.put(document.url, content=content, headers=headers))
        if sent.status_code == httpx.codes.FORBIDDEN:
            reason = f"the feed's upload is refused: its address is good for 5 minutes and for {CONTENT_TYPE!r} alone"
            raise MarketplaceError(Outcome.REJECTED, reason)
        self._check(sent)
        return document.feed_document_id

    async def submit(self, document_id: str) -> str:
        body = {
            "feedType": FEED_TYPE,
            "marketplaceIds": [self._client.marketplace_id],
            "inputFeedDocumentId": document_id,
        }
        return _read(CreateAnswer, await self._send("POST", "/feeds", body=body), "createFeed").feed_id

    async def find(self, since: dt.datetime) -> Sequence[str]:
        """The newest hundred: we never submit so many within the minutes that are searched."""
        query = {
            "feedTypes": FEED_TYPE,
            "marketplaceIds": self._client.marketplace_id,
            "pageSize": "100",
            "createdSince": since.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        answer = _read(FeedsAnswer, await self._send("GET", "/feeds", query), "getFeeds")
        return [feed.feed_id for feed in answer.feeds]

    async def look(self, feed_id: str) -> FeedLook:
        response = await self._send("GET", f"/feeds/{feed_id}")
        feed = _read(FeedWire, response, "getFeed")
        status = _STATUSES.get(feed.processing_status)
        if status is None:
            raise MarketplaceError(
                Outcome.UNKNOWN, f"getFeed: unknown processingStatus {feed.processing_status[:40]!r}"
            )
        return FeedLook(status, feed.result_feed_document_id, marketplace_clock(response, self._clock()))

    async def read_report(self, feed_id: str, look: FeedLook, lines: Sequence[FeedLine]) -> Mapping[int, LineResult]:
        if look.report_id is None:
            raise MarketplaceError(Outcome.UNKNOWN, "the feed has no report yet")
        found = await self._send("GET", f"/documents/{look.report_id}")
        document = _read(DocumentAnswer, found, "getFeedDocument")
        fetched = await _answered(self._http.get(document.url))
        self._check(fetched)
        try:
            report = read_document(fetched.content, document.compression_algorithm)
        except ValueError:
            raise MarketplaceError(Outcome.UNKNOWN, "the feed's report can't be read") from None
        return results(report, lines, feed_id, look.clock)

    async def cancel(self, feed_id: str) -> None:
        self._check(await self._send("DELETE", f"/feeds/{feed_id}"))

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> httpx.Response:
        response = await _answered(self._client.send(method, f"{_ROOT}{path}", query or {}, body))
        self._check(response)
        return response

    def _check(self, response: httpx.Response) -> None:
        outcome = outcome_of(response.status_code)
        if outcome is not Outcome.ACCEPTED:
            pause = retry_after(response, self._clock())
            raise MarketplaceError(outcome, _refusal(response), retry_after=pause)


async def _answered(request: Awaitable[httpx.Response]) -> httpx.Response:
    try:
        return await request
    except httpx.HTTPError as error:
        raise MarketplaceError(outcome_of_error(error), f"no answer from Amazon: {type(error).__name__}") from None


def _read(answer: type[A], response: httpx.Response, operation: str) -> A:
    try:
        return answer.model_validate_json(response.content)
    except ValidationError:
        raise MarketplaceError(Outcome.UNKNOWN, f"the answer of {operation} can't be read") from None


def _refusal(response: httpx.Response) -> str:
    """Amazon's own words, after the HTTP status. An address of a document never gets into it."""
    try:
        errors = ErrorAnswer.model_validate_json(response.content).errors
    except ValidationError:
        errors = ()
    said = [f"{issue.code}: {issue.message}" for issue in errors[:3]]
    return "; ".join([f"{response.status_code} {response.reason_phrase}", *said])[:500]
