"""Processes told apart for certain: a pid alone may belong to someone else by now."""

import contextlib
import os
import signal
from dataclasses import dataclass

import psutil

# A start time is derived from the time of boot, which the system may state a little differently later.
_SAME_START_S = 1.0


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A pid and when that process started (seconds since the epoch)."""

    pid: int
    started: float


def identify(pid: int) -> ProcessIdentity | None:
    """Who `pid` is now; None where no such process lives."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return ProcessIdentity(pid, process.create_time())
    except psutil.NoSuchProcess:
        return None


def is_alive(identity: ProcessIdentity) -> bool:
    """Whether that very process still runs; another one with its pid does not count."""
    now = identify(identity.pid)
    return now is not None and abs(now.started - identity.started) < _SAME_START_S


def send(identity: ProcessIdentity, number: signal.Signals) -> bool:
    """Signal that very process; False where it is gone."""
    if not is_alive(identity):
        return False
    try:
        os.kill(identity.pid, number)
    except ProcessLookupError:
        return False
    return True


def descendants(pid: int) -> list[psutil.Process]:
    """Every process that came from `pid` and still has its parents."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def end_leftovers(processes: list[psutil.Process], patience_s: float) -> None:
    """Wait for `processes`, whose parent is gone, to end; kill what has not after `patience_s`. Blocks."""
    _, left = psutil.wait_procs(processes, timeout=patience_s)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=patience_s)
