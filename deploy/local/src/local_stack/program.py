"""What a supervised program is."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Program:
    """
    One program that the stack runs.

    Attributes:
        environment: all of it; nothing else is inherited.
        port: where it listens on this machine.
        ready_url: answers 2xx once it is ready; None: ready once its port accepts a connection.
        stop_signal: asks it to stop in good order.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    port: int
    ready_url: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
