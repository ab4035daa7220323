import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import httpx
import pytest
import pytest_asyncio
from amazon_connector.client import USER_AGENT
from amazon_connector.main import MIGRATIONS, build_marketplace
from amazon_connector.marketplace import AmazonMarketplace
from amazon_connector.settings import Settings
from connector_sdk.conformance.rig import Subject
from connector_sdk.conformance.running import Running, run_connector
from connector_sdk.conformance.sandbox import Sandbox
from connector_sdk.http import build_client
from connector_sdk.testing.database import ConnectorDatabase, open_database
from connector_sdk.testing.kafka import CreateTopics
from connector_sdk.testing.served import serve
from local_stack.databases import fresh_database
from runtime.database import create_engine
from runtime.migrations import upgrade
from runtime.settings import load
from sandbox.amazon import app
from sandbox.amazon.settings import read_settings
from sandbox.environment import Environment
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

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


@pytest.fixture
def serve_amazon() -> Callable[..., contextlib.AbstractAsyncContextManager[str]]:
    """Serves stand-ins of Amazon; given are further variables. It records where SANDBOX_RECORD_FOLDER says so."""
    recording = {"SANDBOX_RECORD_FOLDER": os.environ.get("SANDBOX_RECORD_FOLDER", "")}

    def serving(**changed: str) -> contextlib.AbstractAsyncContextManager[str]:
        settings = read_settings(Environment({**CREDENTIALS, **recording, **changed}))
        return serve(app.build(settings, seed=7))

    return serving


@pytest_asyncio.fixture(loop_scope="session")
async def amazon_url(serve_amazon: Callable[..., contextlib.AbstractAsyncContextManager[str]]) -> AsyncIterator[str]:
    """A stand-in of Amazon, reached by HTTP alone."""
    async with serve_amazon() as url:
        yield url


@pytest.fixture
def settings(amazon_url: str) -> Settings:
    return load(
        Settings,
        kafka_bootstrap_servers="unused:1",
        database_url="postgresql://unused/unused",
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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bench(postgres_url: str) -> AsyncIterator[ConnectorDatabase]:
    """One database for all behaviours, each of which begins by emptying it."""
    async with fresh_database(postgres_url) as url, open_database(url, MIGRATIONS) as opened:
        yield opened


@pytest.fixture
def process(
    amazon_url: str, postgres_url: str, bootstrap_servers: str, create_topics: CreateTopics
) -> Callable[[], contextlib.AbstractAsyncContextManager[Running]]:
    """Runs the whole connector against the sandbox, on a database that it finds empty."""
    environment = {
        **CREDENTIALS,
        "AMAZON_ENDPOINT": amazon_url,
        "AMAZON_LWA_URL": f"{amazon_url}/auth/o2/token",
        "AMAZON_PUSH_RATE": "200",
        "AMAZON_ORDER_POLL_SECONDS": "0.2",
    }

    @contextlib.asynccontextmanager
    async def run() -> AsyncIterator[Running]:
        async with (
            fresh_database(postgres_url) as url,
            run_connector(
                "amazon_connector", {"DATABASE_URL": url, **environment}, bootstrap_servers, create_topics
            ) as running,
        ):
            yield running

    return run


_LOOKED_UP = text("""
insert into registry (external_sku, state, checked_at)
select unnest(cast(:external_skus as text[])), 'offered', now()
""")


@pytest_asyncio.fixture(loop_scope="session")
async def own_tables(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The tables of a connector that runs as a process, migrated before it starts."""
    engine = create_engine(database_url, "amazon_connector")
    try:
        await upgrade(engine, "amazon_connector", MIGRATIONS)
        yield engine
    finally:
        await engine.dispose()


@pytest.fixture
def look_up(own_tables: AsyncEngine) -> Callable[[Sequence[str]], Awaitable[None]]:
    """Leaves the registry as the connector does some time after listings were made."""

    async def put(external_skus: Sequence[str]) -> None:
        async with own_tables.begin() as connection:
            await connection.execute(_LOOKED_UP, {"external_skus": list(external_skus)})

    return put


@pytest.fixture
def connector_environment(amazon_url: str, database_url: str, bootstrap_servers: str) -> Callable[..., dict[str, str]]:
    """Builds what a process of the connector needs: for topics of this prefix, with what else is named."""
    known = {
        **CREDENTIALS,
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "DATABASE_URL": database_url,
        "API_KEY": "key",
        "AMAZON_ENDPOINT": amazon_url,
        "AMAZON_LWA_URL": f"{amazon_url}/auth/o2/token",
    }

    def build(prefix: str, **more: str) -> dict[str, str]:
        return {**known, "KAFKA_TOPIC_PREFIX": prefix, **more}

    return build


@pytest_asyncio.fixture(loop_scope="session")
async def subject(
    amazon_url: str,
    http: httpx.AsyncClient,
    marketplace: AmazonMarketplace,
    process: Callable[[], contextlib.AbstractAsyncContextManager[Running]],
) -> AsyncIterator[Subject]:
    async with httpx.AsyncClient(base_url=f"{amazon_url}/_sandbox/") as control:
        yield Subject("amazon", marketplace, http, Sandbox(control), process)
