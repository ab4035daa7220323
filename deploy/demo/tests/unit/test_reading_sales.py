from pathlib import Path

import pytest
from demo.sales import SaleLine, SalesError, read_sales

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def file_with(folder: Path, text: str) -> Path:
    path = folder / "sales.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_sales_and_returns_are_read_and_the_rest_is_told(tmp_path: Path) -> None:
    day = read_sales(
        file_with(
            tmp_path,
            HEADER
            + '536365,85123A,"HEART, WHITE",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n'
            + "C536379,22632,كوب,-2,2010-12-01 09:41:00,1.85,,\n"
            + "536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.0,12583.0,France\n"
            + "536371,,NO CODE,1,2010-12-01 08:45:00,18.0,,\n"
            + "536372,22633,MITTENS,six,2010-12-01 08:45:00,1.85,,\n"
            + "536373,22633,MITTENS,0,2010-12-01 08:45:00,1.85,,\n"
            + "536374,22633,MITTENS,1,2010-12-01 08:45:00,-1.85,,\n"
            + "536375,22633\n",
        )
    )
    assert day.lines == (
        SaleLine("536365", 2, "85123A", "HEART, WHITE", 6, "2.55"),
        SaleLine("C536379", 3, "22632", "كوب", -2, "1.85"),
    )
    assert [(row.line, row.reason.split()[0]) for row in day.left_out] == [
        (4, "StockCode"),
        (5, "StockCode"),
        (6, "Quantity"),
        (7, "Quantity"),
        (8, "UnitPrice"),
        (9, "Quantity"),
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("InvoiceNo,StockCode\n1,2\n", "no column Description, Quantity, InvoiceDate, UnitPrice"),
        ("", "no column InvoiceNo"),
        (HEADER, "no row with a product code"),
        (HEADER + "536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.0,,\n", "no row with a product code"),
    ],
)
def test_a_file_that_can_not_be_used_says_why(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(SalesError, match=part):
        read_sales(file_with(tmp_path, text))


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(SalesError, match="No such file"):
        read_sales(tmp_path / "nowhere.csv")


def test_a_file_in_another_encoding_says_so(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(HEADER.encode() + b"1,22633,CAF\xc9,1,2010-12-01 08:45:00,1.85,,\n")
    with pytest.raises(SalesError, match="UTF-8"):
        read_sales(path)
