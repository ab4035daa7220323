from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from amazon_connector.client import USER_AGENT
from amazon_connector.main import MIGRATIONS, build_marketplace
from amazon_connector.marketplace import AmazonMarketplace
from amazon_connector.settings import Settings
from connector_sdk.http import build_client
from connector_sdk.testing.database import ConnectorDatabase, open_database
from connector_sdk.testing.server_process import run_server
from runtime.settings import load

CREDENTIALS = {
    "AMAZON_CLIENT_ID": "amzn1.application-oa2-client.test",
    "AMAZON_CLIENT_SECRET": "made-up-secret",
    "AMAZON_REFRESH_TOKEN": "Atzr|made-up",
    "AMAZON_SELLER_ID": "A1SELLER",
}


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_url: str) -> AsyncIterator[ConnectorDatabase]:
    async with open_database(database_url, MIGRATIONS) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def amazon_url() -> AsyncIterator[str]:
    """A stand-in of Amazon, reached by HTTP alone."""
    async with run_server("sandbox.amazon", CREDENTIALS) as url:
        yield url


@pytest.fixture
def settings(amazon_url: str, database_url: str) -> Settings:
    return load(
        Settings,
        kafka_bootstrap_servers="unused:1",
        database_url=database_url,
        api_key="key",
        amazon_endpoint=amazon_url,
        amazon_lwa_url=f"{amazon_url}/auth/o2/token",
        **{name.lower(): value for name, value in CREDENTIALS.items()},
    )


@pytest_asyncio.fixture(loop_scope="session")
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with build_client(settings.endpoint, USER_AGENT) as client:
        yield client


@pytest.fixture
def marketplace(settings: Settings, http: httpx.AsyncClient) -> AmazonMarketplace:
    return build_marketplace(settings, http)
