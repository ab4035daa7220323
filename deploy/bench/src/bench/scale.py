"""What a stock change costs in shops of very different sizes, and what memory the process takes for it."""

import asyncio
import contextlib
import dataclasses as dc
import os
import statistics
from collections.abc import Callable, Sequence

from local_stack.databases import fresh_database
from rich.table import Table

from bench import ledger
from bench.ledger import Loops
from bench.sample import Comparison, pairwise

SIZES = (1_000, 100_000, 1_000_000)
_SOLD = 1_000
_EVENTS = 10_000


@dc.dataclass(frozen=True, slots=True)
class Size:
    """`few`: sales of 1,000 SKUs that lie all over the shop; `all_over`: of every SKU in turn.

    `memory`: the most megabytes that the process held after one of them.
    """

    skus: int
    few: Comparison
    all_over: Comparison
    memory: int


async def measure(database_url: str, *, runs: int, tell: Callable[[str], None]) -> list[Size]:
    """Each shop in a database of its own, all in this process, and in turn: what disturbs one disturbs the others."""
    async with contextlib.AsyncExitStack() as stack:
        shops: dict[int, Loops] = {}
        for skus in SIZES:
            tell(f"a shop of {skus:,} SKUs ...")
            url = await stack.enter_async_context(fresh_database(database_url))
            shops[skus] = await stack.enter_async_context(ledger.opened(url, skus))
        memory = dict.fromkeys(SIZES, 0)
        few = await _in_turn(shops, dict.fromkeys(SIZES, _SOLD), memory, runs)
        all_over = await _in_turn(shops, {skus: skus for skus in SIZES}, memory, runs)
    return [Size(skus, few[skus], all_over[skus], memory[skus]) for skus in SIZES]


async def _in_turn(
    shops: dict[int, Loops], sold: dict[int, int], memory: dict[int, int], runs: int
) -> dict[int, Comparison]:
    rates: dict[int, list[tuple[float, float]]] = {skus: [] for skus in shops}
    for _ in range(runs + 1):
        for skus, loops in shops.items():
            rates[skus].append(await loops.run(_EVENTS, sold[skus]))
            memory[skus] = max(memory[skus], await _resident())
    return {skus: ledger.comparison(of_shop[1:]) for skus, of_shop in rates.items()}  # the first one warmed up


async def _resident() -> int:
    process = await asyncio.create_subprocess_exec(
        "ps", "-o", "rss=", "-p", str(os.getpid()), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    return int(printed) // 1024


def table(sizes: Sequence[Size]) -> Table:
    """`cost`: how much longer a change takes than in the smallest shop, the median of the runs beside each other."""
    shown = Table(title="Stock changes a second by size of the shop: medians", title_justify="left")
    for heading in ("SKUs", "1,000 sell", "cost", "of its floor", "all sell", "cost", "of its floor", "MB"):
        shown.add_column(heading, justify="right")
    for size in sizes:
        cells = []
        for mine, first in ((size.few, sizes[0].few), (size.all_over, sizes[0].all_over)):
            cost = statistics.median(pairwise(first.measured.figures, mine.measured.figures))
            cells += [f"{mine.measured.median:,.0f}", f"{cost:.2f} x", f"{mine.ratio:.2f}"]
        shown.add_row(f"{size.skus:,}", *cells, str(size.memory))
    return shown
