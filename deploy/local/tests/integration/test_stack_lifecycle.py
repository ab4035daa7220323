"""A whole stack comes up, survives crashes of its servers, and is stopped by what is recorded alone."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import psutil
import pytest
from local_stack import databases, topics
from local_stack.config import StackConfig
from local_stack.down import down, purge
from local_stack.errors import StackError
from local_stack.processes import ProcessIdentity, identify
from local_stack.program import Program
from local_stack.programs import Programs
from local_stack.run import run
from local_stack.stack import Stack
from local_stack.state import ProgramState, StackState, read_state, write_state

pytestmark = pytest.mark.integration
SERVER = """
import http.server, os
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
SLEEPER = (sys.executable, "-c", "import signal; signal.pause()")
DEADLINE_S = 60.0
TOPIC = topics.PlainTopic("kept", partitions=1)


def _config(folder: Path) -> StackConfig:
    """A stack of its own even where the environment names servers: these tests kill them."""
    named = ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL")
    return StackConfig.on_free_ports(folder, {key: value for key, value in os.environ.items() if key not in named})


def _unheard(line: str) -> None:
    """Progress is not what most of these tests look at."""


def _web(config: StackConfig, name: str, code: str = SERVER) -> Program:
    return Program(
        name=name,
        argv=(sys.executable, "-c", code),
        environment={"PORT": str(config.ports[name])},
        port=config.ports[name],
        ready_url=config.url(name) + "/",
    )


async def _wait_for_restart(stack: Stack, name: str) -> None:
    async def restarted() -> bool:
        return stack.supervisor.restarts(name) > 0

    await stack.supervisor.wait_ready(name, timeout_s=DEADLINE_S, probe=restarted)


async def _value(url: str, *statements: str) -> object:
    """What the last statement answers with."""
    connection = await asyncpg.connect(url)
    try:
        *before, last = statements
        for statement in before:
            await connection.execute(statement)
        return await connection.fetchval(last)
    finally:
        await connection.close()


async def _fetch_kept_row(url: str) -> object:
    return await _value(url, "CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS value", "SELECT value FROM kept")


def _processes(stack: Stack) -> list[psutil.Process]:
    return [psutil.Process(stack.supervisor.pid(child.program.name)) for child in stack.supervisor.children()]


async def test_a_stack_survives_the_crash_of_each_server_and_leaves_no_process(tmp_path: Path) -> None:
    config = replace(_config(tmp_path), postgres_settings={"work_mem": "5MB"})
    programs = Programs(sandboxes=(_web(config, "sandbox-noon"),), services=(_web(config, "inventory"),))
    async with Stack(config, _unheard, programs=programs, topics=[TOPIC]) as stack:
        assert await _value(stack.database_url, "SHOW work_mem") == "5MB"
        await _fetch_kept_row(stack.database_url)
        for name in ("kafka", "postgres", "inventory", "sandbox-noon"):
            stack.supervisor.kill(name)
            await _wait_for_restart(stack, name)

        async def database_answers() -> bool:
            return await databases.answers(stack.database_url)

        await stack.supervisor.wait_ready("inventory", timeout_s=DEADLINE_S)
        await stack.supervisor.wait_ready("postgres", timeout_s=DEADLINE_S, probe=database_answers)
        await topics.create_topics(stack.bootstrap_servers, [TOPIC])
        assert await _fetch_kept_row(stack.database_url) == 7
        processes = _processes(stack)
        assert len(processes) == 4
    assert not any(process.is_running() for process in processes)


async def test_a_start_that_fails_half_way_leaves_no_process(tmp_path: Path) -> None:
    config = _config(tmp_path)
    programs = Programs(sandboxes=(), services=(_web(config, "control", "raise SystemExit('no settings')"),))
    stack = Stack(config, _unheard, programs=programs, topics=[])
    with pytest.raises(StackError, match=r"(?s)control exited 5 times at start.*no settings"):
        await stack.start()
    servers = [psutil.Process(stack.supervisor.pid(name)) for name in ("kafka", "postgres")]
    await stack.stop()
    assert not any(process.is_running() for process in servers)


async def test_a_signal_ends_the_supervising_task_with_everything_under_it(
    tmp_path: Path, bootstrap_servers: str, postgres_url: str
) -> None:
    config = replace(_config(tmp_path), external_kafka=bootstrap_servers, external_database=postgres_url)
    programs = Programs(sandboxes=(_web(config, "sandbox-noon"),), services=())
    stack = Stack(config, _unheard, programs=programs, topics=[])
    ready = asyncio.Event()
    running = asyncio.create_task(
        run(stack, lambda line: ready.set() if line == "everything is ready" else None, keep=False)
    )
    async with asyncio.timeout(DEADLINE_S):
        await ready.wait()
    state = read_state(tmp_path)
    assert state is not None
    assert (state.phase, state.supervised, len(state.survivors())) == ("ready", True, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(asyncio.CancelledError):
        await running
    assert state.survivors() == []
    assert read_state(tmp_path) is None


@pytest.fixture
def sleepers() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes with one command; the tests record one of them as ours."""
    processes = [
        subprocess.Popen(SLEEPER)  # noqa: S603 - our own interpreter
        for _ in range(2)
    ]
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def _orphaned(folder: Path, ours: int, foreign: int) -> StackState:
    """Records a stack whose supervisor is gone: `ours` truly belongs to it, the pid of `foreign` was used again."""
    mine, other = identify(ours), identify(foreign)
    assert mine is not None
    assert other is not None
    reused = replace(other, started=other.started - 1000)
    programs = [
        ProgramState(name, process, int(signal.SIGTERM), 1, None, f"{name}.log", 0)
        for name, process in (("kafka", mine), ("inventory", reused))
    ]
    state = StackState(ProcessIdentity(other.pid, 0.0), "ready", None, programs)
    write_state(folder, state)
    return state


async def test_a_start_is_refused_while_programs_of_a_killed_supervisor_still_run(
    tmp_path: Path, sleepers: list[subprocess.Popen[bytes]]
) -> None:
    ours, foreign = sleepers
    _orphaned(tmp_path, ours.pid, foreign.pid)
    stack = Stack(_config(tmp_path), _unheard)
    with pytest.raises(StackError, match=rf"still run: kafka \(pid {ours.pid}\); `make down` stops them"):
        await run(stack, _unheard, keep=False)
    assert ours.poll() is None


def test_down_stops_just_those_whose_pid_and_start_time_match(
    tmp_path: Path, sleepers: list[subprocess.Popen[bytes]]
) -> None:
    ours, foreign = sleepers
    state = _orphaned(tmp_path, ours.pid, foreign.pid)
    lines: list[str] = []
    down(tmp_path, lines.append)
    assert lines == [f"stopping kafka (pid {ours.pid})", "stopped"]
    assert state.survivors() == []
    assert foreign.poll() is None
    down(tmp_path, lines.append)
    assert lines[2:] == ["nothing is running"]


def test_purge_deletes_the_stacks_data_and_nothing_else(tmp_path: Path) -> None:
    for name in ("kafka", "postgres", "logs", "mine"):
        (tmp_path / name / "inside").mkdir(parents=True)
    purge(tmp_path, _unheard)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
