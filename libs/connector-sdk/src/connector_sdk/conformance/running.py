"""The whole connector as a process of its own, between Kafka, Postgres and its sandbox."""

import contextlib
import dataclasses as dc
from collections.abc import AsyncIterator, Mapping

import httpx

from connector_sdk.testing.kafka import CreateTopics, Topics, open_topics
from connector_sdk.testing.server_process import run_server

_API_KEY = "key"


@dc.dataclass(frozen=True, slots=True)
class Running:
    """Its topics, and its HTTP API with the right key."""

    topics: Topics
    http: httpx.AsyncClient


@contextlib.asynccontextmanager
async def run_connector(
    module: str, environment: Mapping[str, str], bootstrap_servers: str, create_topics: CreateTopics
) -> AsyncIterator[Running]:
    """Run `python -m module`. `environment` holds DATABASE_URL and what only this connector reads."""
    async with open_topics(bootstrap_servers, create_topics) as topics:
        known = {
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
            "KAFKA_TOPIC_PREFIX": topics.prefix,
            "API_KEY": _API_KEY,
        }
        async with (
            run_server(module, {**known, **environment}) as url,
            httpx.AsyncClient(base_url=url, headers={"x-api-key": _API_KEY}) as http,
        ):
            yield Running(topics, http)
