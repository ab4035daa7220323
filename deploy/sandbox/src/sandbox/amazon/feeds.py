"""Feeds 2021-06-30 for JSON_LISTINGS_FEED: documents, feeds in a queue, their end and their report.

A feed waits in the queue, is processed while none before it is, and carries out its messages at its end.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

from fastapi import APIRouter, Request

from sandbox.amazon.feed_documents import FeedDocument, FeedDocuments
from sandbox.amazon.feed_messages import Report, UnreadableFeedError, carry_out, of_unreadable, read_feed
from sandbox.amazon.listings import ListingsItems
from sandbox.amazon.operations import (
    CANCEL_FEED,
    CREATE_FEED,
    CREATE_FEED_DOCUMENT,
    GET_FEED,
    GET_FEED_DOCUMENT,
    GET_FEEDS,
    LISTINGS_FEEDS,
    Gate,
)
from sandbox.amazon.patches import Json, issue
from sandbox.amazon.settings import MARKETPLACE_ID, AmazonSettings
from sandbox.amazon.wire import Query, RefusedError, invalid_input, json_object
from sandbox.clock import Clock, iso
from sandbox.faults import Faults

ROOT = "/feeds/2021-06-30"
FEED_TYPE = "JSON_LISTINGS_FEED"
_REFUSED = "The message is refused, as the faults ask for."


class Status(StrEnum):
    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    FATAL = "FATAL"
    CANCELLED = "CANCELLED"


@dataclass(slots=True)
class Feed:
    """`since` is when it came into its present status; `is_held` that a fault keeps it there."""

    feed_id: str
    document: FeedDocument
    created_at: datetime
    since: datetime
    status: Status = Status.IN_QUEUE
    is_held: bool = False
    started_at: datetime | None = None
    report: FeedDocument | None = None

    @property
    def has_ended(self) -> bool:
        return self.status not in (Status.IN_QUEUE, Status.IN_PROGRESS)

    def become(self, status: Status, moment: datetime) -> None:
        self.status, self.since, self.is_held = status, moment, False

    def printed(self) -> dict[str, object]:
        times = {"processingStartTime": self.started_at, "processingEndTime": self.since if self.has_ended else None}
        return {
            "feedId": self.feed_id,
            "feedType": FEED_TYPE,
            "marketplaceIds": [MARKETPLACE_ID],
            "createdTime": iso(self.created_at),
            "processingStatus": self.status,
            **{name: iso(moment) for name, moment in times.items() if moment},
            **({"resultFeedDocumentId": self.report.document_id} if self.report else {}),
        }


class Feeds:
    """The operations, and the feeds that go on by themselves: `advance` does what is due by now."""

    def __init__(self, settings: AmazonSettings, listings: ListingsItems, faults: Faults, clock: Clock) -> None:
        self._settings = settings
        self._listings = listings
        self._faults = faults
        self._clock = clock
        self._documents = FeedDocuments(clock)
        self._feeds: dict[str, Feed] = {}
        self._numbers = itertools.count(50_001)

    def router(self, gate: Gate) -> APIRouter:
        async def create(request: Request) -> dict[str, object]:
            document = await self._uploaded(request)
            gate.allow(LISTINGS_FEEDS)
            return self._create(document)

        router = APIRouter()
        for method, path, endpoint in (
            ("POST", "/documents", gate.operation(CREATE_FEED_DOCUMENT, self.create_document, HTTPStatus.CREATED)),
            ("GET", "/documents/{document_id}", gate.operation(GET_FEED_DOCUMENT, self.get_document)),
            ("POST", "/feeds", gate.operation(CREATE_FEED, create, HTTPStatus.ACCEPTED)),
            ("GET", "/feeds", gate.operation(GET_FEEDS, self.list_feeds)),
            ("GET", "/feeds/{feed_id}", gate.operation(GET_FEED, self.get)),
            ("DELETE", "/feeds/{feed_id}", gate.operation(CANCEL_FEED, self.cancel)),
        ):
            router.add_api_route(f"{ROOT}{path}", endpoint, methods=[method], response_model=None)
        router.include_router(self._documents.router())
        return router

    def clear(self) -> None:
        """Forget feeds and documents."""
        self._feeds.clear()
        self._documents.clear()

    def advance(self) -> None:
        """Take every feed as far as it has come by now, the oldest first."""
        free_from = datetime.min.replace(tzinfo=self._clock().tzinfo)
        for feed in self._feeds.values():
            if feed.status is Status.IN_QUEUE:
                self._begin(feed, free_from)
            if feed.status is Status.IN_PROGRESS:
                self._end(feed)
            if feed.status is Status.IN_PROGRESS:
                return
            free_from = max(free_from, feed.since)

    async def create_document(self, request: Request) -> dict[str, object]:
        content_type = (await json_object(request)).get("contentType")
        if not isinstance(content_type, str) or not content_type:
            raise invalid_input("contentType is required.")
        return self._documents.described(request, self._documents.create(content_type), "PUT")

    async def get_document(self, request: Request) -> dict[str, object]:
        document = self._documents.find(request.path_params["document_id"])
        return self._documents.described(request, document, "GET")

    async def get(self, request: Request) -> dict[str, object]:
        return self._find(request).printed()

    async def list_feeds(self, request: Request) -> dict[str, object]:
        """The newest first. Of the filters only the feed type, the time of creation and the statuses are served."""
        query = Query(request.scope["query_string"])
        if query.many("feedTypes", (FEED_TYPE,)) != [FEED_TYPE]:
            raise invalid_input(f"feedTypes must be {FEED_TYPE}.")
        statuses = query.many("processingStatuses", [*Status])
        since = query.one("createdSince")
        try:
            earliest = datetime.fromisoformat(since) if since else None
        except ValueError:
            raise invalid_input("createdSince must be a time in ISO 8601.") from None
        found = [
            feed
            for feed in reversed(self._feeds.values())
            if (earliest is None or feed.created_at >= earliest) and (not statuses or feed.status in statuses)
        ]
        return {"feeds": [feed.printed() for feed in found]}

    async def cancel(self, request: Request) -> None:
        feed = self._find(request)
        if feed.status is not Status.IN_QUEUE:
            raise invalid_input(
                f"The feed {feed.feed_id} is {feed.status}; only one that is IN_QUEUE can be cancelled."
            )
        feed.become(Status.CANCELLED, self._clock())

    async def _uploaded(self, request: Request) -> FeedDocument:
        """The document that createFeed is about."""
        body = await json_object(request)
        if body.get("feedType") != FEED_TYPE:
            raise invalid_input(f"feedType must be {FEED_TYPE}; the older listings feeds are gone.")
        if body.get("marketplaceIds") != [MARKETPLACE_ID]:
            raise invalid_input(f"marketplaceIds must be {MARKETPLACE_ID}, the one marketplace of this seller.")
        document = self._documents.find(str(body.get("inputFeedDocumentId")))
        if document.content is None:
            raise invalid_input("Nothing has been uploaded to the feed document.")
        return document

    def _create(self, document: FeedDocument) -> dict[str, object]:
        now = self._clock()
        feed = Feed(f"{next(self._numbers)}{int(now.timestamp()) % 10**6:06}", document, now, now)
        self._feeds[feed.feed_id] = feed
        return {"feedId": feed.feed_id}

    def _find(self, request: Request) -> Feed:
        feed_id = request.path_params["feed_id"]
        if feed_id not in self._feeds:
            raise RefusedError(HTTPStatus.NOT_FOUND, "NotFound", f"No feed has the id {feed_id!r}.")
        return self._feeds[feed_id]

    def _due_at(self, feed: Feed, seconds: float, *, is_held: bool) -> datetime | None:
        """When a feed leaves its status, or None while a fault holds it; one that was held leaves it now."""
        if is_held:
            feed.is_held = True
            return None
        if feed.is_held:
            return self._clock()
        return feed.since + timedelta(seconds=seconds / self._faults.settings.time_scale)

    def _begin(self, feed: Feed, free_from: datetime) -> None:
        settings = self._faults.settings
        due_at = self._due_at(feed, settings.feed_s[0], is_held=settings.feed_stuck == "queue")
        if due_at and max(due_at, free_from) <= self._clock():
            feed.become(Status.IN_PROGRESS, max(due_at, free_from))
            feed.started_at = feed.since

    def _end(self, feed: Feed) -> None:
        settings = self._faults.settings
        due_at = self._due_at(feed, settings.feed_s[1], is_held=settings.feed_stuck == "progress")
        if due_at is None or due_at > self._clock():
            return
        report = self._processed(feed)
        feed.become(Status.FATAL if settings.feed_fatal else Status.DONE, due_at)
        if feed.status is Status.DONE:
            feed.report = self._documents.write(report.printed(self._settings.seller_id, feed.feed_id))

    def _processed(self, feed: Feed) -> Report:
        try:
            messages = read_feed(feed.document.content or b"", self._settings.seller_id)
        except UnreadableFeedError as error:
            return of_unreadable(error)
        if self._faults.settings.feed_fatal:
            messages = messages[: len(messages) // 2]
        return carry_out(messages, self._patch)

    def _patch(self, sku: str, body: Json) -> Sequence[Mapping[str, object]]:
        if self._faults.refuses_message():
            return [issue("fulfillment_availability", _REFUSED)]
        return self._listings.patch_by_feed(sku, body)
