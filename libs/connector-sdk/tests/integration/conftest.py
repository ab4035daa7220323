from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from connector_sdk.order_reader import OrderReader, ReadPolicy
from connector_sdk.routes import Routes
from connector_sdk.sync_routes import SyncRoutes
from connector_sdk.testing.database import ACCOUNT, SCHEMA, ConnectorDatabase, open_database
from connector_sdk.testing.fake_bulk import FakeBulk
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.feed_bench import FeedBench
from connector_sdk.testing.targets import CHANNEL
from pydantic import PostgresDsn
from runtime.clock import system_clock
from runtime.database import create_engine
from runtime.http import create_app
from runtime.outbox import Outbox
from runtime.work import Worker

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
    app.include_router(SyncRoutes(CHANNEL, database.worker).router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://connector") as client:
        yield client
    await leader.close()


@pytest_asyncio.fixture(loop_scope="session")
async def nowhere() -> AsyncIterator[Worker]:
    """Works on a database that is down."""
    engine = create_engine(PostgresDsn("postgresql://nobody@127.0.0.1:1/none"), SCHEMA)
    yield Worker(engine, Outbox(SCHEMA, {}), group="test-connector", clock=system_clock)
    await engine.dispose()


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
