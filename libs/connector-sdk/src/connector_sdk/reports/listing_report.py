"""The port of reports that list a whole account. A marketplace without them does not implement it."""

import dataclasses as dc
import enum
from collections.abc import AsyncGenerator
from typing import Protocol


class ReportStatus(enum.StrEnum):
    """Where a report stands at the marketplace. Only of one that is done there is a document."""

    QUEUED = "queued"
    PROCESSING = "processing"
    DONE = "done"
    FATAL = "fatal"
    CANCELLED = "cancelled"


@dc.dataclass(frozen=True, slots=True)
class ReportLook:
    """`document_id` is there once the report is done."""

    status: ReportStatus
    document_id: str | None = None


class Standing(enum.StrEnum):
    """What a report says of a listing. OURS: it is there, complete, and shipped by the seller."""

    OURS = "ours"
    MARKETPLACES = "marketplaces"
    INCOMPLETE = "incomplete"
    UNREADABLE = "unreadable"


@dc.dataclass(frozen=True, slots=True)
class ReportedListing:
    """One row. Nobody knows at which moment its quantity was on sale; None where the row has none."""

    external_sku: str
    standing: Standing
    quantity: int | None = None


class UnusableReportError(Exception):
    """A report that says nothing which can be relied on. The message is one line that says what is wrong with it."""


class ListingReporter(Protocol):
    """Each method raises `MarketplaceError` when its call failed, with what that proves as its outcome."""

    async def request(self) -> str:
        """Have a report made of all listings; the report's id. Asking twice makes two and does no harm."""
        ...

    async def look(self, report_id: str) -> ReportLook: ...

    def read(self, document_id: str) -> AsyncGenerator[ReportedListing, None]:
        """The rows, as they come in: a report is never held as a whole.

        Raises:
            UnusableReportError: it can't be read, or not to its end.
        """
        ...
