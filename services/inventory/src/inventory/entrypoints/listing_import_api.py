"""Listings from a file (CSV): every good row is taken, every bad one is named."""

import itertools
from collections.abc import Sequence
from typing import Annotated, Any, Protocol

from contracts import ListingChanged
from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel
from runtime.access import needs
from runtime.api_keys import Scope
from runtime.problems import InvalidRequestError
from runtime.work import Work, Worker

from inventory.domain.allocation import Policy
from inventory.domain.terms import Terms
from inventory.entrypoints.consumers import OpenBook
from inventory.handlers.change_listings import Outcome, change_listings, try_listings
from inventory.listing_file import HEADER, BadRow, ListingFile, Row, UnusableFileError

_ROWS_A_TRANSACTION = 2000
_MEDIA_TYPE = "text/csv"
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {_MEDIA_TYPE: {"schema": {"type": "string"}, "example": f"{HEADER}\nA-1,amazon,AM-A-1,,,true\n"}},
    }
}
DryRun = Annotated[bool, Query(description="only say what would be done")]


class BadRowView(BaseModel):
    line: int
    reason: str


class ImportAnswer(BaseModel):
    """`unchanged` were like that already; `bad` are the rows that were not taken, by line."""

    rows: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: list[BadRowView] = []
    dry_run: bool = False


class Change(Protocol):
    async def __call__(self, listings: Sequence[ListingChanged], work: Work, *, dry_run: bool) -> Outcome: ...


def listing_import(worker: Worker, policy: Policy, open_book: OpenBook, terms: Terms | None = None) -> APIRouter:
    async def change(listings: Sequence[ListingChanged], work: Work, *, dry_run: bool) -> Outcome:
        if dry_run:
            return await try_listings(listings, open_book(work), policy, work)
        return await change_listings(listings, open_book(work), policy, work, terms)

    api = APIRouter(prefix="/v1")

    @api.post("/listings/import", openapi_extra=_BODY)
    @needs(Scope.CATALOGUE_WRITE)
    async def post_file(request: Request, dry_run: DryRun = False) -> ImportAnswer:  # noqa: FBT002 - a query parameter, always given by name
        """Take over a file of listings; the same file again changes nothing.

        Rows are taken in transactions of 2,000: if one fails, those before it stay, and the file can be sent again.
        """
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _MEDIA_TYPE:
            raise HTTPException(415, f"send the file as it is, with Content-Type: {_MEDIA_TYPE}")
        answer = ImportAnswer(dry_run=dry_run)
        rows = ListingFile().rows((await request.body()).splitlines())
        try:
            while chunk := list(itertools.islice(rows, _ROWS_A_TRANSACTION)):
                await _take(chunk, answer, worker, change)
        except UnusableFileError as error:
            raise InvalidRequestError([("body", str(error))]) from None
        answer.bad.sort(key=lambda row: row.line)
        return answer

    return api


async def _take(chunk: list[Row | BadRow], answer: ImportAnswer, worker: Worker, change: Change) -> None:
    """Take what can be taken, and note the rest in `answer`."""
    good = [row for row in chunk if isinstance(row, Row)]
    async with worker.begin() as work:
        outcome = await change([row.listing for row in good], work, dry_run=answer.dry_run)
    answer.rows += len(chunk)
    answer.changed += len(outcome.changed)
    answer.unchanged += len(good) - len(outcome.changed) - len(outcome.refused)
    answer.bad += [BadRowView(line=good[refusal.index].line, reason=refusal.reason) for refusal in outcome.refused]
    answer.bad += [BadRowView(line=row.line, reason=row.reason) for row in chunk if isinstance(row, BadRow)]
