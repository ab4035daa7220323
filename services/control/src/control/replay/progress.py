"""How far a replay is: a bar on a terminal, else a line now and then. Both on stderr, so that stdout is the result."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from control.replay.plan import Plan

_LINE_SECONDS = 2.0


class Shown:
    """A context manager; call it with the plan after each step."""

    def __init__(self, topic: str, *, dry_run: bool = False) -> None:
        self._topic = topic
        self._verb = "to send" if dry_run else "sent"
        self._bar = _bar() if sys.stderr.isatty() else None
        self._task: TaskID | None = None
        self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
            self._task = self._bar.add_task(self._topic, total=None, told="")
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, plan: Plan) -> None:
        told = f"{plan.sent} {self._verb}"
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=plan.done, total=plan.total, told=told)
        elif time.monotonic() - self._last_line >= _LINE_SECONDS:
            self._last_line = time.monotonic()
            self._say(f"{plan.done} of {plan.total} records read, {told}")

    def waits_for(self, group: str) -> None:
        """All is sent; that `group` reads it can take a while."""
        told = f"waiting until {group} has read it"
        if self._bar and self._task is not None:
            self._bar.update(self._task, told=told)
        else:
            self._say(f"all is sent, {told}")

    def _say(self, line: str) -> None:
        print(f"{self._topic}: {line}", file=sys.stderr, flush=True)  # noqa: T201 - this is the command's voice


def _bar() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), expand=True)
