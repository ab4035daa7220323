import contextlib
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import pytest_asyncio
from connector_sdk.conformance.rig import Subject
from connector_sdk.conformance.running import Running, run_connector
from connector_sdk.conformance.sandbox import Sandbox
from connector_sdk.http import build_client
from connector_sdk.testing.database import ConnectorDatabase, open_database
from connector_sdk.testing.kafka import CreateTopics
from connector_sdk.testing.served import serve
from local_stack.databases import fresh_database
from noon_connector.client import USER_AGENT
from noon_connector.main import MIGRATIONS, build_marketplace
from noon_connector.marketplace import NoonMarketplace
from noon_connector.settings import Settings
from runtime.settings import load
from sandbox.environment import Environment
from sandbox.noon import app
from sandbox.noon.settings import read_settings

CREDENTIALS = {"NOON_PARTNER_ID": "شريك-1", "NOON_API_KEY": "made-up-key", "NOON_SECRET_KEY": "made-up-secret"}
LATE_BY = 1.0


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_url: str) -> AsyncIterator[ConnectorDatabase]:
    async with open_database(database_url, MIGRATIONS) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def noon_url() -> AsyncIterator[str]:
    """A stand-in of Noon, reached by HTTP alone."""
    async with serve(app.build(read_settings(Environment(CREDENTIALS)), seed=7)) as url:
        yield url


@pytest.fixture
def settings(noon_url: str) -> Settings:
    return load(
        Settings,
        kafka_bootstrap_servers="unused:1",
        database_url="postgresql://unused/unused",
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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bench(postgres_url: str) -> AsyncIterator[ConnectorDatabase]:
    """One database for all behaviours, each of which begins by emptying it."""
    async with fresh_database(postgres_url) as url, open_database(url, MIGRATIONS) as opened:
        yield opened


@pytest.fixture
def process(
    noon_url: str, postgres_url: str, bootstrap_servers: str, create_topics: CreateTopics
) -> Callable[[], contextlib.AbstractAsyncContextManager[Running]]:
    """Runs the whole connector against the sandbox, on a database that it finds empty."""
    environment = {
        **CREDENTIALS,
        "NOON_API_URL": f"{noon_url}/v1",
        "NOON_PUSH_RATE": "200",
        "NOON_ORDER_POLL_SECONDS": "0.2",
    }

    @contextlib.asynccontextmanager
    async def run() -> AsyncIterator[Running]:
        async with (
            fresh_database(postgres_url) as url,
            run_connector(
                "noon_connector", {"DATABASE_URL": url, **environment}, bootstrap_servers, create_topics
            ) as running,
        ):
            yield running

    return run


@pytest_asyncio.fixture(loop_scope="session")
async def subject(
    noon_url: str,
    settings: Settings,
    http: httpx.AsyncClient,
    process: Callable[[], contextlib.AbstractAsyncContextManager[Running]],
) -> AsyncIterator[Subject]:
    """Noon states no time up to which all orders are shown: the connector is told how late they may be."""
    careful = settings.model_copy(update={"noon_order_visibility_seconds": LATE_BY})
    async with httpx.AsyncClient(base_url=f"{noon_url}/_sandbox/") as control:
        yield Subject("noon", build_marketplace(careful, http), http, Sandbox(control), process, LATE_BY)
