"""Milliseconds from a sale to the marketplace's answer that reflects it, through the whole system."""

from demo.catalogue import built_in_day
from demo.day import Pace, Running, live_through
from demo.house import SERVICES, open_house
from demo.report import Progressing, Summary, console
from demo.scenario import plan_day
from local_stack.programs import DEFAULT_API_KEY
from local_stack.stack import Stack

from bench.sample import Sample


async def measure(stack: Stack, *, runs: int, sales: int, rate: float) -> tuple[Sample, Sample]:
    """Medians and 99th percentiles of `runs` days of `sales` sales at `rate` a second."""
    urls = {name: stack.url(name) for name in (*SERVICES, "control", "sandbox-amazon", "sandbox-noon")}
    summaries: list[Summary] = []
    async with open_house(urls, DEFAULT_API_KEY) as house:
        for run in range(runs):
            scenario = plan_day(built_in_day(sales=sales, suffix=f"/{run}"))
            running = Running(house, stack.bootstrap_servers, restarts=dict)
            with Progressing(console()) as progress:
                summaries.append(await live_through(scenario, running, Pace(f"bench-{run}", rate=rate), progress))
    return _sample("p50", summaries), _sample("p99", summaries)


def _sample(share: str, summaries: list[Summary]) -> Sample:
    """A day that was not right gives no figure worth having."""
    wrong = [difference for summary in summaries for difference in summary.differences]
    if wrong:
        raise RuntimeError(f"a day ended wrong, so it was not timed: {wrong[0]}")
    return Sample(f"sale to call, {share}", "ms", tuple(summary.latency_ms[share] or 0.0 for summary in summaries))
