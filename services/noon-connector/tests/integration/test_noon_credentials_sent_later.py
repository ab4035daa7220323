"""The whole connector without credentials in its environment, and with a key that does not open what is stored."""

import asyncio
import os
import socket
import sys

import httpx
import pytest
from connector_sdk.testing.kafka import CreateTopics, open_topics
from connector_sdk.testing.server_process import run_server
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waiting import eventually
from contracts import StockApplied
from cryptography.fernet import Fernet
from noon_connector.settings import CREDENTIALS, Settings

pytestmark = pytest.mark.integration


async def test_it_works_once_credentials_are_sent_and_does_not_start_with_another_key(
    settings: Settings,
    noon_url: str,
    bootstrap_servers: str,
    create_topics: CreateTopics,
    database_url: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    values = {name: value.get_secret_value() for name, value in settings.credentials.values().items()}
    async with open_topics(bootstrap_servers, create_topics) as topics, asyncio.timeout(60):
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
            "KAFKA_TOPIC_PREFIX": topics.prefix,
            "DATABASE_URL": database_url,
            "API_KEY": "key",
            "NOON_API_URL": settings.noon_api_url,
            "CREDENTIALS_KEY": Fernet.generate_key().decode(),
            **dict.fromkeys(CREDENTIALS, ""),
        }
        async with (
            run_server("noon_connector", environment) as url,
            httpx.AsyncClient(base_url=url, headers={"x-api-key": "key"}) as connector,
            httpx.AsyncClient(base_url=f"{noon_url}/_sandbox/") as sandbox,
        ):
            await sandbox.post("listings", json={"external_sku": "X-A", "quantity": 1})
            await topics.send("channel.stock.target", delivery("A", 1, 7, channel="noon").event)
            await eventually(lambda: _is(connector, "unauthorised"))
            assert "NOON_SECRET_KEY not set" in (await connector.get("/v1/status")).json()["orders_refused"]
            sent = await connector.put("/v1/credentials", json=values)
            assert sent.json()["check"]["ok"] is True
            applied = (await topics.first("channel.stock.applied")).data
            assert isinstance(applied, StockApplied)
            assert (applied.status, applied.quantity) == ("accepted", 7)
            await eventually(lambda: _is(connector, "active"))
            (attempt, *_) = (await connector.get("/v1/attempts", params={"external_sku": "X-A"})).json()["attempts"]
            assert (attempt["outcome"], attempt["http_status"], attempt["transport"]) == ("accepted", 200, "call")

        said = sent.text + "".join(capfd.readouterr())
        environment["CREDENTIALS_KEY"] = Fernet.generate_key().decode()
        code, log = await _start(environment)
        (error,) = [line for line in log.splitlines() if '"level": "error"' in line]
        assert (code, "CREDENTIALS_KEY does not open" in error, "Traceback" in log) == (1, True, False)
    said += log
    assert not [value for value in (*values.values(), environment["CREDENTIALS_KEY"]) if value in said]


async def _start(environment: dict[str, str]) -> tuple[int | None, str]:
    """The exit code and all that was said."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "noon_connector"),
        env={**os.environ, **environment, "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def _is(connector: httpx.AsyncClient, state: str) -> bool:
    return bool((await connector.get("/v1/status")).json()["state"] == state)
