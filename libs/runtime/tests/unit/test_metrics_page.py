from pathlib import Path

import pytest
from runtime.metrics import METRICS
from runtime.metrics_page import PAGE, main, page


def test_the_committed_page_is_what_the_list_gives() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make generate"


def test_the_page_describes_every_metric() -> None:
    assert [metric.name for metric in METRICS if f"| `{metric.name}` | {metric.kind} |" not in page()] == []


def test_check_says_when_the_page_differs_and_writing_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "metrics.md"
    arguments = ["--page", str(there)]
    assert main([*arguments, "--check"]) == 1
    assert not there.exists()
    assert "differs" in capsys.readouterr().out
    assert main(arguments) == 0
    assert main([*arguments, "--check"]) == 0
    there.write_text("stale", encoding="utf-8")
    assert main([*arguments, "--check"]) == 1
