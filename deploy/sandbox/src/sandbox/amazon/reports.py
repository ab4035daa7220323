"""Reports 2021-06-30 for GET_MERCHANT_LISTINGS_ALL_DATA: asked for, made after a while, and fetched as a document."""

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from fastapi import APIRouter, Request

from sandbox.amazon.feed_documents import FeedDocument, FeedDocuments
from sandbox.amazon.operations import CREATE_REPORT, GET_REPORT, GET_REPORT_DOCUMENT, Gate
from sandbox.amazon.report_rows import all_listings
from sandbox.amazon.settings import MARKETPLACE_ID
from sandbox.amazon.wire import RefusedError, invalid_input, json_object
from sandbox.clock import Clock, iso
from sandbox.faults import Faults
from sandbox.store import Store

ROOT = "/reports/2021-06-30"
DOCUMENTS = "/report-documents/"
REPORT_TYPE = "GET_MERCHANT_LISTINGS_ALL_DATA"
_OPTIONS = {"custom", "preferredReportDocumentLocale"}


@dataclass(slots=True)
class Report:
    report_id: str
    created_at: datetime
    status: str = "IN_QUEUE"
    ended_at: datetime | None = None
    document: FeedDocument | None = None

    def printed(self) -> dict[str, object]:
        return {
            "reportId": self.report_id,
            "reportType": REPORT_TYPE,
            "marketplaceIds": [MARKETPLACE_ID],
            "createdTime": iso(self.created_at),
            "processingStatus": self.status,
            **({"processingEndTime": iso(self.ended_at)} if self.ended_at else {}),
            **({"reportDocumentId": self.document.document_id} if self.document else {}),
        }


class Reports:
    """The operations. A report is made when somebody looks at it after its time."""

    def __init__(self, store: Store, faults: Faults, clock: Clock) -> None:
        self._store = store
        self._faults = faults
        self._clock = clock
        self._documents = FeedDocuments(clock, DOCUMENTS, "reportDocumentId")
        self._reports: dict[str, Report] = {}
        self._numbers = itertools.count(90_001)

    def router(self, gate: Gate) -> APIRouter:
        router = APIRouter()
        for method, path, endpoint in (
            ("POST", "/reports", gate.operation(CREATE_REPORT, self.create, HTTPStatus.ACCEPTED)),
            ("GET", "/reports/{report_id}", gate.operation(GET_REPORT, self.get)),
            ("GET", "/documents/{document_id}", gate.operation(GET_REPORT_DOCUMENT, self.get_document)),
        ):
            router.add_api_route(f"{ROOT}{path}", endpoint, methods=[method], response_model=None)
        router.include_router(self._documents.router())
        return router

    def clear(self) -> None:
        """Forget reports and documents."""
        self._reports.clear()
        self._documents.clear()

    async def create(self, request: Request) -> dict[str, object]:
        body = await json_object(request)
        options = body.get("reportOptions", {})
        if body.get("reportType") != REPORT_TYPE:
            raise invalid_input(f"reportType must be {REPORT_TYPE}, the one that is made here.")
        if body.get("marketplaceIds") != [MARKETPLACE_ID]:
            raise invalid_input(f"marketplaceIds must be {MARKETPLACE_ID}, the one marketplace of this seller.")
        if not isinstance(options, dict) or not options.keys() <= _OPTIONS:
            raise invalid_input(f"reportOptions may hold {', '.join(sorted(_OPTIONS))}.")
        report = Report(str(next(self._numbers)), self._clock())
        self._reports[report.report_id] = report
        return {"reportId": report.report_id}

    async def get(self, request: Request) -> dict[str, object]:
        report = self._reports.get(request.path_params["report_id"])
        if report is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "NotFound", "There is no such report.")
        self._advance(report)
        return report.printed()

    async def get_document(self, request: Request) -> dict[str, object]:
        document = self._documents.find(request.path_params["document_id"])
        return self._documents.described(request, document, "GET")

    def _advance(self, report: Report) -> None:
        settings = self._faults.settings
        waits, is_made = (timedelta(seconds=seconds / settings.time_scale) for seconds in settings.report_s)
        age = self._clock() - report.created_at
        if report.ended_at is not None or age < waits:
            return
        report.status = "IN_PROGRESS"
        if settings.report_end == "never" or age < waits + is_made:
            return
        report.status, report.ended_at = settings.report_end, self._clock()
        if report.status == "DONE":
            report.document = all_listings(self._store.listings(), settings).kept_in(self._documents)
