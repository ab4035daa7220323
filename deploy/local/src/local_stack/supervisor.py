"""Runs programs as child processes and keeps them running."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from local_stack.child import Child
from local_stack.errors import StackError
from local_stack.program import Program
from local_stack.readiness import is_ready
from local_stack.together import together

_POLL_S = 0.05


class Supervisor:
    """
    The programs that run, by name.

    Args:
        logs: the folder for <name>.log of each.
        report: takes one line for a person whenever a program exits by itself.
    """

    def __init__(self, logs: Path, report: Callable[[str], None]) -> None:
        self.changed: Callable[[], None] = _nothing
        self._logs = logs
        self._report = report
        self._children: dict[str, Child] = {}

    def start(self, program: Program) -> None:
        """Start `program` and keep it running until `stop`."""
        child = Child(program, self._logs / f"{program.name}.log", self._report, self._tell)
        self._children[program.name] = child
        child.start()

    async def wait_ready(
        self, name: str, *, timeout_s: float, probe: Callable[[], Awaitable[bool]] | None = None
    ) -> None:
        """
        Wait until `probe` (default: the program's own readiness) holds.

        Raises:
            StackError: it did not within `timeout_s`, or the program keeps exiting at start. It shows the log's end.
        """
        child = self._children[name]
        ask = probe or functools.partial(is_ready, child.program.port, child.program.ready_url)
        try:
            async with asyncio.timeout(timeout_s):
                while not await ask():
                    child.check()
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise StackError(child.describe(f"was not ready within {timeout_s:.0f} s")) from None
        child.mark_ready()

    async def stop(self, names: Iterable[str] | None = None) -> None:
        """Stop these programs (default: all) at once, and return when they are gone."""
        leaving = [name for name in (self._children if names is None else names) if name in self._children]
        await together(*(self._children[name].stop() for name in leaving))
        for name in leaving:
            del self._children[name]
        self._tell()

    def kill(self, name: str) -> None:
        """SIGKILL a program, as a crash would; it is started again."""
        self._children[name].kill()

    def pid(self, name: str) -> int | None:
        """The pid of a program; None between an exit and the restart."""
        identity = self._children[name].identity
        return identity.pid if identity else None

    def restarts(self, name: str) -> int:
        """How often a program was started again."""
        return self._children[name].restarts

    def children(self) -> tuple[Child, ...]:
        """The programs that run, in the order of their start."""
        return tuple(self._children.values())

    def _tell(self) -> None:
        self.changed()


def _nothing() -> None:
    """Nobody is told of changes until someone asks to be."""
