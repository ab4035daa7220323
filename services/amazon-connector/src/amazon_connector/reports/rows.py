"""What a report of all listings (GET_MERCHANT_LISTINGS_ALL_DATA) says, row by row: pure functions.

It is text in lines and tabs without quoting. Amazon names no encoding but in the header Content-Type, and has written
cp1252 with question marks for what that lacks. Columns come in any order, some are called "Deprecated column", and some
may be missing.
"""

import dataclasses as dc
import zlib
from collections.abc import AsyncIterator, Sequence

from connector_sdk.reports.listing_report import ReportedListing, Standing, UnusableReportError

from amazon_connector.mapping import AMAZONS_STOCK, OUR_STOCK

_LONGEST_LINE = 1_000_000
_SKU, _QUANTITY, _STATUS = "seller-sku", "quantity", "status"
_CHANNELS = ("fulfillment-channel", "fulfilment-channel")
"""Amazon has written both."""
_THERE = frozenset({"active", "inactive"})
"""Inactive is also what is out of stock. The third, incomplete, can't be sold."""
_MOST_DIGITS = 9
_BYTE_ORDER_MARK = "\ufeff"
_LOST = ("?", "\ufffd")
"""What stands for letters that an encoding lacks."""


@dc.dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row what stands."""

    sku: int
    quantity: int
    channel: int
    status: int
    count: int

    @classmethod
    def of(cls, header: str) -> "Columns":
        """Read the first line.

        Raises:
            UnusableReportError: a column is missing.
        """
        names = [name.strip().lower() for name in header.removeprefix(_BYTE_ORDER_MARK).split("\t")]
        channel = next((name for name in _CHANNELS if name in names), _CHANNELS[0])
        missing = [name for name in (_SKU, _QUANTITY, channel, _STATUS) if name not in names]
        if missing:
            raise UnusableReportError(f"the report has no column {', '.join(missing)}")
        return cls(
            sku=names.index(_SKU),
            quantity=names.index(_QUANTITY),
            channel=names.index(channel),
            status=names.index(_STATUS),
            count=len(names),
        )

    def read(self, line: str) -> ReportedListing:
        """One row. What can't be relied on is unreadable."""
        fields = [field.strip() for field in line.split("\t")]
        sku = fields[self.sku] if len(fields) == self.count else ""
        if not sku or any(mark in sku for mark in _LOST):
            return ReportedListing(sku, Standing.UNREADABLE)
        channel = fields[self.channel].upper()
        if channel.startswith(AMAZONS_STOCK):
            return ReportedListing(sku, Standing.MARKETPLACES)
        if fields[self.status].lower() not in _THERE or channel != OUR_STOCK:
            return ReportedListing(sku, Standing.INCOMPLETE)
        return ReportedListing(sku, Standing.OURS, _number(fields[self.quantity]))


async def read_rows(content: AsyncIterator[bytes], encoding: str) -> AsyncIterator[ReportedListing]:
    """The rows of a document that is not compressed any more.

    Raises:
        UnusableReportError: it is no report, or ends in the middle of a row.
    """
    columns: Columns | None = None
    async for line in _lines(content):
        text = _decoded(line, encoding)
        if columns is None:
            columns = Columns.of(text or "")
        elif text is None:
            yield ReportedListing("", Standing.UNREADABLE)
        elif text.strip():
            yield columns.read(text)
    if columns is None:
        raise UnusableReportError("the report is empty")


async def gunzipped(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What was compressed.

    Raises:
        UnusableReportError: it is no gzip, or it ends too early.
    """
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    async for chunk in content:
        waiting = chunk
        while waiting:
            try:
                yield unzip.decompress(waiting, _LONGEST_LINE)
            except zlib.error:
                raise UnusableReportError("the report is no gzip") from None
            waiting = unzip.unconsumed_tail
    if not unzip.eof:
        raise UnusableReportError("the report ends too early")


async def _lines(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in content:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
        if len(rest) > _LONGEST_LINE:
            raise UnusableReportError("the report has a line of over a million bytes")
    if rest:
        yield rest


def _decoded(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


def _number(text: str) -> int | None:
    """A quantity; none where Amazon ships, or where the field holds anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def encoding_of(content_type: str) -> str:
    """As the header says, if it names one that exists; else UTF-8."""
    parts: Sequence[str] = content_type.lower().split("charset=")
    named = parts[1].split(";")[0].strip(" \"'") if len(parts) > 1 else ""
    try:
        "".encode(named or "utf-8")
    except LookupError:
        return "utf-8"
    return named or "utf-8"
