"""Stops a stack from outside: only what is provably its own."""

import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from local_stack import kafka, postgres
from local_stack.child import STOP_PATIENCE_S
from local_stack.errors import StackError
from local_stack.processes import ProcessIdentity, descendants, end_leftovers, is_alive, send
from local_stack.state import ProgramState, StackState, clear_state, read_state

# The supervisor stops four groups, one after the other.
_SUPERVISOR_PATIENCE_S = 4 * STOP_PATIENCE_S + 10
_AFTER_KILL_S = 5.0
_POLL_S = 0.05


def down(folder: Path, report: Callable[[str], None]) -> None:
    """
    Stop the stack that state.json in `folder` records, and return once every process of it is gone.

    A recorded process is signalled only while its pid and its start time match the record.
    """
    state = read_state(folder)
    if state is None or not (state.supervised or state.survivors()):
        report("nothing is running")
    else:
        if state.supervised:
            report(f"stopping the stack (supervisor pid {state.supervisor.pid})")
            _stop(state.supervisor, signal.SIGTERM, _SUPERVISOR_PATIENCE_S)
        _stop_survivors(_programs(read_state(folder), state), report)
        report("stopped")
    clear_state(folder)


def purge(folder: Path, report: Callable[[str], None]) -> None:
    """Delete the data and logs in `folder` (and nothing else that may be there); `down` comes first."""
    for name in (kafka.NAME, postgres.NAME, "logs"):
        shutil.rmtree(folder / name, ignore_errors=True)
        if (folder / name).exists():
            raise StackError(f"{folder / name} can't be deleted: delete it by hand")
    report(f"deleted the data in {folder}")


def _programs(*states: StackState | None) -> list[ProgramState]:
    """What any of `states` recorded: a program may have been started again just before the end."""
    return [program for state in states if state for program in state.programs]


def _stop_survivors(programs: list[ProgramState], report: Callable[[str], None]) -> None:
    for program in reversed(programs):
        if program.process is not None and program.alive:
            report(f"stopping {program.name} (pid {program.process.pid})")
            family = descendants(program.process.pid)
            _stop(program.process, program.signal_to_stop, STOP_PATIENCE_S)
            end_leftovers(family, _AFTER_KILL_S)


def _stop(process: ProcessIdentity, number: signal.Signals, patience_s: float) -> None:
    send(process, number)
    send(process, signal.SIGCONT)  # a suspended process hears nothing else but SIGKILL
    if not _gone(process, patience_s):
        send(process, signal.SIGKILL)
        if not _gone(process, _AFTER_KILL_S):
            raise StackError(f"pid {process.pid} is still there, even after SIGKILL")


def _gone(process: ProcessIdentity, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while is_alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True
