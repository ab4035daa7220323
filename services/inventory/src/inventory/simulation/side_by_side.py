"""Several policies over the same demand, each in a process of its own."""

import dataclasses as dc
import multiprocessing
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from inventory.domain.rules import Rule, RuleBook
from inventory.simulation import policies
from inventory.simulation.demand import Setting, draw
from inventory.simulation.result import Result

_WORTH_A_PROCESS = 3000
"""Fewer buyers are served sooner than a process has started."""

Lines = Sequence[tuple[float, str]]


@dc.dataclass(frozen=True, slots=True)
class Job:
    """One run: the policy called `name`; with `rules`, `strict` under them and today's rule."""

    name: str
    rules: tuple[Rule, ...] | None = None
    words: str = ""

    def do(self, lines: Lines, setting: Setting) -> Result:
        rule = (
            policies.rule_of(self.name) if self.rules is None else policies.what_if(self.name, self.words, self._book)
        )
        return policies.run(rule, draw(lines, setting), setting.seed)

    @property
    def _book(self) -> RuleBook:
        return RuleBook(policies.TODAY, self.rules or ())


def compare(jobs: Sequence[Job], lines: Lines, setting: Setting, tell: Callable[[Result], None]) -> list[Result]:
    """The results in the order of the jobs; `tell` hears each as soon as it is there."""
    is_small = len(lines) + setting.flash < _WORTH_A_PROCESS
    processes = 1 if is_small else min(len(jobs), os.cpu_count() or 1)
    if processes == 1:
        return list(_alone(jobs, lines, setting, tell))
    results: dict[int, Result] = {}
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        places = {pool.submit(job.do, lines, setting): place for place, job in enumerate(jobs)}
        for done in as_completed(places):
            results[places[done]] = done.result()
            tell(results[places[done]])
    return [results[place] for place in range(len(jobs))]


def _alone(jobs: Sequence[Job], lines: Lines, setting: Setting, tell: Callable[[Result], None]) -> Iterable[Result]:
    for job in jobs:
        result = job.do(lines, setting)
        tell(result)
        yield result


def as_document(results: Iterable[Result]) -> Mapping[str, object]:
    return {"policies": [result.as_json() for result in results]}
