"""`mizan simulate`, without a service."""

import json
from pathlib import Path

import pytest
from inventory.entrypoints.simulate_cli import app
from typer.testing import CliRunner

RUNNER = CliRunner()


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    lines = [
        f"{number},{number % 7 + 1},x,1,2010-12-01 {8 + number // 60:02}:{number % 60:02}:00" for number in range(300)
    ]
    file = tmp_path / "sales.csv"
    file.write_text("InvoiceNo,StockCode,Description,Quantity,InvoiceDate\n" + "\n".join(lines), encoding="utf-8")
    return file


def test_the_table_has_each_policy_with_its_rule(sales: Path) -> None:
    answer = RUNNER.invoke(app, [str(sales), "--policy", "guide,strict"])
    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[0].split()[:3] == ["policy", "oversold", "refused"]
    assert "30/35/35" in answer.stdout
    assert "strict is done" in answer.stderr


def test_json_has_one_entry_for_each_policy_in_the_order_asked_for(sales: Path) -> None:
    answer = RUNNER.invoke(app, [str(sales), "--policy", "strict-reclaim,strict", "--json", "--flash", "3000"])
    document = json.loads(answer.stdout)
    assert [entry["policy"] for entry in document["policies"]] == ["strict-reclaim", "strict"]
    assert [entry["oversold"] for entry in document["policies"]] == [0, 0]


def test_a_folder_stands_for_the_files_in_it(sales: Path) -> None:
    one = RUNNER.invoke(app, [str(sales), "--policy", "strict", "--json"])
    other = RUNNER.invoke(app, [str(sales.parent), "--policy", "strict", "--json"])
    assert one.stdout == other.stdout


@pytest.mark.parametrize("ending", ["html", "svg"])
def test_a_chart_needs_nothing_but_itself(sales: Path, tmp_path: Path, ending: str) -> None:
    chart = tmp_path / f"chart.{ending}"
    answer = RUNNER.invoke(app, [str(sales), "--policy", "strict", "--flash", "50", "--chart", str(chart)])
    drawn = chart.read_text(encoding="utf-8")
    assert answer.exit_code == 0
    assert "50 in a flash sale" in drawn
    assert drawn.count("<rect") == 4
    assert "<script" not in drawn
    assert "src=" not in drawn


def test_what_if_compares_a_rule_with_todays(sales: Path, tmp_path: Path) -> None:
    rule = tmp_path / "rule.yaml"
    rule.write_text("name: all-to-noon\nsets: {weights: {saberstore: 0, amazon: 0, noon: 1}}", encoding="utf-8")
    answer = RUNNER.invoke(app, [str(sales), "--what-if", str(rule), "--json"])
    today, changed = json.loads(answer.stdout)["policies"]
    assert (today["policy"], changed["policy"]) == ("today", "what-if")
    assert "all-to-noon" in changed["rule"]
    assert changed["refused"] > today["refused"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--policy", "guide,hope"], "no policy 'hope'"),
        (["--policy", ","], "no policy given"),
        (["--chart", "chart.bmp"], "ends in .html or .svg"),
        (["--chart", "no/such/folder/chart.svg"], "folder that exists"),
        (["--what-if", "nowhere.yaml"], "No such file"),
    ],
)
def test_wrong_use_is_told_in_one_line(sales: Path, arguments: list[str], told: str) -> None:
    answer = RUNNER.invoke(app, [str(sales), *arguments])
    assert answer.exit_code == 2
    assert told in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("name: x\nsets: {discount: 5}", "discount"),
        ("name: x\nsets: {weights: {ebay: 5}}", "no channel 'ebay'"),
        ("[]", "holds no rules"),
        ("{", "no YAML"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused(sales: Path, tmp_path: Path, content: str, told: str) -> None:
    rule = tmp_path / "rule.yaml"
    rule.write_text(content, encoding="utf-8")
    answer = RUNNER.invoke(app, [str(sales), "--what-if", str(rule)])
    assert answer.exit_code == 2
    assert told in answer.stderr


def test_a_file_that_is_no_sales_is_refused(tmp_path: Path) -> None:
    answer = RUNNER.invoke(app, [str(tmp_path / "nowhere.csv")])
    assert answer.exit_code == 2
    assert "No such file" in answer.stderr
