"""A pytest plugin that prints how the connectors conform: a row for each behaviour, a column for each connector."""

import re

import pytest

_TEST = re.compile(r"test_(?P<connector>\w+)_conforms\[(?P<behaviour>[\w-]+)\]$")

_outcomes: dict[tuple[str, str], str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how a behaviour went; what fails before or after it counts too."""
    found = _TEST.search(report.nodeid)
    if found and (report.failed or report.when == "call"):
        _outcomes[found["behaviour"], found["connector"]] = "failed" if report.failed else "ok"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line("")
    for line in table(_outcomes):
        terminalreporter.write_line(line)


def table(outcomes: dict[tuple[str, str], str]) -> list[str]:
    """The lines of the table; `outcomes` is by behaviour and connector, in the order in which they were run."""
    behaviours = list(dict.fromkeys(behaviour for behaviour, _ in outcomes))
    connectors = sorted({connector for _, connector in outcomes})
    width = max((len(behaviour) for behaviour in behaviours), default=0)
    rows = [("behaviour", connectors)]
    rows += [(each, [outcomes.get((each, connector), "-") for connector in connectors]) for each in behaviours]
    return [f"{name:<{width}}  " + "  ".join(f"{cell:<8}" for cell in cells).rstrip() for name, cells in rows]
