"""The whole system, once for all end-to-end tests: real Kafka, real Postgres, sandboxes and services on free ports."""

import asyncio
import contextlib
import dataclasses as dc
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from demo.brisk import BRISK
from demo.house import SERVICES, House, open_house
from demo.modes import Mode
from local_stack.config import StackConfig
from local_stack.databases import fresh_database
from local_stack.infrastructure import Infrastructure
from local_stack.program import Program
from local_stack.programs import DEFAULT_API_KEY, mizan_programs
from local_stack.stack import READY_TIMEOUT_S, Stack


@pytest.fixture(scope="session")
async def running(
    infrastructure: Infrastructure, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Stack, House]]:
    folder: Path = tmp_path_factory.mktemp("stack")
    async with fresh_database(infrastructure.database_url) as database_url:
        named = {"KAFKA_BOOTSTRAP_SERVERS": infrastructure.bootstrap_servers, "DATABASE_URL": database_url}
        environment = {name: value for name, value in os.environ.items() if name != "API_KEY"}
        config = StackConfig.on_free_ports(folder, environment | named, extra_environment=BRISK)
        async with Stack(config, print) as stack:
            urls = {name: stack.url(name) for name in (*SERVICES, "control", "sandbox-amazon", "sandbox-noon")}
            async with open_house(urls, DEFAULT_API_KEY) as house:
                yield stack, house


@pytest.fixture
def mizan(running: tuple[Stack, House]) -> Callable[..., Awaitable[str]]:
    """Runs the command and answers with what it prints; it may find a problem, but not end in wrong use."""
    stack, _ = running
    variables = {f"{name.upper().replace('-', '_')}_URL": stack.url(name) for name in (*SERVICES, "control")}
    environment = {"KAFKA_BOOTSTRAP_SERVERS": stack.bootstrap_servers, "API_KEY": DEFAULT_API_KEY} | variables

    async def run(*arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from control.cli import main; main()",
            *arguments,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode in (0, 1), err.decode()
        return out.decode()

    return run


@pytest.fixture
def wait_for(running: tuple[Stack, House]) -> Callable[..., Awaitable[None]]:
    """Waits until a condition holds, and fails with its name, and what every service is at, when the time is up."""
    _, house = running

    async def wait(condition: Callable[[], Awaitable[bool]], what: str, *, seconds: float = 180) -> None:
        deadline = time.monotonic() + seconds
        while not await condition():
            is_in_time = time.monotonic() < deadline
            assert is_in_time, f"waited {seconds} s for {what}; {[await house.readiness(name) for name in SERVICES]}"
            await asyncio.sleep(0.1)

    return wait


@pytest.fixture
def storefront_mode(running: tuple[Stack, House]) -> Callable[[Mode], AbstractAsyncContextManager[None]]:
    """The inventory in a mode; afterwards in the mode in which everything else runs."""
    stack, _ = running
    [usual] = [program for program in mizan_programs(stack.config).services if program.name == "inventory"]

    async def run(program: Program) -> None:
        await stack.supervisor.stop([program.name])
        stack.supervisor.start(program)
        await stack.supervisor.wait_ready(program.name, timeout_s=READY_TIMEOUT_S)

    @contextlib.asynccontextmanager
    async def in_mode(mode: Mode) -> AsyncIterator[None]:
        if mode is Mode.REPORT:
            yield
            return
        await run(dc.replace(usual, environment={**usual.environment, "STOREFRONT_MODE": str(mode)}))
        try:
            yield
        finally:
            await run(usual)

    return in_mode
