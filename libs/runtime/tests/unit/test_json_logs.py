import json
import logging
from collections.abc import Iterator

import pytest
from runtime.logs import configure, get_logger


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], root.level = before


def test_our_logs_and_the_libraries_are_one_json_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    configure("inventory", "info")
    get_logger("ours").info("oversold", sku="كوب")
    logging.getLogger("theirs").warning("odd %s", "thing")
    ours, theirs = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (ours["event"], ours["sku"], ours["level"], ours["service"]) == ("oversold", "كوب", "info", "inventory")
    assert (theirs["event"], theirs["logger"], theirs["service"]) == ("odd thing", "theirs", "inventory")


def test_a_traceback_shows_no_variables(capsys: pytest.CaptureFixture[str]) -> None:
    configure("inventory", "info")
    try:
        _fail("Atza|hunter2")
    except ValueError:
        get_logger("ours").exception("failed")
    printed = capsys.readouterr().out
    assert "ValueError" in printed
    assert "hunter2" not in printed


def _fail(token: str) -> None:
    assert token
    raise ValueError("broken")
