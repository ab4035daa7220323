"""What is cancelled while it opens its first connection leaves none open."""

import asyncio
import contextlib
import gc
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from runtime.kafka_clients import running

pytestmark = pytest.mark.integration

TRIES = 40
A_TRY_LONGER = 0.0002


@pytest.mark.parametrize("client_of", [AIOKafkaProducer, AIOKafkaConsumer])
async def test_no_connection_stays_open(client_of: Callable[..., Any], bootstrap_servers: str) -> None:
    complaints: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, complaint: complaints.append(complaint))
    for number in range(TRIES):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(number * A_TRY_LONGER), running(client_of(bootstrap_servers=bootstrap_servers)):
                pass
    gc.collect()
    loop.set_exception_handler(None)
    assert complaints == []
