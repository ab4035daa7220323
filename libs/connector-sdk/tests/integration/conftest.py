from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from connector_sdk.testing.database import ConnectorDatabase, open_database

MIGRATIONS = Path(__file__).parent / "migrations"


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_url: str) -> AsyncIterator[ConnectorDatabase]:
    async with open_database(database_url, MIGRATIONS) as opened:
        yield opened
