"""What the simulator promises of the seven days of sales that it was tuned on; `make simulate` runs it."""

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from inventory.simulation.demand import Setting, load
from inventory.simulation.policies import NAMES
from inventory.simulation.result import Result, percentile
from inventory.simulation.side_by_side import Job, Lines

SEEDS = (1, 2, 3)
FLASHES = (0, 6000)

Results = dict[tuple[str, int], list[Result]]


def _run(name: str, lines: Lines, setting: Setting) -> Result:
    return Job(name).do(lines, setting)


@pytest.fixture(scope="module")
def results() -> Results:
    """By policy and flash sale, the results over the seeds. The table is printed as it is made."""
    folder = Path(os.environ.get("SALES", ""))
    files = sorted(folder.glob("*.csv")) if os.environ.get("SALES") else []
    if not files:
        pytest.fail("no days of sales: set SALES to a folder of CSV files (make simulate SALES=<folder>)")
    lines = load(files)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        runs = {
            (name, flash): [pool.submit(_run, name, lines, Setting(flash=flash, seed=seed)) for seed in SEEDS]
            for name in NAMES
            for flash in FLASHES
        }
        found = {key: [run.result() for run in each] for key, each in runs.items()}
    for (name, flash), each in found.items():
        for seed, result in zip(SEEDS, each, strict=True):
            document = result.as_json() | {"policy": f"{name}, flash {flash}, seed {seed}"}
            document.pop("rule")
            print(document)  # noqa: T201 - whoever runs this wants the figures
    return found


def mean_refused(results: Results, name: str, flash: int) -> float:
    return sum(result.refused for result in results[name, flash]) / len(SEEDS)


def test_strict_never_oversells(results: Results) -> None:
    for name in ("strict", "strict-reclaim"):
        for flash in FLASHES:
            assert [result.oversold for result in results[name, flash]] == [0, 0, 0]


def test_measured_oversells_at_most_one_in_five_thousand_and_explains_each(results: Results) -> None:
    for flash in FLASHES:
        for result in results["measured", flash]:
            assert result.oversold * 5000 <= result.sold
            assert len(result.oversales) == result.oversold


def test_strict_refuses_and_calls_no_more_than_it_did_when_it_was_tuned(results: Results) -> None:
    assert mean_refused(results, "strict", 0) <= 2650
    assert mean_refused(results, "strict", 6000) <= 3010
    assert max(result.calls for flash in FLASHES for result in results["strict", flash]) <= 7_900


def test_reclaim_refuses_and_calls_no_more_than_it_did_when_it_was_tuned(results: Results) -> None:
    assert max(result.refused for result in results["strict-reclaim", 0]) <= 750
    assert max(result.refused for result in results["strict-reclaim", 6000]) <= 1_200
    assert max(result.calls for flash in FLASHES for result in results["strict-reclaim", flash]) <= 10_000


def test_reclaim_makes_no_more_buyers_wait_and_no_longer_than_it_did_when_it_was_tuned(results: Results) -> None:
    for flash, share in zip(FLASHES, (0.354, 0.283), strict=True):
        for result in results["strict-reclaim", flash]:
            assert result.waited_share <= share
            assert percentile(result.waits, 0.5) <= 300
            assert percentile(result.waits, 0.99) <= 660


def test_measured_calls_less_than_strict(results: Results) -> None:
    for flash in FLASHES:
        for measured, strict in zip(results["measured", flash], results["strict", flash], strict=True):
            assert measured.calls < strict.calls


def test_escrow_refuses_less_than_the_guide_where_it_must(results: Results) -> None:
    assert mean_refused(results, "strict", 0) < mean_refused(results, "guide-buffer", 0)
    for flash in FLASHES:
        assert mean_refused(results, "strict-reclaim", flash) < mean_refused(results, "guide-buffer", flash)
        assert mean_refused(results, "strict-reclaim", flash) < mean_refused(results, "guide", flash)
