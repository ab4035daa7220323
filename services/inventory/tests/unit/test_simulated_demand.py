"""Recorded sales become demand; files that can't be used say why."""

from pathlib import Path

import pytest
from inventory.simulation.demand import BadSalesError, Setting, draw, load

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate\n"


def write(folder: Path, *lines: str, head: str = HEAD) -> Path:
    file = folder / "sales.csv"
    file.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_each_sale_of_a_product_is_one_buyer(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "1,22,cup,6,2010-12-01 08:00:00",
        "C2,22,cup,-6,2010-12-01 08:01:00",
        "3,POST,postage,1,2010-12-01 08:02:00",
        "4,21,mug,1,2010-12-01 08:30:00",
    )
    assert load([file]) == [(0.0, "22"), (1800.0, "21")]


def test_a_night_is_shortened_to_an_hour(tmp_path: Path) -> None:
    file = write(tmp_path, "1,22,cup,1,2010-12-01 18:00:00", "2,22,cup,1,2010-12-02 08:00:00")
    assert load([file]) == [(0.0, "22"), (3600.0, "22")]


def test_lines_of_several_files_are_in_the_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "late").mkdir()
    late = write(tmp_path / "late", "2,B,x,1,2010-12-01 08:10:00", "2,5,x,1,2010-12-01 08:10:00")
    early = write(tmp_path, "1,4,x,1,2010-12-01 08:00:00")
    assert load([late, early]) == [(0.0, "4"), (600.0, "5")]


@pytest.mark.parametrize(
    ("lines", "head", "told"),
    [
        (["1,22,cup,1"], "InvoiceNo,StockCode,Description,Quantity\n", "no column InvoiceDate"),
        (["1,22,cup,six,2010-12-01 08:00:00"], HEAD, "line 2"),
        (["1,22,cup,1,2010-12-01 08:00:00", "1,22,cup,1,yesterday"], HEAD, "line 3"),
        (["1,22"], HEAD, "line 2"),
        (["1,POST,postage,1,2010-12-01 08:00:00"], HEAD, "no sale in these files"),
    ],
)
def test_a_file_that_is_no_sales_is_refused_with_the_place(
    tmp_path: Path, lines: list[str], head: str, told: str
) -> None:
    with pytest.raises(BadSalesError, match=told):
        load([write(tmp_path, *lines, head=head)])


def test_a_missing_file_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSalesError, match="No such file"):
        load([tmp_path / "nowhere.csv"])
    picture = tmp_path / "picture.csv"
    picture.write_bytes(b"\x89PNG\r\n\xff\xfe")
    with pytest.raises(BadSalesError, match="UTF-8"):
        load([picture])


LINES = [(float(at), str(at % 30)) for at in range(0, 90000, 300)]


def test_the_same_seed_draws_the_same_buyers_and_another_one_others() -> None:
    assert draw(LINES, Setting(seed=3)) == draw(LINES, Setting(seed=3))
    assert draw(LINES, Setting(seed=3)).buyers != draw(LINES, Setting(seed=4)).buyers


def test_there_is_at_least_one_unit_and_else_a_share_of_the_demand() -> None:
    demand = draw([(0.0, "one"), *((float(at), "ten") for at in range(10))], Setting(stock=0.8))
    assert demand.stock == {"one": 1, "ten": 8}


def test_a_flash_sale_is_an_hour_of_best_sellers_in_the_middle() -> None:
    many = [(float(at), "hot") for at in range(0, 90000, 100)]
    rare = [(float(at), f"rare-{at}") for at in range(0, 90000, 1000)]
    demand = draw(sorted(many + rare), Setting(flash=500))
    middle = [buyer for buyer in demand.buyers if abs(buyer.at - 44950) <= 1800]
    assert len(demand.buyers) == 990 + 500
    assert len(middle) >= 500
    assert sum(demand.stock.values()) > sum(draw(sorted(many + rare), Setting()).stock.values())
