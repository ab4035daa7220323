"""state.json: which processes belong to the stack that runs, so that another command can find and stop just those."""

import json
import signal
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from local_stack.child import Child
from local_stack.errors import StackError
from local_stack.processes import ProcessIdentity, is_alive

Phase = Literal["starting", "ready", "failed"]
STATE_FILE = "state.json"


@dataclass(frozen=True, slots=True)
class ProgramState:
    """One program as last written; `process` is None between an exit and the restart."""

    name: str
    process: ProcessIdentity | None
    stop_signal: int
    port: int
    ready_url: str | None
    log: str
    restarts: int

    @classmethod
    def of(cls, child: Child) -> "ProgramState":
        program = child.program
        return cls(
            name=program.name,
            process=child.identity,
            stop_signal=int(program.stop_signal),
            port=program.port,
            ready_url=program.ready_url,
            log=str(child.log),
            restarts=child.restarts,
        )

    @property
    def alive(self) -> bool:
        return self.process is not None and is_alive(self.process)

    @property
    def signal_to_stop(self) -> signal.Signals:
        return signal.Signals(self.stop_signal)


@dataclass(frozen=True, slots=True)
class StackState:
    """The stack as last written, its programs in the order of their start. `trouble` says why it failed."""

    supervisor: ProcessIdentity
    phase: Phase
    trouble: str | None
    programs: Sequence[ProgramState]

    @property
    def supervised(self) -> bool:
        return is_alive(self.supervisor)

    def survivors(self) -> list[ProgramState]:
        """The programs that still run."""
        return [program for program in self.programs if program.alive]


def write_state(folder: Path, state: StackState) -> None:
    """Replace the state in one step: a reader sees the old or the new one, whole."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{STATE_FILE}.unfinished"
    unfinished.write_text(json.dumps(asdict(state), indent=2) + "\n")
    unfinished.replace(folder / STATE_FILE)


def read_state(folder: Path) -> StackState | None:
    """
    The state in `folder`; None where nothing was started there.

    Raises:
        StackError: the file is not what `write_state` writes.
    """
    try:
        text = (folder / STATE_FILE).read_text()
    except FileNotFoundError:
        return None
    try:
        return _parse(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise StackError(f"{folder / STATE_FILE} can't be read ({error!r}): delete it once nothing runs") from None


def clear_state(folder: Path) -> None:
    """Forget the stack: nothing of it runs any more."""
    (folder / STATE_FILE).unlink(missing_ok=True)


def _parse(fields: dict[str, Any]) -> StackState:
    programs = [
        ProgramState(**{**each, "process": ProcessIdentity(**each["process"]) if each["process"] else None})
        for each in fields["programs"]
    ]
    return StackState(**{**fields, "supervisor": ProcessIdentity(**fields["supervisor"]), "programs": programs})
