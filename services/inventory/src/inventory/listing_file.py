"""A file of listings (CSV), read row by row: what is wrong with one row stops no other."""

import csv
import dataclasses as dc
from collections.abc import Iterable, Iterator
from typing import Any

from contracts import ListingChanged
from pydantic import ValidationError
from runtime.plain_words import location, message

COLUMNS = ("sku", "channel", "external_sku", "external_id", "external_url", "is_active")
HEADER = ",".join(COLUMNS)
_LONGEST = {"external_id": 256, "external_url": 2048}
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_UTF_8_MARK = b"\xef\xbb\xbf"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class UnusableFileError(Exception):
    """Nothing in the file can be used; the message says why and what to do."""


class _BadRowError(Exception):
    pass


@dc.dataclass(frozen=True, slots=True)
class Row:
    """`line` counts from 1, the header."""

    line: int
    listing: ListingChanged


@dc.dataclass(frozen=True, slots=True)
class BadRow:
    """A row that can't be used, and why."""

    line: int
    reason: str


class ListingFile:
    """Reads one file. No value holds a line break, so that an open quote spoils its own line only."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str, str], int] = {}

    def rows(self, lines: Iterable[bytes]) -> Iterator[Row | BadRow]:
        """Every row but empty ones, in order; `lines` may hold their ends.

        Raises:
            UnusableFileError: there is no usable header.
        """
        numbered = enumerate(lines, start=1)
        columns = _header(next(numbered, (1, b""))[1])
        for number, line in numbered:
            try:
                cells = _cells(line)
                if any(cells):
                    yield self._row(number, dict(_paired(columns, cells)))
            except _BadRowError as error:
                yield BadRow(number, str(error))

    def _row(self, number: int, cells: dict[str, str]) -> Row:
        listing = _listing(cells)
        for what, value in (("sku", listing.sku), ("external_sku", listing.external_sku)):
            first = self._lines.setdefault((listing.channel, what, value), number)
            if first != number:
                raise _BadRowError(f"the {what} {value!r} of {listing.channel} is on line {first} already")
        return Row(number, listing)


def _header(line: bytes) -> list[str]:
    if line.startswith(_UTF_16_MARKS):
        raise UnusableFileError("the file is UTF-16: save it as CSV UTF-8")
    try:
        names = [name.lower() for name in _cells(line.removeprefix(_UTF_8_MARK))]
    except _BadRowError as error:
        raise UnusableFileError(f"the first line must be {HEADER}, and it {error}") from None
    if sorted(names) == sorted(COLUMNS):
        return names
    if len(names) == 1 and ";" in names[0]:
        raise UnusableFileError("columns are separated by commas, not by semicolons")
    missing = [name for name in COLUMNS if name not in names]
    problem = f"it lacks {', '.join(missing)}" if missing else "it names something else too, or a column twice"
    raise UnusableFileError(f"the first line must be {HEADER}, in any order, and {problem}")


def _cells(line: bytes) -> list[str]:
    try:
        words = line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise _BadRowError("is not UTF-8") from None
    if "\0" in words:
        raise _BadRowError("holds a NUL character")
    try:
        return [cell.strip() for cell in next(csv.reader([words], strict=True), [])]
    except csv.Error as error:
        raise _BadRowError(_of_quotes(str(error))) from None


def _of_quotes(error: str) -> str:
    if "unexpected end" in error:
        return "has a quote that is opened and not closed on the same line"
    if "expected after" in error:
        return "has a quote inside a value: write it twice, and quotes around the value"
    return f"can't be read as CSV: {error}"


def _paired(columns: list[str], cells: list[str]) -> Iterable[tuple[str, str]]:
    if len(cells) != len(columns):
        raise _BadRowError(f"has {len(cells)} columns instead of {len(columns)}")
    return zip(columns, cells, strict=True)


def _listing(cells: dict[str, str]) -> ListingChanged:
    for name, longest in _LONGEST.items():
        if len(cells[name]) > longest:
            raise _BadRowError(f"{name} may have at most {longest} characters")
    is_active = _BOOLEANS.get(cells["is_active"].lower())
    if is_active is None:
        raise _BadRowError(f"is_active must be true or false (or yes, no, 1, 0), not {cells['is_active'][:20]!r}")
    values: dict[str, Any] = {name: value or None for name, value in cells.items() if name in _LONGEST}
    values |= {"is_active": is_active, **{name: cells[name] for name in ("sku", "channel", "external_sku")}}
    try:
        return ListingChanged(**values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise _BadRowError("; ".join(f"{location(e['loc'])} {message(e)}" for e in found)) from None
