"""`make bench`."""

import argparse
import asyncio
import contextlib
import dataclasses as dc
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from contracts import partition_counts
from demo.brisk import BRISK
from local_stack.config import StackConfig
from local_stack.databases import fresh_database
from local_stack.errors import StackError
from local_stack.programs import Programs, mizan_programs
from local_stack.signals import cancelled_by_signals
from local_stack.stack import Stack
from rich.console import Console
from rich.table import Table

from bench import hot_skus, ledger, listing_import, relay_rows, sale_to_call, scale
from bench.sample import Comparison, Sample

_SECONDS = "s"
_RESULT = Path("var") / "bench.json"
_SELDOM_READ = {
    "READ_BACK_SECONDS": "1",
    "AMAZON_READ_RATE": "2",
    "AMAZON_ORDER_POLL_SECONDS": "1",
    "NOON_ORDER_POLL_SECONDS": "1",
}
_EVERY_SALE_CALLS = {**BRISK, **_SELDOM_READ, "ESCROW": "off"}
"""Under escrow hardly a sale needs a call; how fast one follows is measured where each does."""

_ROOM = {"shared_buffers": "2GB"}
"""So that Postgres holds a million SKUs in memory: its default of 128 MB would measure the misses."""


def main() -> None:
    """Exit code 0: measured. 2: it could not be run, with one line that says why."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each measure (default: 5)")
    parser.add_argument("--rate", type=float, default=100.0, help="sales a second of the last measure (default: 100)")
    parser.add_argument("--listings", type=int, metavar="ROWS", help="only import a file of so many rows")
    parser.add_argument("--scale", action="store_true", help="only the ledger, with 1,000, 100,000 and 1,000,000 SKUs")
    arguments = parser.parse_args()
    try:
        if arguments.listings:
            print(json.dumps(asyncio.run(_measure_import(arguments.listings)), indent=2))
            return
        if arguments.scale:
            asyncio.run(_measure_scale(arguments.runs))
            return
        result = asyncio.run(_measure(arguments.runs, arguments.rate))
    except StackError as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(2)
    _RESULT.parent.mkdir(exist_ok=True)
    _RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"The same as JSON: {_RESULT}")


async def _measure(runs: int, rate: float) -> dict[str, Any]:
    with cancelled_by_signals(), tempfile.TemporaryDirectory(prefix="mizan-bench-") as folder:
        config = StackConfig.on_free_ports(Path(folder), os.environ, extra_environment=_EVERY_SALE_CALLS)
        async with Stack(_kept_well(config), print) as stack:
            print("sale to call ...")
            latencies = await sale_to_call.measure(stack, runs=runs, sales=1000, rate=rate)
            print("ledger ...")
            async with fresh_database(stack.database_url) as url:
                of_ledger = await ledger.measure(url, runs=runs, events=10_000)
            print("relay ...")
            async with fresh_database(stack.database_url) as url:
                partitions = partition_counts()["channel.stock.target"]
                of_relay = await relay_rows.measure(
                    url, stack.bootstrap_servers, runs=runs, rows=20_000, partitions=partitions
                )
        hot = await _measure_hot(runs)
    _show([of_ledger, of_relay], (*latencies, hot))
    return {
        "ledger": _as_json(of_ledger),
        "relay": _as_json(of_relay),
        "hot": dc.asdict(hot),
        "sale_to_call_ms": {sample.name[-3:]: dc.asdict(sample) for sample in latencies},
    }


async def _measure_import(rows: int) -> dict[str, Any]:
    with cancelled_by_signals():
        async with _only("inventory") as stack:
            return await listing_import.measure(stack, rows=rows, bad=rows // 100)


async def _measure_hot(runs: int) -> Sample:
    print("hot SKUs ...")
    async with _only("inventory") as stack:
        return await hot_skus.measure(stack, runs=runs)


async def _measure_scale(runs: int) -> None:
    with cancelled_by_signals():
        async with _only() as stack:
            sizes = await scale.measure(stack.database_url, runs=runs, tell=print)
    Console(width=None if sys.stdout.isatty() else 120).print(scale.table(sizes))


@contextlib.asynccontextmanager
async def _only(*names: str) -> AsyncIterator[Stack]:
    """A stack of its own, with these services and their defaults only."""
    with tempfile.TemporaryDirectory(prefix="mizan-bench-") as folder:
        config = _kept_well(StackConfig.on_free_ports(Path(folder), os.environ))
        services = tuple(program for program in mizan_programs(config).services if program.name in names)
        async with Stack(config, print, programs=Programs((), services)) as stack:
            yield stack


def _kept_well(config: StackConfig) -> StackConfig:
    """With a Postgres as a shop would run it."""
    return dc.replace(config, throwaway=False, postgres_settings=_ROOM)


def _as_json(comparison: Comparison) -> dict[str, Any]:
    return {**dc.asdict(comparison), "ratio": round(comparison.ratio, 3)}


def _show(comparisons: list[Comparison], others: tuple[Sample, ...]) -> None:
    table = Table(title="Medians, with the spread from lowest to highest", title_justify="left")
    for heading in ("measure", "median", "spread", "of its floor"):
        table.add_column(heading, justify="left" if heading == "measure" else "right")
    for comparison in comparisons:
        table.add_row(*_row(comparison.measured), f"{comparison.ratio:.2f}")
        table.add_row(*_row(comparison.floor), "")
    for sample in others:
        table.add_row(*_row(sample), "")
    Console(width=None if sys.stdout.isatty() else 100).print(table)


def _row(sample: Sample) -> tuple[str, str, str]:
    return (
        sample.name,
        f"{sample.median:,.{2 if sample.unit == _SECONDS else 0}f} {sample.unit}",
        f"{sample.spread:.0%}",
    )
