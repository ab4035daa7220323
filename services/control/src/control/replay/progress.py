"""How far a replay is: a bar on a terminal, else a line now and then. Both on stderr, so that stdout is the result."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, TaskID

from control.replay.plan import Plan

_LINE_SECONDS = 2.0


class Shown:
    """A context manager; call it with the plan after each step."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._bar = Progress(console=Console(stderr=True)) if sys.stderr.isatty() else None
        self._task: TaskID | None = None
        self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
            self._task = self._bar.add_task(self._topic, total=None)
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, plan: Plan) -> None:
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=plan.done, total=plan.total)
        elif time.monotonic() - self._last_line >= _LINE_SECONDS:
            self._last_line = time.monotonic()
            line = f"{self._topic}: {plan.done} of {plan.total} records read, {plan.sent} sent"
            print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is the command's voice
