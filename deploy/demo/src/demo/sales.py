"""Reading a day of sales from a CSV file with the columns of the UCI Online Retail set."""

import csv
import dataclasses as dc
import re
from pathlib import Path

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice")
_PRODUCT_CODE = re.compile(r"^\d")
_LONGEST_SKU = 64
_MOST_UNITS = 1_000_000


class SalesError(Exception):
    """The file can't be used at all. The message says why and what to do."""


@dc.dataclass(frozen=True, slots=True)
class SaleLine:
    """One line of an invoice. `quantity` is below zero for a return."""

    invoice: str
    line: int
    sku: str
    title: str
    quantity: int
    unit_price: str


@dc.dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is no sale, with its line in the file and the reason."""

    line: int
    reason: str


@dc.dataclass(frozen=True, slots=True)
class Day:
    lines: tuple[SaleLine, ...]
    left_out: tuple[LeftOut, ...] = ()


def read_sales(path: Path) -> Day:
    """Read the file. Rows that can't be used are told in `left_out`; the others go on.

    Raises:
        SalesError: there is no such file, it is no CSV, a column is missing or no row is a sale.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            if missing:
                raise SalesError(
                    f"{path}: no column {', '.join(missing)}; the first row must name {', '.join(COLUMNS)}"
                )
            rows = [_read_row(number, row) for number, row in enumerate(reader, start=2)]
    except OSError as error:
        raise SalesError(f"{path}: {error.strerror}; give SALES=<csv> the path of a readable file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise SalesError(f"{path}: not a CSV file in UTF-8 ({error})") from None
    lines = tuple(row for row in rows if isinstance(row, SaleLine))
    if not lines:
        raise SalesError(f"{path}: no row with a product code and a quantity")
    return Day(lines, tuple(row for row in rows if isinstance(row, LeftOut)))


def _read_row(number: int, row: dict[str, str | None]) -> SaleLine | LeftOut:
    values = {column: (row.get(column) or "").strip() for column in COLUMNS}
    sku = values["StockCode"]
    if not _PRODUCT_CODE.match(sku):
        return LeftOut(number, f"StockCode {sku!r} is no product code")
    if len(sku) > _LONGEST_SKU:
        return LeftOut(number, f"StockCode is longer than {_LONGEST_SKU} characters")
    quantity = _whole(values["Quantity"])
    if quantity is None or quantity == 0 or abs(quantity) > _MOST_UNITS:
        return LeftOut(number, f"Quantity {values['Quantity']!r} is no whole number of units other than 0")
    if not re.fullmatch(r"\d+(\.\d+)?", values["UnitPrice"]):
        return LeftOut(number, f"UnitPrice {values['UnitPrice']!r} is no price")
    return SaleLine(values["InvoiceNo"], number, sku, values["Description"], quantity, values["UnitPrice"])


def _whole(value: str) -> int | None:
    return int(value) if re.fullmatch(r"[+-]?\d{1,9}", value) else None
