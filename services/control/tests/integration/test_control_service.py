import contextlib
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from control.main import MIGRATIONS, fill
from control.settings import Settings
from control.testing.stub_service import ready, stub_service
from runtime.migrations import upgrade
from runtime.service import Service

pytestmark = pytest.mark.integration

NAMES = ("inventory", "amazon-connector", "noon-connector", "order-importer")


@pytest.fixture
def urls() -> Iterator[dict[str, str]]:
    with contextlib.ExitStack() as stack:
        yield {
            f"{name.replace('-', '_')}_url": stack.enter_context(
                stub_service({"service": name, "checks": {"relay": {"ok": False, "detail": "broker away"}}}, 503)
                if name == "noon-connector"
                else stub_service(ready(name))
            )
            for name in NAMES
        }


@pytest.fixture
async def client(database_url: str, urls: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings.model_validate(
        {"kafka_bootstrap_servers": "localhost:1", "database_url": database_url, "api_key": "secret"} | urls
    )
    service = Service("control", settings)
    fill(service, settings)
    await upgrade(service.engine, service.schema, MIGRATIONS)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service.app), base_url="http://control") as client:
        yield client
    await service.engine.dispose()


async def test_every_service_is_a_part_of_controls_readiness(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")
    checks = answer.json()["checks"]
    assert answer.status_code == 503
    assert checks["noon-connector"] == {"ok": False, "detail": "relay: broker away"}
    assert all(checks[name]["ok"] for name in NAMES if name != "noon-connector")
    assert checks["outbox"] == {"ok": True, "detail": "", "rows": 0, "oldest_seconds": 0.0}


async def test_control_is_alive_whatever_the_others_do(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).status_code == 200
