"""The supervising process: runs the stack until it is told to stop, and keeps state.json true."""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local_stack.errors import StackError
from local_stack.ports import require_free
from local_stack.processes import ProcessIdentity, identify
from local_stack.signals import cancelled_by_signals
from local_stack.stack import Stack
from local_stack.state import Phase, ProgramState, StackState, clear_state, read_state, write_state

LOCK_FILE = "lock"


async def run(stack: Stack, report: Callable[[str], None], *, keep: bool) -> None:
    """
    Run `stack` until a signal cancels this task.

    Args:
        stack: not started yet.
        report: takes one line for a person at each step.
        keep: when something does not become ready, leave the rest running for a look instead of stopping it.

    Raises:
        StackError: it can't start; but for `keep`, nothing is left running.
    """
    folder = stack.config.folder
    with _only_one(folder), cancelled_by_signals():
        refuse_survivors(read_state(folder))
        require_free(stack.config.own_ports())
        record = _Record(stack)
        try:
            await _serve(stack, record, report, keep=keep)
        finally:
            await stack.stop()
            stack.supervisor.changed = _nothing
            clear_state(folder)


async def _serve(stack: Stack, record: "_Record", report: Callable[[str], None], *, keep: bool) -> None:
    record.enter("starting")
    try:
        await stack.start()
    except StackError as error:
        if not keep:
            raise
        record.enter("failed", str(error))
        report(f"{error}\nkept running for a look; `python -m local_stack down` stops it")
    else:
        record.enter("ready")
        report("everything is ready")
    await asyncio.Event().wait()


def refuse_survivors(state: StackState | None) -> None:
    """
    Check that no earlier stack lost its supervisor but not its programs.

    Raises:
        StackError: it names those that still run.
    """
    survivors = state.survivors() if state else []
    if survivors:
        named = ", ".join(f"{each.name} (pid {each.process.pid})" for each in survivors if each.process)
        raise StackError(f"an earlier stack's supervisor is gone, but these still run: {named}; `make down` stops them")


class _Record:
    """Writes state.json at each phase and whenever a program starts or exits."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._me = _own_identity()
        self._phase: Phase = "starting"
        self._trouble: str | None = None
        stack.supervisor.changed = self._write

    def enter(self, phase: Phase, trouble: str | None = None) -> None:
        self._phase, self._trouble = phase, trouble
        self._write()

    def _write(self) -> None:
        programs = [ProgramState.of(child) for child in self._stack.supervisor.children()]
        write_state(self._stack.config.folder, StackState(self._me, self._phase, self._trouble, programs))


def _own_identity() -> ProcessIdentity:
    me = identify(os.getpid())
    if me is None:
        raise StackError("the system does not show this process its own start time")
    return me


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system releases it however this process ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(f"another stack is running in {folder}: `make down` stops it") from None
        yield


def _nothing() -> None:
    """After the end nothing is recorded."""
