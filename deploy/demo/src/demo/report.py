"""Showing what happened: progress while it lasts, then one table, and the same as JSON."""

import dataclasses as dc
import json
import sys
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from demo.checks import Verdict
from demo.modes import Mode
from demo.scenario import Stock

_SHOWN_DIFFERENCES = 10


@dc.dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one run. `duration_s` is without starting and stopping the stack."""

    sales: int
    returns: int
    left_out: int
    marketplace_orders: int
    cancelled: int
    refused: int
    refused_by: dict[str, int]
    oversold_units: int
    incidents: int
    ledger_ok: bool
    marketplaces_ok: bool
    orders_ok: bool
    prices_ok: bool
    shipments_ok: bool
    shipments: dict[str, int]
    lost: int
    doubled: int
    latency_ms: dict[str, float | None]
    stock: Stock = Stock.AMPLE
    storefront_mode: Mode = Mode.REPORT
    waited: dict[str, float | None] = dc.field(default_factory=dict)
    api_calls: dict[str, int] = dc.field(default_factory=dict)
    restarts: dict[str, int] = dc.field(default_factory=dict)
    duration_s: float = 0.0
    faults: dict[str, Any] = dc.field(default_factory=dict)
    differences: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Where marketplaces fail, units in doubt are held back: buyers may be turned away then."""
        may_refuse = bool(self.faults) or self.stock is Stock.SCARCE
        return not self.differences and self.oversold_units == 0 and (self.refused == 0 or may_refuse)

    def as_json(self) -> dict[str, Any]:
        return {"ok": self.ok, **dc.asdict(self)}


class Progressing:
    """A bar on a terminal; elsewhere a line at each tenth, so that a log stays readable."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<34}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._done: dict[TaskID, tuple[str, int, int]] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False)

    def begin(self, description: str, total: int) -> TaskID:
        task = self._bars.add_task(description, total=total)
        self._done[task] = (description, 0, total)
        return task

    def advance(self, task: TaskID) -> None:
        self._bars.advance(task)
        description, done, total = self._done[task]
        self._done[task] = (description, done + 1, total)
        if not self._console.is_terminal and (done + 1) * 10 // total > done * 10 // total:
            self.say(f"{description}: {done + 1} of {total}")


def show(console: Console, summary: Summary) -> None:
    """The table, and the first differences if there are any."""
    table = Table(title="A day of sales through Mizan", title_justify="left", show_header=False)
    for name, value in summary.as_json().items():
        if name != "differences":
            table.add_row(name, _cell(name, value), style="bold red" if value is False else None)
    console.print(table)
    for difference in summary.differences[:_SHOWN_DIFFERENCES]:
        console.print(f"  differs: {difference}", highlight=False, markup=False)
    if len(summary.differences) > _SHOWN_DIFFERENCES:
        console.print(f"  and {len(summary.differences) - _SHOWN_DIFFERENCES} more: see the JSON")


def save(path: Path, summary: Summary) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(summary.as_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def console() -> Console:
    """Wide enough for the table even where nobody says how wide it is."""
    return Console(width=None if sys.stdout.isatty() else 110)


def verdict_fields(verdict: Verdict) -> dict[str, Any]:
    """The part of a summary that the checks decide."""
    fields = dc.asdict(verdict)
    return fields | {"differences": tuple(verdict.differences)}


def _cell(name: str, value: object) -> str:
    if name == "latency_ms" and isinstance(value, dict) and None in value.values():
        return "no call to a marketplace followed from a sale"
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, dict):
        return "  ".join(f"{name} {_text(part)}" for name, part in value.items()) or "none"
    return "-" if value is None else f"{value:,}" if isinstance(value, int | float) else str(value)
