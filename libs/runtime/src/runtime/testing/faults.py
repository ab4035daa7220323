"""Making Kafka or Postgres fail as a machine would."""

import contextlib
import dataclasses as dc
import os
import signal
from collections.abc import Callable, Iterator


@dc.dataclass(frozen=True, slots=True)
class Faults:
    """`pid_of` tells the process of "kafka" or "postgres"; whoever started it starts it again after a kill."""

    pid_of: Callable[[str], int | None]

    def kill(self, name: str) -> None:
        os.kill(self._pid(name), signal.SIGKILL)

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Inside, its connections stay open and nothing answers."""
        pid = self._pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def _pid(self, name: str) -> int:
        pid = self.pid_of(name)
        if pid is None:
            raise ProcessLookupError(f"{name} does not run now")
        return pid
