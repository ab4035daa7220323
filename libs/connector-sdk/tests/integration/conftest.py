from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from connector_sdk.order_reader import OrderReader, ReadPolicy
from connector_sdk.routes import Routes
from connector_sdk.testing.database import ACCOUNT, ConnectorDatabase, open_database
from connector_sdk.testing.fake_bulk import FakeBulk
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.feed_bench import FeedBench
from runtime.http import create_app

MIGRATIONS = Path(__file__).parent / "migrations"


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_url: str) -> AsyncIterator[ConnectorDatabase]:
    async with open_database(database_url, MIGRATIONS) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def api(database: ConnectorDatabase) -> AsyncIterator[httpx.AsyncClient]:
    leader = database.leader()
    reader = OrderReader(ACCOUNT, FakeMarketplace(), database.worker, leader, ReadPolicy(poll_seconds=1))
    app = create_app("test-connector", {})
    app.include_router(Routes(ACCOUNT, database.worker, reader).router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://connector") as client:
        yield client
    await leader.close()


@pytest.fixture
def bulk() -> FakeBulk:
    return FakeBulk()


@pytest.fixture
def marketplace() -> FakeMarketplace:
    return FakeMarketplace()


@pytest_asyncio.fixture(loop_scope="session")
async def bench(database: ConnectorDatabase, bulk: FakeBulk, marketplace: FakeMarketplace) -> AsyncIterator[FeedBench]:
    leader = database.leader()
    yield FeedBench(database, leader, bulk, marketplace)
    await leader.close()
