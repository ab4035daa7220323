"""Databases inside a PostgreSQL server."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg

_TIMEOUT_S = 10.0


def with_database(url: str, name: str) -> str:
    """`url` with its database replaced."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def answers(url: str) -> bool:
    """Whether the server takes queries (its port opens a little earlier)."""
    try:
        await _execute(url, "SELECT 1")
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True


async def ensure_database(url: str) -> None:
    """Create the database that `url` names, where it does not exist yet; the server must answer."""
    name = urlsplit(url).path.lstrip("/")
    try:
        await _execute(with_database(url, "postgres"), f'CREATE DATABASE "{name}"')
    except asyncpg.DuplicateDatabaseError:
        return


@asynccontextmanager
async def fresh_database(url: str) -> AsyncIterator[str]:
    """The URL of a new, empty database on the server of `url`; it is dropped afterwards, whoever is still connected."""
    name = f"mizan_test_{secrets.token_hex(6)}"
    await _execute(url, f'CREATE DATABASE "{name}"')
    try:
        yield with_database(url, name)
    finally:
        await _execute(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def _execute(url: str, statement: str) -> None:
    async with asyncio.timeout(_TIMEOUT_S):
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close(timeout=_TIMEOUT_S)
