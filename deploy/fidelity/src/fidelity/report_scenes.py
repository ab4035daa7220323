"""The scenes with reports: each of their operations in fair weather and under every fault."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

from amazon_connector.reports.listings import AmazonReports
from connector_sdk.marketplace import MarketplaceError
from connector_sdk.reports.listing_report import UnusableReportError

_ROUNDS = 4
"""Enough for both of the sandbox's errors to come up for each operation."""
_AT_ONCE: dict[str, object] = {"report_s": (0, 0)}

ReportOperation = Callable[[AmazonReports], Awaitable[object]]


class ReportStage(Protocol):
    """A connector with its sandbox."""

    def reports(self, **changed: object) -> AmazonReports:
        """A new one, without a token yet."""
        ...

    async def set_faults(self, **faults: object) -> None: ...


async def play_reports(stage: ReportStage) -> None:
    """Reports to every end and with every fault, then foul weather and strangers."""
    document_id = await _fair(stage)
    report_id = await stage.reports().request()
    operations: list[ReportOperation] = [
        lambda each: each.request(),
        lambda each: each.look(report_id),
        lambda each: _read(each, document_id),
    ]
    foul: list[dict[str, object]] = [{"throttle_rate": 1}, {"unauthorised": True}]
    foul += [{"error_rate": 1} for _ in range(_ROUNDS)]
    for faults in foul:
        for operation in operations:
            await stage.set_faults()
            reports = stage.reports()
            await reports.look(report_id)
            await stage.set_faults(**faults)
            await _try(operation, reports)
    await stage.set_faults()
    for changed in ({"amazon_client_secret": "wrong"}, {"amazon_marketplace_id": "A17E79C6D8DWNP"}):
        for operation in operations:
            await _try(operation, stage.reports(**changed))


async def _fair(stage: ReportStage) -> str:
    """Answers with the id of a document that can be read."""
    document_id = ""
    weather: list[dict[str, object]] = [{"report_end": end} for end in ("never", "FATAL", "CANCELLED")]
    weather += [{"report_fault": fault} for fault in ("plain", "no_gzip", "none")]
    for faults in weather:
        reports = stage.reports()
        await stage.set_faults(**_AT_ONCE, **faults)
        look = await reports.look(await reports.request())
        await stage.set_faults()
        if look.document_id:
            document_id = look.document_id
            await _try(lambda each, wanted=document_id: _read(each, wanted), reports)  # type: ignore[misc]
    for operation in (lambda each: each.look("1"), lambda each: _read(each, "no-document")):
        await _try(operation, stage.reports())
    return document_id


async def _read(reports: AmazonReports, document_id: str) -> int:
    return len([row async for row in reports.read(document_id)])


async def _try(operation: ReportOperation, reports: AmazonReports) -> None:
    with contextlib.suppress(MarketplaceError, UnusableReportError):
        await operation(reports)
