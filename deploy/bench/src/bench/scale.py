"""What a stock change costs in shops of very different sizes, and what memory the process takes for it."""

import asyncio
import dataclasses as dc
import os
from collections.abc import Sequence

from local_stack.databases import fresh_database
from rich.table import Table

from bench import ledger
from bench.sample import Comparison

SIZES = (1_000, 100_000, 1_000_000)
_SOLD = 1_000
_EVENTS = 10_000


@dc.dataclass(frozen=True, slots=True)
class Size:
    """`few`: sales of 1,000 SKUs that lie all over the shop; `all_over`: of every SKU in turn. Memory in MB."""

    skus: int
    few: Comparison
    all_over: Comparison
    memory_before: int
    memory_after: int
    load: float


async def measure(database_url: str, *, runs: int) -> list[Size]:
    """Each size in a database of its own, all in this process."""
    return [await _size(database_url, skus, runs) for skus in SIZES]


async def _size(database_url: str, skus: int, runs: int) -> Size:
    before = await _resident()
    async with fresh_database(database_url) as url, ledger.opened(url, skus) as loops:
        few = await loops.compare(runs=runs, events=_EVENTS, sold=min(_SOLD, skus))
        all_over = await loops.compare(runs=runs, events=_EVENTS, sold=skus)
    return Size(skus, few, all_over, before, await _resident(), os.getloadavg()[0])


async def _resident() -> int:
    process = await asyncio.create_subprocess_exec(
        "ps", "-o", "rss=", "-p", str(os.getpid()), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    return int(printed) // 1024


def table(sizes: Sequence[Size]) -> Table:
    shown = Table(title="Stock changes a second by size of the shop: medians", title_justify="left")
    for heading in ("SKUs", "1,000 sell", "cost", "of its floor", "all sell", "cost", "of its floor", "MB", "load"):
        shown.add_column(heading, justify="right")
    for size in sizes:
        cells = []
        for mine, first in ((size.few, sizes[0].few), (size.all_over, sizes[0].all_over)):
            cost = first.measured.median / mine.measured.median
            cells += [f"{mine.measured.median:,.0f}", f"{cost:.2f} x", f"{mine.ratio:.2f}"]
        memory = f"{size.memory_before} to {size.memory_after}"
        shown.add_row(f"{size.skus:,}", *cells, memory, f"{size.load:.1f}")
    return shown
