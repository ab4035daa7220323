"""Keeps one program running."""

import asyncio
import contextlib
import os
import signal
import subprocess
from asyncio.subprocess import Process
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from local_stack.backoff import quick_exits, restart_delay_s
from local_stack.errors import StackError
from local_stack.processes import ProcessIdentity, descendants, end_leftovers, identify
from local_stack.program import Program

HOPELESS_STARTS = 5
STOP_PATIENCE_S = 25.0
_LEFTOVER_PATIENCE_S = 3.0
_LAST_LINES = 15


class Child:
    """
    One program as a child process in its own session, started again whenever it exits, until `stop`.

    Its output goes to `log`: begun anew at the first start, appended to at each restart.
    """

    def __init__(self, program: Program, log: Path, report: Callable[[str], None], changed: Callable[[], None]) -> None:
        self.program = program
        self.log = log
        self.restarts = 0
        self._report = report
        self._changed = changed
        self._process: Process | None = None
        self._identity: ProcessIdentity | None = None
        self._was_ready = False
        self._exits_in_a_row = 0
        self._stopping = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    @property
    def identity(self) -> ProcessIdentity | None:
        """The process that runs now; None between an exit and the restart."""
        return self._identity

    def start(self) -> None:
        """Start it in the background; `stop` waits for that."""
        self._keeping = asyncio.create_task(self._keep(), name=f"keep {self.program.name}")

    def mark_ready(self) -> None:
        """From now on it is restarted for ever: it can work."""
        self._was_ready = True

    def check(self) -> None:
        """
        Say when waiting for it is useless.

        Raises:
            StackError: it exited at start, time and again, and never was ready.
        """
        if not self._was_ready and self._exits_in_a_row >= HOPELESS_STARTS:
            raise StackError(self.describe(f"exited {self._exits_in_a_row} times at start"))

    def describe(self, trouble: str) -> str:
        """`trouble` with the program's name and the end of its log."""
        return f"{self.program.name} {trouble}; the end of {self.log}:\n{last_lines(self.log)}"

    def kill(self) -> None:
        """SIGKILL it and its process group, as a crash would."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to stop, kill it after `STOP_PATIENCE_S`, and return once it and all that it started are gone."""
        if self._keeping is None:
            return
        self._stopping.set()
        family = descendants(self._process.pid) if self._process else []
        self._ask_to_stop()
        try:
            _, running = await asyncio.wait([self._keeping], timeout=STOP_PATIENCE_S)
            if running:
                self._report(f"{self.program.name} did not stop within {STOP_PATIENCE_S:.0f} s: killing it")
        finally:
            self.kill()
        await self._keeping
        await asyncio.to_thread(end_leftovers, family, _LEFTOVER_PATIENCE_S)

    def _ask_to_stop(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(self.program.stop_signal)
            self._process.send_signal(signal.SIGCONT)  # a suspended process hears nothing else but SIGKILL

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            born = loop.time()
            how = await self._run_once()
            if self._stopping.is_set():
                return
            self._exits_in_a_row = quick_exits(self._exits_in_a_row, loop.time() - born)
            delay = restart_delay_s(self._exits_in_a_row)
            self._report(f"{self.program.name} {how}; starting it again in {delay:.1f} s (log: {self.log})")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._stopping.wait()
            self.restarts += 1

    async def _run_once(self) -> str:
        """Run it until it exits, and say how it did."""
        try:
            process = await self._spawn()
        except OSError as error:
            self.log.write_text(f"{error}\n")
            return f"can't be started: {error}"
        self._process = process
        self._identity = identify(process.pid)
        self._changed()
        if self._stopping.is_set():
            self._ask_to_stop()
        code = await process.wait()
        self._process = self._identity = None
        self._changed()
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"

    async def _spawn(self) -> Process:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self._open_log() as log:
            return await asyncio.create_subprocess_exec(
                *self.program.argv,
                env=self.program.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _open_log(self) -> BinaryIO:
        return self.log.open("ab" if self.restarts else "wb")


def last_lines(log: Path) -> str:
    """The last lines of `log`, indented."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        lines = []
    return "\n".join(f"  {line}" for line in lines[-_LAST_LINES:]) or "  (empty)"
