"""The supervisor restarts what exits, says why something does not start, and leaves nothing behind."""

import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from local_stack.child import HOPELESS_STARTS
from local_stack.errors import StackError
from local_stack.ports import free_ports
from local_stack.program import Program
from local_stack.supervisor import Supervisor

SERVER = """
import http.server, sys
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
READY_S = 20.0

pytestmark = pytest.mark.integration


def _program(name: str, code: str, *, http_ready: bool = False) -> Program:
    port = free_ports([name])[name]
    url = f"http://127.0.0.1:{port}/" if http_ready else None
    return Program(name=name, argv=(sys.executable, "-c", code, str(port)), environment={}, port=port, ready_url=url)


@pytest.fixture
def reports() -> list[str]:
    return []


@pytest_asyncio.fixture
async def supervisor(tmp_path: Path, reports: list[str]) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "logs", reports.append)
    yield supervisor
    await supervisor.stop()


async def _another_pid(supervisor: Supervisor, name: str, old: int | None) -> int:
    """The pid of the program once it runs again."""

    async def again() -> bool:
        return supervisor.pid(name) not in {old, None}

    await supervisor.wait_ready(name, timeout_s=READY_S, probe=again)
    pid = supervisor.pid(name)
    assert pid is not None
    return pid


@pytest.mark.parametrize("http_ready", [True, False])
async def test_a_killed_program_is_started_again_and_again(
    supervisor: Supervisor, reports: list[str], *, http_ready: bool
) -> None:
    program = _program("web", SERVER, http_ready=http_ready)
    supervisor.start(program)
    await supervisor.wait_ready("web", timeout_s=READY_S)
    for count in (1, 2):
        before = supervisor.pid("web")
        supervisor.kill("web")
        await _another_pid(supervisor, "web", before)
        await supervisor.wait_ready("web", timeout_s=READY_S)
        assert supervisor.restarts("web") == count
    assert [line.partition(";")[0] for line in reports] == ["web was killed by SIGKILL"] * 2


async def test_a_program_that_keeps_exiting_after_it_was_ready_is_never_given_up(supervisor: Supervisor) -> None:
    program = _program("fickle", "raise SystemExit(3)")

    async def ready() -> bool:
        return True

    async def restarted_often() -> bool:
        return supervisor.restarts("fickle") >= HOPELESS_STARTS

    supervisor.start(program)
    await supervisor.wait_ready("fickle", timeout_s=READY_S, probe=ready)
    await supervisor.wait_ready("fickle", timeout_s=60, probe=restarted_often)


async def test_a_program_that_exits_at_every_start_is_reported_with_the_end_of_its_log(supervisor: Supervisor) -> None:
    supervisor.start(_program("broken", "raise SystemExit('DATABASE_URL is missing')"))
    with pytest.raises(StackError, match=r"(?s)^broken exited 5 times at start; .*DATABASE_URL is missing"):
        await supervisor.wait_ready("broken", timeout_s=60)


async def test_a_program_that_can_not_be_started_is_reported_too(supervisor: Supervisor) -> None:
    program = Program(name="absent", argv=("/no/such/program",), environment={}, port=1)
    supervisor.start(program)
    with pytest.raises(StackError, match=r"(?s)^absent exited 5 times at start; .*No such file"):
        await supervisor.wait_ready("absent", timeout_s=60)


async def test_a_program_that_does_not_become_ready_in_time_is_named(supervisor: Supervisor) -> None:
    supervisor.start(_program("slow", "import signal; print('waiting for Godot', flush=True); signal.pause()"))

    async def has_printed() -> bool:
        return "Godot" in supervisor.children()[0].describe("")

    await supervisor.wait_ready("slow", timeout_s=READY_S, probe=has_printed)
    with pytest.raises(StackError, match=r"(?s)^slow was not ready within 0 s; .*waiting for Godot"):
        await supervisor.wait_ready("slow", timeout_s=0.2)


async def test_stopping_leaves_no_process_not_even_a_grandchild(supervisor: Supervisor) -> None:
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']);" + SERVER
    supervisor.start(_program("parent", code))
    await supervisor.wait_ready("parent", timeout_s=READY_S)
    parent = psutil.Process(supervisor.pid("parent"))
    family = [parent, *parent.children()]
    assert len(family) == 2
    await supervisor.stop()
    assert not any(process.is_running() for process in family)


async def test_a_suspended_program_stops_when_asked(supervisor: Supervisor) -> None:
    supervisor.start(_program("frozen", SERVER))
    await supervisor.wait_ready("frozen", timeout_s=READY_S)
    process = psutil.Process(supervisor.pid("frozen"))
    process.send_signal(signal.SIGSTOP)
    await supervisor.stop()
    assert not process.is_running()
