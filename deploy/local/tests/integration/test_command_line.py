"""The command line says what is wrong in one line, without a traceback, and exits accordingly."""

import subprocess
import sys
from pathlib import Path

import pytest
from contracts.topics import all_topics
from local_stack.ports import DEFAULT_PORTS, free_ports, variable_of

pytestmark = pytest.mark.integration


def _run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    ports = {variable_of(name): str(port) for name, port in free_ports(DEFAULT_PORTS).items()}
    # No Postgres is needed where the command fails before anything asks for it.
    environment = {"PATH": str(folder), "MIZAN_STACK_FOLDER": str(folder), "DATABASE_URL": "postgresql://unused/unused"}
    return subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "local_stack", *arguments],
        env={**environment, **ports, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_java_the_start_ends_with_one_line_and_exit_code_2(tmp_path: Path) -> None:
    for command in ("run", "up"):
        ended = _run(tmp_path, command)
        assert ended.returncode == 2
        assert ended.stderr.startswith("no java found: install a JDK 17 or newer")
        assert len(ended.stderr.splitlines()) == 1


def test_a_port_that_is_no_number_is_named(tmp_path: Path) -> None:
    ended = _run(tmp_path, "status", MIZAN_KAFKA_PORT="kafka")
    assert (ended.returncode, ended.stderr) == (1, "MIZAN_KAFKA_PORT=kafka is no port: give a number from 1 to 65535\n")


def test_a_wrong_command_exits_with_2(tmp_path: Path) -> None:
    assert _run(tmp_path, "sideways").returncode == 2


def test_without_a_stack_status_says_so_and_down_succeeds(tmp_path: Path) -> None:
    status, down = _run(tmp_path, "status"), _run(tmp_path, "down")
    assert (status.returncode, status.stdout) == (1, "nothing is running\n")
    assert (down.returncode, down.stdout) == (0, "nothing is running\n")


def test_the_topics_of_the_table_are_created_and_creating_them_again_changes_nothing(
    tmp_path: Path, bootstrap_servers: str
) -> None:
    for _ in range(2):
        ended = _run(tmp_path, "topics", KAFKA_BOOTSTRAP_SERVERS=bootstrap_servers)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout == f"Kafka at {bootstrap_servers} has the {len(all_topics())} topics\n"
