"""Rows of a report of all listings, as Amazon is known to write them."""

import gzip
from collections.abc import AsyncIterator, Sequence

import pytest
from amazon_connector.reports.rows import Columns, encoding_of, gunzipped, read_rows
from connector_sdk.reports.listing_report import ReportedListing, Standing, UnusableReportError

HEADER = "item-name\tseller-sku\tprice\tquantity\tfulfillment-channel\tstatus"
ARABIC = "قميص أزرق"
DOCUMENT = f"{HEADER}\r\n{ARABIC}\t{ARABIC}\t1.00\t4\tDEFAULT\tActive\r\nSock\tB-2\t1.00\t\tAMAZON_EU\tActive\r\n"


async def _pieces(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def _read(content: bytes, encoding: str = "utf-8", size: int = 7) -> Sequence[ReportedListing]:
    return [row async for row in read_rows(_pieces(content, size), encoding)]


@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_rows_come_whole_however_the_document_is_cut_into_pieces(size: int) -> None:
    assert await _read(DOCUMENT.encode(), size=size) == [
        ReportedListing(ARABIC, Standing.OURS, 4),
        ReportedListing("B-2", Standing.MARKETPLACES),
    ]


async def test_arabic_survives_compression() -> None:
    plain = gunzipped(_pieces(gzip.compress(DOCUMENT.encode()), 11))
    rows = [row async for row in read_rows(plain, "utf-8")]
    assert rows[0].external_sku == ARABIC


@pytest.mark.parametrize(
    ("row", "standing", "quantity"),
    [
        ("N\tA\t1\t0\tDEFAULT\tInactive", Standing.OURS, 0),
        ("N\tA\t1\t\tDEFAULT\tActive", Standing.OURS, None),
        ("N\tA\t1\t-3\tDEFAULT\tActive", Standing.OURS, None),
        ("N\tA\t1\t5\tDEFAULT\tIncomplete", Standing.INCOMPLETE, None),
        ("N\tA\t1\t5\t\tActive", Standing.INCOMPLETE, None),
        ("N\tA\t1\t5\tDEFAULT", Standing.UNREADABLE, None),
        ("N\t\t1\t5\tDEFAULT\tActive", Standing.UNREADABLE, None),
        ('a "quoted\tA\t1\t5\tDEFAULT\tActive', Standing.OURS, 5),
    ],
)
def test_what_a_row_says(row: str, standing: Standing, quantity: int | None) -> None:
    read = Columns.of(HEADER).read(row)
    assert (read.standing, read.quantity) == (standing, quantity)


async def test_letters_that_an_encoding_lacks_make_a_row_unreadable() -> None:
    """Amazon has written reports in cp1252, with question marks for all that it lacks."""
    lost = DOCUMENT.replace("B-2", "Tür").encode("cp1252", errors="replace")
    by_standing = {row.standing: row.external_sku for row in await _read(lost, "cp1252")}
    assert by_standing.keys() == {Standing.UNREADABLE, Standing.MARKETPLACES}
    assert by_standing[Standing.MARKETPLACES] == "Tür"
    assert [row.standing for row in await _read(lost, "utf-8")] == [Standing.UNREADABLE, Standing.UNREADABLE]


def test_columns_come_in_any_order_and_by_both_spellings() -> None:
    header = "\ufeffStatus\tDeprecated column\tfulfilment-channel\tQuantity\tseller-sku\tSell remainder"
    row = Columns.of(header).read("Active\t\tDEFAULT\t7\tA-1\t")
    assert row == ReportedListing("A-1", Standing.OURS, 7)


@pytest.mark.parametrize("missing", ["seller-sku", "quantity", "fulfillment-channel", "status"])
async def test_a_report_without_a_column_that_is_needed_is_unusable(missing: str) -> None:
    with pytest.raises(UnusableReportError, match=f"no column {missing}"):
        await _read(DOCUMENT.replace(missing, "Deprecated column").encode())


async def test_an_empty_report_and_an_endless_line_are_unusable() -> None:
    with pytest.raises(UnusableReportError, match="empty"):
        await _read(b"")
    with pytest.raises(UnusableReportError, match="a million bytes"):
        await _read(b"x" * 1_500_000, size=600_000)


@pytest.mark.parametrize("content", [gzip.compress(DOCUMENT.encode())[:40], b""], ids=["cut", "empty"])
async def test_a_report_that_is_cut_short_is_unusable(content: bytes) -> None:
    with pytest.raises(UnusableReportError, match="ends too early"):
        assert [part async for part in gunzipped(_pieces(content, 9))] == []


async def test_what_is_no_gzip_is_unusable() -> None:
    with pytest.raises(UnusableReportError, match="no gzip"):
        assert [part async for part in gunzipped(_pieces(DOCUMENT.encode(), 9))] == []


def test_the_encoding_is_what_the_header_names() -> None:
    assert encoding_of("text/plain; charset=Cp1252") == "cp1252"
    assert encoding_of('text/plain;charset="ISO-8859-1"; x=y') == "iso-8859-1"
    assert encoding_of("text/plain") == "utf-8"
    assert encoding_of("text/plain; charset=no-such") == "utf-8"
