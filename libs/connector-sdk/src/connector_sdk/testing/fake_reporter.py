"""A marketplace's reports of all listings in memory: they go on as a test tells them to."""

from collections.abc import AsyncGenerator, Sequence

from connector_sdk.marketplace import MarketplaceError
from connector_sdk.reports.listing_report import (
    ReportedListing,
    ReportLook,
    ReportStatus,
    Standing,
    UnusableReportError,
)


def ours(external_sku: str, quantity: int | None = 1) -> ReportedListing:
    """The row of a listing that the seller ships."""
    return ReportedListing(external_sku, Standing.OURS, quantity)


class FakeReporter:
    """Implements `connector_sdk.reports.listing_report.ListingReporter`."""

    def __init__(self, *rows: ReportedListing) -> None:
        self.rows: Sequence[ReportedListing] = rows
        self.status = ReportStatus.DONE
        self.has_document = True
        self.is_cut = False
        """Whether reading fails after the last row."""
        self.errors: dict[str, list[MarketplaceError]] = {}
        """By method, taken one by one."""
        self.requests = 0
        self.looks: list[str] = []

    async def request(self) -> str:
        self._fail("request")
        self.requests += 1
        return f"report-{self.requests}"

    async def look(self, report_id: str) -> ReportLook:
        self._fail("look")
        self.looks.append(report_id)
        is_there = self.status is ReportStatus.DONE and self.has_document
        return ReportLook(self.status, f"document of {report_id}" if is_there else None)

    async def read(self, document_id: str) -> AsyncGenerator[ReportedListing, None]:
        self._fail("read")
        for row in self.rows:
            yield row
        if self.is_cut:
            raise UnusableReportError(f"the {document_id} ends too early")

    def _fail(self, method: str) -> None:
        if errors := self.errors.get(method):
            raise errors.pop(0)
