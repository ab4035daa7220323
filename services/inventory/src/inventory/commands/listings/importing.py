"""A file of listings, sent to the inventory chunk by chunk."""

import dataclasses as dc
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from runtime.service_client import ServiceClient

from inventory.listing_file import BadRow, ListingFile, Row

ROWS_A_CALL = 2000


@dc.dataclass(slots=True)
class Report:
    """What became of the rows so far. `unchanged` were like that already; `bad` were not taken."""

    rows: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: list[BadRow] = dc.field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return dc.asdict(self)


def send(lines: Iterable[bytes], inventory: ServiceClient, *, dry_run: bool, told: Callable[[Report], None]) -> Report:
    """Send every good row; `told` hears how far it is after each chunk.

    A chunk that was taken stays taken, whatever comes after it: the same file can be sent again.

    Raises:
        UnusableFileError: the file has no usable header.
        RefusedError: the inventory is away, or does not take listings from us.
    """
    report = Report()
    for chunk in _chunks(ListingFile().rows(lines)):
        bad = [row for row in chunk if isinstance(row, BadRow)]
        good = [row for row in chunk if isinstance(row, Row)]
        refused = _send(good, inventory, report, dry_run=dry_run) if good else []
        report.rows += len(chunk)
        report.bad += sorted([*bad, *refused], key=lambda row: row.line)
        told(report)
    return report


def _send(rows: list[Row], inventory: ServiceClient, report: Report, *, dry_run: bool) -> list[BadRow]:
    listings = [row.listing.model_dump(exclude_none=True) for row in rows]
    answer = inventory.call("POST", "/v1/listings", json={"listings": listings, "dry_run": dry_run})
    report.changed += answer["changed"]
    report.unchanged += answer["unchanged"]
    return [BadRow(rows[refused["index"]].line, refused["detail"]) for refused in answer["refused"]]


def _chunks(rows: Iterator[Row | BadRow]) -> Iterator[list[Row | BadRow]]:
    while chunk := list(itertools.islice(rows, ROWS_A_CALL)):
        yield chunk
