"""The whole connector without credentials in its environment, and what it keeps of its attempts."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
from amazon_connector.settings import CREDENTIALS, Settings
from connector_sdk.testing.kafka import CreateTopics, open_topics
from connector_sdk.testing.server_process import run_server
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waiting import eventually
from contracts import StockApplied
from cryptography.fernet import Fernet

pytestmark = pytest.mark.integration


async def test_it_starts_without_credentials_says_so_and_works_once_they_are_sent(
    settings: Settings,
    amazon_url: str,
    bootstrap_servers: str,
    create_topics: CreateTopics,
    connector_environment: Callable[..., dict[str, str]],
    capfd: pytest.CaptureFixture[str],
) -> None:
    values = {name: value.get_secret_value() for name, value in settings.credentials.values().items()}
    async with open_topics(bootstrap_servers, create_topics) as topics, asyncio.timeout(60):
        sent_later = {"CREDENTIALS_KEY": Fernet.generate_key().decode(), **dict.fromkeys(CREDENTIALS, "")}
        environment = connector_environment(topics.prefix, **sent_later)
        async with (
            run_server("amazon_connector", environment) as url,
            httpx.AsyncClient(base_url=url, headers={"x-api-key": "key"}) as connector,
            httpx.AsyncClient(base_url=f"{amazon_url}/_sandbox/") as sandbox,
        ):
            await sandbox.post("listings", json={"external_sku": "X-A", "quantity": 1})
            await topics.send("channel.stock.target", delivery("A", 1, 7, channel="amazon").event)
            await eventually(lambda: _is(connector, "unauthorised"))
            status = (await connector.get("/v1/status")).json()
            assert "AMAZON_CLIENT_ID" in status["orders_refused"]
            assert "PUT /v1/credentials" in status["orders_refused"]

            wrong = await connector.put("/v1/credentials", json=values | {"AMAZON_CLIENT_SECRET": "a-wrong-secret"})
            assert (wrong.status_code, wrong.json()["check"]["outcome"]) == (200, "unauthorised")
            sent = await connector.put("/v1/credentials", json={"AMAZON_CLIENT_SECRET": values["AMAZON_CLIENT_SECRET"]})
            assert sent.json()["check"]["ok"] is True
            applied = (await topics.first("channel.stock.applied")).data
            assert isinstance(applied, StockApplied)
            assert (applied.status, applied.quantity) == ("accepted", 7)
            await eventually(lambda: _is(connector, "active"))
            (attempt, *_) = (await connector.get("/v1/attempts", params={"external_sku": "X-A"})).json()["attempts"]
            assert (attempt["outcome"], attempt["http_status"], attempt["quantity"]) == ("accepted", 200, 7)
            assert attempt["request_id"]
            shown = sent.text + wrong.text + (await connector.get("/v1/credentials")).text + str(status)
            described = (await connector.get("/openapi.json")).json()["paths"]["/v1/credentials"]["put"]
            assert set(described["requestBody"]["content"]["application/json"]["schema"]["properties"]) == set(
                CREDENTIALS
            )
    said = shown + "".join(capfd.readouterr())
    assert not [name for name in (*values.values(), "a-wrong-secret", environment["CREDENTIALS_KEY"]) if name in said]


async def _is(connector: httpx.AsyncClient, state: str) -> bool:
    return bool((await connector.get("/v1/status")).json()["state"] == state)
