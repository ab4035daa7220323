import csv
import io
import re

import pytest
from contracts import ListingChanged
from hypothesis import given
from hypothesis import strategies as st
from inventory.listing_file import COLUMNS, HEADER, BadRow, ListingFile, Row, UnusableFileError

GOOD = "A,amazon,AM-A,B0ABC,https://example.com/A,true"
cell = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=60)


def read(content: bytes) -> list[Row | BadRow]:
    return list(ListingFile().rows(content.splitlines(keepends=True)))


def read_rows(*rows: str) -> list[Row | BadRow]:
    return read("\n".join([HEADER, *rows]).encode())


def only(*rows: str) -> BadRow:
    [bad] = [row for row in read_rows(*rows) if isinstance(row, BadRow)]
    return bad


def test_a_row_becomes_a_listing() -> None:
    assert read_rows(GOOD) == [
        Row(
            2,
            ListingChanged(
                channel="amazon",
                sku="A",
                external_sku="AM-A",
                external_id="B0ABC",
                external_url="https://example.com/A",
                is_active=True,
            ),
        )
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + f"{HEADER}\n{GOOD}\n".encode(),
        f"{HEADER}\r\n{GOOD}\r\n".encode(),
        f"{HEADER}\r{GOOD}\r".encode(),
        f"{HEADER}\n{GOOD}".encode(),
        f'"sku",channel,external_sku,external_id,external_url,IS_ACTIVE\n"A", amazon ,{GOOD[9:]}'.encode(),
    ],
    ids=["UTF-8 mark", "CRLF", "CR", "no last line end", "quotes, spaces and capitals"],
)
def test_what_spreadsheets_write_is_understood(content: bytes) -> None:
    assert read(content) == read_rows(GOOD)


def test_columns_may_come_in_any_order() -> None:
    content = (
        "is_active,external_url,external_id,external_sku,channel,sku\ntrue,https://example.com/A,B0ABC,AM-A,amazon,A"
    )
    assert read(content.encode()) == read_rows(GOOD)


def test_quoted_values_hold_commas_and_quotes() -> None:
    [row] = read_rows('"A,1",noon,"N ""A""",,,no')
    assert isinstance(row, Row)
    listing = row.listing
    assert (listing.sku, listing.external_sku, listing.external_id, listing.is_active) == ("A,1", 'N "A"', None, False)


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ("A,amazon,AM-A,,,maybe", "is_active must be true or false"),
        ("A,amazon,AM-A,,,", "is_active must be true or false"),
        (",amazon,AM-A,,,true", "sku must not be empty"),
        (f"{'x' * 65},amazon,AM-A,,,true", "sku may have at most 64 characters"),
        (f"A,amazon,{'x' * 257},,,true", "external_sku may have at most 256 characters"),
        (f"A,amazon,AM-A,,{'x' * 2049},true", "external_url may have at most 2048 characters"),
        ("A,amazon,AM-A,true", "has 4 columns instead of 6"),
        ('A,amazon,"AM-A,,,true', "quote that is opened and not closed"),
        ('A,amazon,"AM"-A,,,true', "quote inside a value"),
        ("A,amazon,AM\0A,,,true", "NUL"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_stops_no_other(row: str, part: str) -> None:
    found = read_rows("B,amazon,AM-B,,,true", row, "C,amazon,AM-C,,,true")
    assert [type(one) for one in found] == [Row, BadRow, Row]
    assert found[1].line == 3
    assert part in only(row).reason


def test_one_row_that_is_not_utf_8_is_named_by_its_line() -> None:
    found = read(b"\n".join([HEADER.encode(), "كوب,amazon,1,,,true".encode("cp1256"), GOOD.encode()]))
    assert found == [BadRow(2, "is not UTF-8"), *read_rows("", GOOD)]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (["A,amazon,X,,,true", "B,amazon,X,,,true"], "the external_sku 'X' of amazon is on line 2 already"),
        (["A,amazon,X,,,true", "A,amazon,Y,,,true"], "the sku 'A' of amazon is on line 2 already"),
    ],
)
def test_what_comes_twice_is_used_once(rows: list[str], reason: str) -> None:
    assert only(*rows) == BadRow(3, reason)
    assert [type(row) for row in read_rows(rows[0], rows[1].replace("amazon", "noon"))] == [Row, Row]


def test_empty_rows_are_no_rows_but_are_counted_as_lines() -> None:
    assert [row.line for row in read_rows("", GOOD, " ", ",,,,,", "B,noon,B,,,1")] == [3, 6]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "it lacks sku, channel, external_sku, external_id, external_url, is_active"),
        (GOOD.encode(), "the first line must be sku,channel"),
        (b"sku,channel,external_sku\n", "it lacks external_id, external_url, is_active"),
        (f"{HEADER},price\n".encode(), "something else too"),
        (HEADER.replace(",", ";").encode(), "not by semicolons"),
        (HEADER.encode("utf-16"), "UTF-16"),
        ("sku,قناة".encode("cp1256"), "is not UTF-8"),
    ],
)
def test_a_file_without_a_usable_header_is_refused_as_a_whole(content: bytes, part: str) -> None:
    with pytest.raises(UnusableFileError) as refused:
        read(content)
    assert part in str(refused.value)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS[:5], cell) | {"is_active": st.booleans()}), max_size=20))
def test_what_a_csv_writer_wrote_is_read_back(listings: list[dict[str, str | bool]]) -> None:
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, COLUMNS)
    writer.writeheader()
    writer.writerows(listings)
    found = read(written.getvalue().encode())
    assert [row.line for row in found] == list(range(2, len(listings) + 2))
    for row, listing in zip(found, listings, strict=True):
        if isinstance(row, Row):
            assert row.listing == ListingChanged.model_validate(listing)
        else:
            assert "already" in row.reason


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_whatever_lies_in_a_file_each_line_is_a_row_or_named(lines: list[bytes]) -> None:
    lines = [line.replace(b"\n", b"").replace(b"\r", b"") for line in lines]
    found = read(b"\n".join([HEADER.encode(), *lines]))
    numbers = [row.line for row in found]
    assert numbers == sorted(set(numbers))
    assert {number for number, line in enumerate(lines, start=2) if re.search(rb"\w", line)} <= set(numbers)
    assert all(row.reason for row in found if isinstance(row, BadRow))
