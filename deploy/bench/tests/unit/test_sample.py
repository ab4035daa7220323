import pytest
from bench.sample import Comparison, Sample


def test_the_ratio_is_the_median_of_runs_that_stood_side_by_side() -> None:
    comparison = Comparison(Sample("a", "x/s", (10.0, 30.0, 8.0)), Sample("b", "x/s", (20.0, 40.0, 10.0)))
    assert comparison.ratio == 0.75
    assert comparison.measured.median == 10


def test_the_spread_is_a_share_of_the_median() -> None:
    assert Sample("a", "x/s", (90.0, 100.0, 120.0)).spread == pytest.approx(0.3)
