"""Fixtures for every member's tests: a real Kafka, a real Postgres, a database and topics of one's own."""

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from local_stack import databases, topics
from local_stack.config import StackConfig
from local_stack.infrastructure import Infrastructure

CreateTopics = Callable[[Mapping[str, int]], Awaitable[None]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def infrastructure() -> AsyncIterator[Infrastructure]:
    """Kafka and Postgres for the whole test run: what the environment names, else started on free ports."""
    with tempfile.TemporaryDirectory(prefix="mizan-test-", ignore_cleanup_errors=True) as folder:
        config = StackConfig.on_free_ports(Path(folder), os.environ)
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


def _unheard(line: str) -> None:
    """The logs in the stack's folder tell as much; a failing start raises."""
