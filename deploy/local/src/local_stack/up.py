"""Starts the supervising process in the background and waits until everything is ready."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from local_stack.config import StackConfig
from local_stack.errors import StackError
from local_stack.ports import require_free
from local_stack.processes import is_alive
from local_stack.run import refuse_survivors
from local_stack.state import StackState, read_state

_POLL_S = 0.1
_PROGRESS_LOG = "stack.log"
_ERROR_LOG = "stack-errors.log"


class StartFailedError(StackError):
    """The supervising process ended with `exit_code`; the message is what it said."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def up(config: StackConfig, report: Callable[[str], None], *, keep: bool) -> StackState:
    """
    Start the stack that the environment describes, or find it running, and return its state once its start is over.

    Args:
        config: the same that the supervising process will read from the environment.
        report: takes one line for a person at each step.
        keep: when something does not become ready, leave the rest running.

    Raises:
        StackError: it can't start. Nothing that was running before is touched.
    """
    state = read_state(config.folder)
    if state is not None and state.supervised:
        report(f"the stack is running already (supervisor pid {state.supervisor.pid})")
        return _wait_for_other(config.folder, state)
    refuse_survivors(state)
    require_free(config.own_ports())
    process = _launch(config.logs, keep=keep)
    try:
        return _wait_for_own(config, process, report)
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise


def _launch(logs: Path, *, keep: bool) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "local_stack", "run", *(["--keep"] if keep else [])]
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / _PROGRESS_LOG).open("wb") as out, (logs / _ERROR_LOG).open("wb") as errors:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, start_new_session=True
        )


def _wait_for_own(config: StackConfig, process: subprocess.Popen[bytes], report: Callable[[str], None]) -> StackState:
    with (config.logs / _PROGRESS_LOG).open() as progress:
        while True:
            code = process.poll()
            for line in progress:
                report(line.rstrip())
            if code is not None:
                said = (config.logs / _ERROR_LOG).read_text(errors="replace").strip()
                raise StartFailedError(said or f"the supervising process ended with exit code {code}", code or 1)
            state = read_state(config.folder)
            if state is not None and state.supervisor.pid == process.pid and state.phase != "starting":
                return state
            time.sleep(_POLL_S)


def _wait_for_other(folder: Path, state: StackState) -> StackState:
    while state.phase == "starting":
        time.sleep(_POLL_S)
        newer = read_state(folder)
        if newer is None or not is_alive(newer.supervisor):
            raise StackError("the stack that was starting has ended; its logs tell why")
        state = newer
    return state
