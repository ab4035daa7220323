"""A marketplace's feeds in memory: they go on as a test tells them to."""

import dataclasses as dc
import datetime as dt
from collections.abc import Mapping, Sequence

from connector_sdk.feeds.bulk_writer import FeedLine, FeedLook, FeedStatus
from connector_sdk.marketplace import LineResult, MarketplaceError, Outcome


@dc.dataclass(slots=True)
class FakeFeed:
    lines: Sequence[FeedLine]
    status: FeedStatus = FeedStatus.QUEUED


class KilledError(BaseException):
    """The process died here; nothing handles it."""


class FakeBulk:
    """Implements `connector_sdk.feeds.bulk_writer.BulkWriter`. A report accepts what `results` does not name."""

    most_lines = 25_000

    def __init__(self) -> None:
        self.documents: dict[str, Sequence[FeedLine]] = {}
        self.feeds: dict[str, FakeFeed] = {}
        self.results: dict[str, Outcome | None] = {}
        """By external SKU. None: the report does not mention it."""
        self.errors: dict[str, list[MarketplaceError]] = {}
        """By method, taken one by one."""
        self.is_answer_lost = False
        """Whether a feed that is submitted goes on though nobody hears of it."""
        self.can_cancel = True
        self.dies: tuple[str, str] | None = None
        """Once: in this method, "before" or "after" it has had its effect."""

    @property
    def newest(self) -> FakeFeed:
        return list(self.feeds.values())[-1]

    async def upload(self, lines: Sequence[FeedLine]) -> str:
        self._fail("upload")
        document_id = f"document-{len(self.documents) + 1}"
        self.documents[document_id] = list(lines)
        self._die("upload", "after")
        return document_id

    async def submit(self, document_id: str) -> str:
        self._fail("submit")
        feed_id = f"feed-{len(self.feeds) + 1}"
        self.feeds[feed_id] = FakeFeed(self.documents[document_id])
        if self.is_answer_lost:
            raise MarketplaceError(Outcome.UNKNOWN, "no answer")
        self._die("submit", "after")
        return feed_id

    async def find(self, since: dt.datetime) -> Sequence[str]:  # noqa: ARG002 - all are of now
        self._fail("find")
        return list(self.feeds)

    async def look(self, feed_id: str) -> FeedLook:
        self._fail("look")
        status = self.feeds[feed_id].status
        self._die("look", "after")
        return FeedLook(status, f"report-of-{feed_id}" if status is FeedStatus.DONE else None)

    async def read_report(self, feed_id: str, look: FeedLook, lines: Sequence[FeedLine]) -> Mapping[int, LineResult]:  # noqa: ARG002 - the port's signature
        self._fail("read_report")
        told = {line: self.results.get(line.external_sku, Outcome.ACCEPTED) for line in lines}
        self._die("read_report", "after")
        return {
            line.number: LineResult(line.external_sku, outcome, submission_id=feed_id)
            for line, outcome in told.items()
            if outcome is not None
        }

    async def cancel(self, feed_id: str) -> None:
        self._fail("cancel")
        if self.can_cancel:
            self.feeds[feed_id].status = FeedStatus.CANCELLED

    def _die(self, method: str, moment: str) -> None:
        if self.dies == (method, moment):
            self.dies = None
            raise KilledError

    def _fail(self, method: str) -> None:
        self._die(method, "before")
        if self.errors.get(method):
            raise self.errors[method].pop(0)
