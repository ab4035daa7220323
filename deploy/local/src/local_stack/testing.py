"""Fixtures for every member's tests: a real Kafka, a real Postgres, a database and topics of one's own."""

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from local_stack import databases, topics
from local_stack.choice import choose, images_of_the_servers
from local_stack.config import StackConfig
from local_stack.containers import servers_in_containers
from local_stack.engine import Engine
from local_stack.infrastructure import Infrastructure

CreateTopics = Callable[[Mapping[str, int]], Awaitable[None]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def infrastructure(pytestconfig: pytest.Config) -> AsyncIterator[Infrastructure]:
    """Kafka and Postgres for the whole test run: what the environment names, else in containers, else processes."""
    with tempfile.TemporaryDirectory(prefix="mizan-test-", ignore_cleanup_errors=True) as folder:
        async with _in_containers(pytestconfig) as named:
            config = StackConfig.on_free_ports(Path(folder), {**os.environ, **named})
            async with Infrastructure(config, report=_unheard) as running:
                yield running


@pytest.fixture(scope="session")
def bootstrap_servers(infrastructure: Infrastructure) -> str:
    return infrastructure.bootstrap_servers


@pytest.fixture(scope="session")
def postgres_url(infrastructure: Infrastructure) -> str:
    """The server's own database: for what concerns the server. Tests of tables use `database_url`."""
    return infrastructure.database_url


@pytest_asyncio.fixture(loop_scope="session")
async def database_url(postgres_url: str) -> AsyncIterator[str]:
    """A new, empty database, dropped afterwards."""
    async with databases.fresh_database(postgres_url) as url:
        yield url


@pytest.fixture
def create_topics(bootstrap_servers: str) -> CreateTopics:
    """Creates topics from their partition counts by name; it returns when they are there."""

    async def create(names: Mapping[str, int]) -> None:
        await topics.create_topics(bootstrap_servers, [topics.PlainTopic(*each) for each in names.items()])

    return create


@asynccontextmanager
async def _in_containers(pytestconfig: pytest.Config) -> AsyncIterator[Mapping[str, str]]:
    """The variables that name the servers which run in containers; none where Docker is not the way."""
    engine = Engine(os.environ, _unheard)
    wanted = images_of_the_servers(os.environ)
    choice = choose(os.environ, wanted, engine.ask)
    if choice.remark:
        _say_on_the_terminal(pytestconfig, choice.remark)
    if not choice.docker:
        yield {}
        return
    async with servers_in_containers(wanted, engine) as named:
        yield named


def _say_on_the_terminal(pytestconfig: pytest.Config, line: str) -> None:
    """At once, for what follows may take long; pytest shows what is printed only beside a failure."""
    terminal = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    capture = pytestconfig.pluginmanager.get_plugin("capturemanager")
    if terminal is not None and capture is not None:
        with capture.global_and_fixture_disabled():
            terminal.ensure_newline()
            terminal.write_line(line)


def _unheard(line: str) -> None:
    """The logs in the stack's folder tell as much; a failing start raises."""
