from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from connector_sdk.http import build_client
from connector_sdk.testing.database import ConnectorDatabase, open_database
from connector_sdk.testing.server_process import run_server
from noon_connector.client import USER_AGENT
from noon_connector.main import MIGRATIONS, build_marketplace
from noon_connector.marketplace import NoonMarketplace
from noon_connector.settings import Settings
from runtime.settings import load

CREDENTIALS = {"NOON_PARTNER_ID": "شريك-1", "NOON_API_KEY": "made-up-key", "NOON_SECRET_KEY": "made-up-secret"}


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_url: str) -> AsyncIterator[ConnectorDatabase]:
    async with open_database(database_url, MIGRATIONS) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def noon_url() -> AsyncIterator[str]:
    """A stand-in of Noon, reached by HTTP alone."""
    async with run_server("sandbox.noon", CREDENTIALS) as url:
        yield url


@pytest.fixture
def settings(noon_url: str, database_url: str) -> Settings:
    return load(
        Settings,
        kafka_bootstrap_servers="unused:1",
        database_url=database_url,
        api_key="key",
        noon_api_url=f"{noon_url}/v1",
        **{name.lower(): value for name, value in CREDENTIALS.items()},
    )


@pytest_asyncio.fixture(loop_scope="session")
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with build_client(settings.noon_api_url, USER_AGENT) as client:
        yield client


@pytest.fixture
def marketplace(settings: Settings, http: httpx.AsyncClient) -> NoonMarketplace:
    return build_marketplace(settings, http)
