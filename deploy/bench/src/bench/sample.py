"""Figures of several runs, and what is said of them."""

import dataclasses as dc
import statistics
from collections.abc import Sequence


@dc.dataclass(frozen=True, slots=True)
class Sample:
    """What one measure gave in each run. `unit` says what a figure counts."""

    name: str
    unit: str
    figures: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.figures)

    @property
    def spread(self) -> float:
        """From the lowest to the highest, as a share of the median."""
        return (max(self.figures) - min(self.figures)) / self.median if self.median else 0.0


@dc.dataclass(frozen=True, slots=True)
class Comparison:
    """A measure and its floor, run by run."""

    measured: Sample
    floor: Sample

    @property
    def ratio(self) -> float:
        """The median of the ratios of each pair of runs, which stood side by side."""
        return statistics.median(pairwise(self.measured.figures, self.floor.figures))


def pairwise(measured: Sequence[float], floor: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(measured, floor, strict=True)]
