"""Between our lines and the documents of a JSON_LISTINGS_FEED: pure functions."""

import dataclasses as dc
import gzip
import json
import zlib
from collections.abc import Mapping, Sequence

from connector_sdk.feeds.bulk_writer import FeedLine
from connector_sdk.marketplace import LineResult, Outcome
from connector_sdk.marketplace_clock import ClockReading
from contracts import Issue

from amazon_connector.feeds.wire import ReportIssueWire, ReportWire
from amazon_connector.mapping import quantity_patch

MOST_MESSAGES = 25_000
_VERSION = "2.0"
_LOCALE = "en_AE"
_ERROR = "ERROR"
_COUNTS = Issue(code="FeedCounts", message="the feed's report does not say what became of this message")


def feed_document(seller_id: str, lines: Sequence[FeedLine]) -> bytes:
    """The feed in UTF-8. A message is a PATCH with `merge`: PARTIAL_UPDATE would erase the handling time."""
    messages = [
        {"messageId": line.number, "sku": line.external_sku, "operationType": "PATCH", **quantity_patch(line.quantity)}
        for line in lines
    ]
    header = {"sellerId": seller_id, "version": _VERSION, "issueLocale": _LOCALE}
    return json.dumps({"header": header, "messages": messages}, ensure_ascii=False, separators=(",", ":")).encode()


def read_document(content: bytes, compression: str | None) -> ReportWire:
    """A processing report.

    Raises:
        ValueError: it can't be read.
    """
    if compression not in (None, "GZIP"):
        raise ValueError(f"the report is compressed by {compression}")
    try:
        plain = gzip.decompress(content) if compression else content
    except (OSError, EOFError, zlib.error):
        raise ValueError("the report is no gzip") from None
    return ReportWire.model_validate_json(plain)


def results(
    report: ReportWire, lines: Sequence[FeedLine], feed_id: str, clock: ClockReading | None = None
) -> Mapping[int, LineResult]:
    """What the report says of each line, by number.

    It names only what went wrong. An issue belongs to a line when its messageId and its SKU agree; where they name two
    lines, nobody knows of either. The rest is accepted, as far as the report's own counts cover it.
    """
    refused, doubtful = _named(report.issues, lines)
    summary, numbers = report.summary, {line.number for line in lines}
    if len(refused) > summary.messages_invalid:
        refused, doubtful = set(), doubtful | refused
    if summary.messages_accepted == 0 and summary.messages_invalid == summary.messages_processed:
        refused, doubtful = numbers, set()
    rest = numbers - refused - doubtful
    if len(rest) > summary.messages_accepted:
        doubtful |= rest
    said = _issues_by_number(report.issues, lines)
    return {
        line.number: dc.replace(_result(line, refused, doubtful, said), submission_id=feed_id, clock=clock)
        for line in lines
    }


def _named(issues: Sequence[ReportIssueWire], lines: Sequence[FeedLine]) -> tuple[set[int], set[int]]:
    """The numbers of the lines that errors name: those named for certain, and those of which nobody knows."""
    by_number = {line.number: line.external_sku for line in lines}
    by_sku = {line.external_sku: line.number for line in lines}
    refused: set[int] = set()
    doubtful: set[int] = set()
    for issue in issues:
        if issue.severity != _ERROR:
            continue
        named = by_number.keys() & {issue.message_id, by_sku.get(issue.sku or "")}
        agrees = len(named) == 1 and (issue.sku is None or by_sku.get(issue.sku) in named)
        (refused if agrees else doubtful).update(named)
    return refused - doubtful, doubtful


def _issues_by_number(issues: Sequence[ReportIssueWire], lines: Sequence[FeedLine]) -> Mapping[int | None, list[Issue]]:
    """Every issue under the line it names; under None those of the feed as a whole."""
    by_sku = {line.external_sku: line.number for line in lines}
    said: dict[int | None, list[Issue]] = {}
    for issue in issues:
        number = issue.message_id if issue.message_id is not None else by_sku.get(issue.sku or "")
        told = Issue(code=issue.code or "FeedIssue", message=issue.message[:1000], severity=issue.severity.lower())
        said.setdefault(number, []).append(told)
    return said


def _result(
    line: FeedLine, refused: set[int], doubtful: set[int], said: Mapping[int | None, list[Issue]]
) -> LineResult:
    issues = tuple(said.get(line.number, ()))
    outcome = Outcome.ACCEPTED
    if line.number in doubtful:
        outcome, issues = Outcome.UNKNOWN, (*issues, _COUNTS)
    elif line.number in refused:
        outcome, issues = Outcome.REJECTED, issues or tuple(said.get(None, (_COUNTS,)))
    return LineResult(line.external_sku, outcome, issues=issues)
