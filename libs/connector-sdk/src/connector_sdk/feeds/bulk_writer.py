"""The port of bulk writes, and the values that pass through it. A marketplace without them does not implement it."""

import dataclasses as dc
import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from typing import Protocol

from connector_sdk.marketplace import LineResult
from connector_sdk.marketplace_clock import ClockReading


class FeedStatus(enum.StrEnum):
    """Where a feed stands at the marketplace. DONE says nothing of its lines; after FATAL nobody knows of any."""

    QUEUED = "queued"
    PROCESSING = "processing"
    DONE = "done"
    FATAL = "fatal"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        return self not in (FeedStatus.QUEUED, FeedStatus.PROCESSING)


@dc.dataclass(frozen=True, slots=True)
class FeedLine:
    """An absolute quantity for one listing. `number` is the line's own within its feed, from 1."""

    number: int
    external_sku: str
    quantity: int


@dc.dataclass(frozen=True, slots=True)
class FeedLook:
    """`report_id` is there once the feed is done."""

    status: FeedStatus
    report_id: str | None = None
    clock: ClockReading | None = None


class BulkWriter(Protocol):
    """Each method raises `MarketplaceError` when its call failed, with what that proves as its outcome."""

    @property
    def most_lines(self) -> int:
        """How many lines one feed may hold."""
        ...

    async def upload(self, lines: Sequence[FeedLine]) -> str:
        """Bring the lines to the marketplace, which does nothing with them yet; the id to submit them by."""
        ...

    async def submit(self, document_id: str) -> str:
        """Have an uploaded document carried out; the feed's id. With the outcome `unknown` there may be a feed."""
        ...

    async def find(self, since: dt.datetime) -> Sequence[str]:
        """The ids of the feeds of our kind that were submitted since."""
        ...

    async def look(self, feed_id: str) -> FeedLook: ...

    async def read_report(self, feed_id: str, look: FeedLook, lines: Sequence[FeedLine]) -> Mapping[int, LineResult]:
        """What became of each line of a feed that is done, by number. A line that is missing is unknown."""
        ...

    async def cancel(self, feed_id: str) -> None:
        """Ask for a feed in the queue not to be carried out. Only a later look tells whether it is so."""
        ...
