"""A service whose consumer is dead is no service: its process ends, so that its supervisor starts it afresh."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import pytest
from contracts import StockChanged
from runtime.consumer import ConsumerDiedError
from runtime.health import run_probes
from runtime.processor import Handler, Route
from runtime.service import Service
from runtime.testing.lab import GROUP, TOPIC, Lab

pytestmark = pytest.mark.integration

Wait = Callable[..., Awaitable[None]]


async def test_a_service_ends_when_its_consumer_dies(lab: Lab, record_effects: Handler, wait_for: Wait) -> None:
    service = Service(GROUP, lab.configured(port=0).settings)
    service.consume(Route(TOPIC, StockChanged, record_effects))
    running = asyncio.create_task(service.run(None))
    try:
        await wait_for(lambda: _is_ready(service), "readiness")
        assert service._consumer
        assert service._consumer._loop
        service._consumer._loop.cancel()
        with pytest.raises(ConsumerDiedError, match="the consumer has stopped"):
            await asyncio.wait_for(running, 30)
    finally:
        running.cancel()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(number)


async def _is_ready(service: Service) -> bool:
    return all(check.ok for check in (await run_probes(service._probes)).values())
