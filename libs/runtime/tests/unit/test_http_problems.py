import logging
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import APIRouter, Depends, HTTPException
from pydantic import SecretStr
from runtime.health import Check, Probe
from runtime.http import create_app, require_api_key
from runtime.logs import configure

probes: dict[str, Probe] = {}


@pytest.fixture(autouse=True)
def _json_logs() -> Iterator[None]:
    """As in a service: the development format draws a whole page for an error."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    configure("test", "info")
    yield
    root.handlers[:], root.level = before


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    probes.clear()
    app = create_app("test", probes)
    router = APIRouter(dependencies=[Depends(require_api_key(SecretStr("right")))])

    @router.get("/v1/things/{number}")
    async def thing(number: int) -> int:
        if number == 13:
            raise HTTPException(409, "13 is taken")
        return 10 // number

    app.include_router(router)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"X-API-Key": "é"}])
async def test_without_the_key_the_answer_is_a_problem(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    encoded = {name.encode(): value.encode() for name, value in headers.items()}
    response = await client.get("/v1/things/1", headers=encoded)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert "X-API-Key" in response.json()["detail"]


@pytest.mark.parametrize(
    ("path", "status", "part"),
    [
        ("/v1/things/x", 422, "path.number"),
        ("/v1/things/13", 409, "13 is taken"),
        ("/v1/things/0", 500, "the log says what"),
        ("/nowhere", 404, "Not Found"),
    ],
)
async def test_every_error_is_a_problem(client: httpx.AsyncClient, path: str, status: int, part: str) -> None:
    response = await client.get(path, headers={"X-API-Key": "right"})
    assert (response.status_code, response.json()["status"]) == (status, status)
    assert part in response.json()["detail"]


async def test_readyz_names_what_does_not_work(client: httpx.AsyncClient) -> None:
    async def fine() -> Check:
        return Check(ok=True, facts={"rows": 3})

    async def broken() -> Check:
        raise ConnectionRefusedError("nobody there")

    probes["outbox"] = fine
    assert (await client.get("/readyz")).status_code == 200
    probes["database"] = broken
    response = await client.get("/readyz")
    assert response.status_code == 503
    checks = response.json()["checks"]
    assert checks["outbox"] == {"ok": True, "detail": "", "rows": 3}
    assert checks["database"] == {"ok": False, "detail": "ConnectionRefusedError: nobody there"}


async def test_livez_depends_on_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).json() == {"status": "alive", "service": "test"}
