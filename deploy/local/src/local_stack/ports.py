"""The ports of the local stack: their defaults, free ones, and who holds one that is taken."""

import random
import socket
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import psutil

from local_stack.errors import StackError

DEFAULT_PORTS: Mapping[str, int] = MappingProxyType(
    {
        "kafka": 29092,
        "kafka-controller": 29093,
        "postgres": 25432,
        "sandbox-amazon": 8102,
        "sandbox-noon": 8103,
        "inventory": 8001,
        "amazon-connector": 8002,
        "noon-connector": 8003,
        "order-importer": 8004,
        "control": 8000,
    }
)
HOST = "127.0.0.1"
# Below the range from which systems take the local ports of outgoing connections: a server that is killed and started
# again must not find that a client took its port meanwhile.
_FREE_RANGE = range(10_000, 32_000)
_LONGEST_COMMAND = 80


def variable_of(name: str) -> str:
    """The environment variable that overrides the port of `name`."""
    return f"MIZAN_{name.upper().replace('-', '_')}_PORT"


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of this machine now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports(names: Iterable[str]) -> dict[str, int]:
    """A free port for each name, all different."""
    candidates = iter(random.sample(_FREE_RANGE, len(_FREE_RANGE)))
    return {name: next(port for port in candidates if is_free(port)) for name in names}


def holder_of(port: int) -> str:
    """Who listens on `port`, for a person: "pid 1234 (command)", or "another process" where the system won't tell."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return "another process"
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
            return f"pid {connection.pid} ({_command_of(connection.pid)})"
    return "another process"


def _command_of(pid: int) -> str:
    try:
        command = " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return "unknown command"
    return command if len(command) <= _LONGEST_COMMAND else command[: _LONGEST_COMMAND - 3] + "..."


def require_free(ports: Mapping[str, int]) -> None:
    """
    Check that every port can be listened on, before anything starts.

    Raises:
        StackError: one line for each port that is taken.
    """
    lines = [
        f"port {port} ({name}) is taken by {holder_of(port)}: stop it, or set {variable_of(name)}"
        for name, port in ports.items()
        if not is_free(port)
    ]
    if lines:
        raise StackError("\n".join(lines))
